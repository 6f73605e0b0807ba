"""Which objects a server refuses; `problems` is the list of checks by kind."""

from collections.abc import Callable

from sandbox.kubernetes.errors import Cause
from sandbox.kubernetes.kinds import Kind, Object
from sandbox.kubernetes.rules.checks import metadata, others, pods, services, webhooks, workloads

Check = Callable[[Object, Object | None], list[Cause]]

_CHECKS: dict[str, Check] = {
    "Pod": pods.problems,
    "Service": services.problems,
    "Deployment": workloads.problems,
    "ReplicaSet": workloads.problems,
    "StatefulSet": workloads.problems,
    "DaemonSet": workloads.problems,
    "ConfigMap": others.keyed_problems,
    "Secret": others.keyed_problems,
    "Endpoints": others.endpoints_problems,
    "EndpointSlice": others.slice_problems,
    "Event": others.event_problems,
    "PodDisruptionBudget": others.budget_problems,
    "MutatingWebhookConfiguration": webhooks.problems,
    "CustomResourceDefinition": others.definition_problems,
    "TkeServiceConfig": others.tke_service_config_problems,
}
_STATUS_CHECKS: dict[str, Check] = {
    "Service": services.status_problems,
    "Pod": pods.status_problems,
}


def problems(kind: Kind, obj: Object, old: Object | None, *, subresource: str) -> list[Cause]:
    """Field errors; none for a good object. What did not change is not checked again."""
    if subresource == "status":
        check = _STATUS_CHECKS.get(kind.kind)
        return check(obj, old) if check else []
    found = metadata.problems(kind, obj, old)
    own = _CHECKS.get(kind.kind)
    if own and not (old and _intent(old) == _intent(obj)):
        found += own(obj, old)
    return found


def _intent(obj: Object) -> Object:
    return {name: each for name, each in obj.items() if name not in ("metadata", "status")}
