"""The scale subresource: a workload's replicas seen as autoscaling/v1 Scale."""

from sandbox.kubernetes.errors import Cause, Invalid
from sandbox.kubernetes.kinds import Kind, Object


def of(kind: Kind, obj: Object) -> Object:
    metadata = obj["metadata"]
    shown = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {name: metadata[name] for name in shown if name in metadata},
        "spec": {"replicas": obj["spec"].get("replicas", 0)},
        "status": {
            "replicas": obj.get("status", {}).get("replicas", 0),
            "selector": selector_text(obj["spec"]["selector"]),
        },
    }


def selector_text(selector: Object) -> str:
    parts = [f"{key}={value}" for key, value in sorted(selector.get("matchLabels", {}).items())]
    for rule in selector.get("matchExpressions", []):
        match rule["operator"]:
            case "In" | "NotIn" as operator:
                parts.append(f"{rule['key']} {operator.lower()} ({','.join(rule['values'])})")
            case "Exists":
                parts.append(rule["key"])
            case "DoesNotExist":
                parts.append(f"!{rule['key']}")
    return ",".join(parts)


def applied(kind: Kind, obj: Object, scale: Object) -> Object:
    """The workload with the replicas a Scale asks for, and the Scale's preconditions."""
    replicas = scale.get("spec", {}).get("replicas", 0)
    if not isinstance(replicas, int) or replicas < 0:
        message = f"Invalid value: {replicas}: must be greater than or equal to 0"
        causes = [Cause("FieldValueInvalid", "spec.replicas", message)]
        named = Kind("autoscaling", "v1", "Scale", "scales")
        raise Invalid.of(named, obj["metadata"]["name"], causes)
    said = scale.get("metadata", {})
    metadata = dict(obj["metadata"])
    if said.get("resourceVersion"):
        metadata["resourceVersion"] = said["resourceVersion"]
    return {**obj, "metadata": metadata, "spec": {**obj["spec"], "replicas": replicas}}
