"""The kinds the emulated API servers know: their names, paths and habits."""

from dataclasses import dataclass
from typing import Any

Object = dict[str, Any]


@dataclass(frozen=True)
class Kind:
    """One resource. `generation` says whether the API server counts its spec changes."""

    group: str
    version: str
    kind: str
    plural: str
    namespaced: bool = True
    subresources: tuple[str, ...] = ()
    short_names: tuple[str, ...] = ()
    generation: bool = False
    categories: tuple[str, ...] = ()
    since_minor: int = 0
    verbs: tuple[str, ...] = (
        "create", "delete", "deletecollection", "get", "list", "patch", "update", "watch",
    )  # fmt: skip

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def is_custom(self) -> bool:
        """A custom resource: no strategic merge patch, no update without a version."""
        return self.group == "cloud.tencent.com"

    @property
    def singular(self) -> str:
        return self.kind.lower()

    @property
    def resource(self) -> str:
        """`deployments.apps`, as error messages name it."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    def path(self, namespace: str | None = None, name: str = "") -> str:
        root = f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"
        middle = f"/namespaces/{namespace}" if self.namespaced and namespace else ""
        return f"{root}{middle}/{self.plural}" + (f"/{name}" if name else "")


ALL = ("all",)
SCALED = ("status", "scale")
_KINDS = (
    Kind("", "v1", "Namespace", "namespaces", False, ("status", "finalize"), ("ns",)),
    Kind("", "v1", "Node", "nodes", False, ("status",), ("no",)),
    Kind("", "v1", "Pod", "pods", True, ("status", "eviction", "log"), ("po",), categories=ALL),
    Kind("", "v1", "Service", "services", True, ("status",), ("svc",), categories=ALL),
    Kind("", "v1", "Endpoints", "endpoints", True, (), ("ep",)),
    Kind("", "v1", "ConfigMap", "configmaps", True, (), ("cm",)),
    Kind("", "v1", "Secret", "secrets"),
    Kind("", "v1", "ServiceAccount", "serviceaccounts", True, (), ("sa",)),
    Kind("", "v1", "Event", "events", True, (), ("ev",)),
    Kind("apps", "v1", "Deployment", "deployments", True, SCALED, ("deploy",), True, ALL),
    Kind("apps", "v1", "ReplicaSet", "replicasets", True, SCALED, ("rs",), True, ALL),
    Kind("apps", "v1", "StatefulSet", "statefulsets", True, SCALED, ("sts",), True, ALL),
    Kind("apps", "v1", "DaemonSet", "daemonsets", True, ("status",), ("ds",), True, ALL),
    Kind("apps", "v1", "ControllerRevision", "controllerrevisions"),
    Kind(
        "policy", "v1", "PodDisruptionBudget", "poddisruptionbudgets", True, ("status",), ("pdb",),
        True, since_minor=21,
    ),
    Kind("coordination.k8s.io", "v1", "Lease", "leases", since_minor=14),
    Kind(
        "discovery.k8s.io", "v1", "EndpointSlice", "endpointslices", generation=True,
        since_minor=21,
    ),
    Kind(
        "admissionregistration.k8s.io", "v1", "MutatingWebhookConfiguration",
        "mutatingwebhookconfigurations", False, generation=True, since_minor=16,
        categories=("api-extensions",),
    ),
    Kind(
        "apiextensions.k8s.io", "v1", "CustomResourceDefinition", "customresourcedefinitions",
        False, ("status",), ("crd", "crds"), True, ("api-extensions",), since_minor=16,
    ),
    Kind("cloud.tencent.com", "v1alpha1", "TkeServiceConfig", "tkeserviceconfigs", generation=True),
)  # fmt: skip

KINDS: dict[str, Kind] = {kind.kind: kind for kind in _KINDS}

# The same Events seen through their newer group; the store keeps one kind.
EVENTS_V1 = Kind("events.k8s.io", "v1", "Event", "events", True, (), ("ev",), since_minor=19)
