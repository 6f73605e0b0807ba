"""The MutatingWebhookConfiguration as it must be; pure.

Every field is written out, the API server's defaults too, so that any other value is a damage.
"""

import base64
from collections.abc import Iterable
from typing import Any

SYSTEM_NAMESPACE, PROBE_NAMESPACE = "podgate-system", "podgate-probe"
SECRET = "podgate-webhook-tls"
ENTRY, PROBE = "pods.podgate.dev", "probe.podgate.dev"
NAME_LABEL = "kubernetes.io/metadata.name"
# Never touched: what must start for a cluster to heal, and ourselves.
NEVER = {"kube-system", SYSTEM_NAMESPACE, PROBE_NAMESPACE}
API_VERSION = "admissionregistration.k8s.io/v1"
TIMEOUT_SECONDS = 2
# admissionregistration.k8s.io/v1, which all of this is written for.
OLDEST = (1, 16)
# The first whose kubelets ask a Pod's readiness gates.
GATES_SINCE = (1, 14)
# Since then every namespace carries its name as a label.
LABELLED = (1, 21)
OWN_LABEL = "podgate.dev/namespace"
HIDDEN = "••••••"

type Object = dict[str, Any]


def name(cluster_id: str) -> str:
    return f"podgate-{cluster_id}"


def path(cluster_id: str, secret: str) -> str:
    return f"/{cluster_id}/{secret}"


def client_config(where: str, service: str, *, port: int, path: str, bundle: str) -> Object:
    """How the API server gets to us: by `where` (https://host:port), or by namespace/name."""
    ca_bundle = base64.b64encode(bundle.encode()).decode()
    if not service:
        return {"url": where + path, "caBundle": ca_bundle}
    namespace, _, its_name = service.partition("/")
    reference = {"namespace": namespace, "name": its_name, "path": path, "port": port}
    return {"service": reference, "caBundle": ca_bundle}


def entries(
    client: Object,
    namespaces: Iterable[str],
    *,
    policy: str,
    label: str = NAME_LABEL,
    proven: Object | None = None,
) -> list[Object]:
    """The real entry first, where any namespace holds a claimed Service; then the probe's.

    `proven` is how the real entry gets to us: as the probe last proved it, while `client` is new.
    """
    scope = sorted(set(namespaces) - NEVER)
    probe = _entry(PROBE, client, [PROBE_NAMESPACE], policy="Fail", label=label)
    if not scope:
        return [probe]
    return [_entry(ENTRY, proven or client, scope, policy=policy, label=label), probe]


def _entry(entry: str, client: Object, namespaces: list[str], *, policy: str, label: str) -> Object:
    return {
        "name": entry,
        "admissionReviewVersions": ["v1", "v1beta1"],
        "clientConfig": dict(client),
        "failurePolicy": policy,
        "matchPolicy": "Equivalent",
        "namespaceSelector": {
            "matchExpressions": [{"key": label, "operator": "In", "values": namespaces}]
        },
        "objectSelector": {},
        "reinvocationPolicy": "Never",
        "rules": [
            {
                "apiGroups": [""],
                "apiVersions": ["v1"],
                "operations": ["CREATE"],
                "resources": ["pods"],
                "scope": "Namespaced",
            }
        ],
        "sideEffects": "None",
        "timeoutSeconds": TIMEOUT_SECONDS,
    }


def manifest(cluster_id: str, webhooks: list[Object], observed: Object | None) -> Object:
    """What to write; labels and annotations others put there stay."""
    metadata: Object = {"name": name(cluster_id)}
    if observed:
        kept = observed["metadata"]
        metadata |= {
            key: kept[key] for key in ("resourceVersion", "labels", "annotations") if key in kept
        }
    metadata["labels"] = (metadata.get("labels") or {}) | {
        "app.kubernetes.io/managed-by": "podgate"
    }
    return {
        "apiVersion": API_VERSION,
        "kind": "MutatingWebhookConfiguration",
        "metadata": metadata,
        "webhooks": webhooks,
    }


def minor(version: str) -> tuple[int, int]:
    """(1, 30) of "v1.30.0-tke.1"; (0, 0) of what cannot be read."""
    numbers = version.lstrip("v").split(".")
    try:
        return int(numbers[0]), int(numbers[1].rstrip("+"))
    except (ValueError, IndexError):
        return 0, 0


def too_old(version: str) -> str:
    """Why this version's Pods get no gate from a webhook; empty when they may, or nobody knows."""
    known = minor(version)
    if known == (0, 0) or known >= OLDEST:
        return ""
    if known < GATES_SINCE:
        return (
            f"Kubernetes {version} knows no readiness gates: they come with 1.14. Pods of this "
            "cluster become Ready without asking a load balancer."
        )
    return (
        f"Kubernetes {version} is older than 1.16 and has no admissionregistration.k8s.io/v1. "
        "Put the gate into the Pod template."
    )


def selector_label(version: str) -> str:
    return NAME_LABEL if minor(version) >= LABELLED else OWN_LABEL


def shown(webhooks: Iterable[Object] | None) -> list[Object]:
    """Entries for people: the path's secret hidden, bundles as what they hold."""
    return [
        entry | {"clientConfig": _shown(entry.get("clientConfig") or {})}
        for entry in webhooks or ()
    ]


def _shown(client: Object) -> Object:
    result = dict(client)
    if url := client.get("url"):
        result["url"] = url.rsplit("/", 1)[0] + "/" + HIDDEN
    if service := client.get("service"):
        result["service"] = service | {"path": HIDDEN}
    if bundle := client.get("caBundle"):
        start = bundle if len(bundle) <= 20 else f"{bundle[:20]}..."
        result["caBundle"] = f"{start} ({len(bundle)} characters)"
    return result
