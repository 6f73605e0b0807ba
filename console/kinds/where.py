"""Where the API server keeps each kind."""

from urllib.parse import quote

_CORE = "/api/v1"
_APPS = "/apis/apps/v1"
# Kind -> group and version, plural, namespaced.
WHERE = {
    "Namespace": (_CORE, "namespaces", False),
    "Node": (_CORE, "nodes", False),
    "Pod": (_CORE, "pods", True),
    "Service": (_CORE, "services", True),
    "ConfigMap": (_CORE, "configmaps", True),
    "Secret": (_CORE, "secrets", True),
    "Event": (_CORE, "events", True),
    "Endpoints": (_CORE, "endpoints", True),
    "Deployment": (_APPS, "deployments", True),
    "ReplicaSet": (_APPS, "replicasets", True),
    "StatefulSet": (_APPS, "statefulsets", True),
    "DaemonSet": (_APPS, "daemonsets", True),
    "ControllerRevision": (_APPS, "controllerrevisions", True),
    "EndpointSlice": ("/apis/discovery.k8s.io/v1", "endpointslices", True),
    "TkeServiceConfig": ("/apis/cloud.tencent.com/v1alpha1", "tkeserviceconfigs", True),
    "SelfSubjectAccessReview": (
        "/apis/authorization.k8s.io/v1",
        "selfsubjectaccessreviews",
        False,
    ),
    "MutatingWebhookConfiguration": (
        "/apis/admissionregistration.k8s.io/v1",
        "mutatingwebhookconfigurations",
        False,
    ),
}


def path(kind: str, namespace: str = "", name: str = "", subresource: str = "") -> str:
    """Where a kind lives; without a namespace all of them, without a name the collection."""
    base, plural, namespaced = WHERE[kind]
    parts = [base]
    if namespaced and namespace:
        parts += ["namespaces", quote(namespace, safe="")]
    parts.append(plural)
    if name:
        parts.append(quote(name, safe=""))
    if subresource:
        parts.append(subresource)
    return "/".join(parts)
