"""Deletion in steps: grace periods of Pods, finalizers, propagation, Namespaces."""

from sandbox.kubernetes import objects
from sandbox.kubernetes.kinds import Kind, Object

_FINALIZER = {"Foreground": "foregroundDeletion", "Orphan": "orphan"}


def marked(kind: Kind, obj: Object, grace_seconds: int | None, propagation: str) -> Object:
    """The object with its deletion written into it (in place)."""
    metadata = obj["metadata"]
    grace = _grace(kind, obj, grace_seconds)
    if not objects.is_deleting(obj):
        if finalizer := _FINALIZER.get(propagation):
            held = metadata.setdefault("finalizers", [])
            if finalizer not in held:
                held.append(finalizer)
        metadata["deletionTimestamp"] = objects.later(grace)
        metadata["deletionGracePeriodSeconds"] = grace
        if kind.generation:
            metadata["generation"] = metadata.get("generation", 1) + 1
        if kind.kind == "Namespace":
            obj.setdefault("status", {})["phase"] = "Terminating"
    elif grace < metadata.get("deletionGracePeriodSeconds", 0):
        # A second deletion may only shorten the wait.
        metadata["deletionTimestamp"] = objects.later(grace)
        metadata["deletionGracePeriodSeconds"] = grace
    return obj


def wants_grace(obj: Object) -> bool:
    """A Pod that still has time: the kubelet ends it by deleting once more with grace 0."""
    return bool(obj["metadata"].get("deletionGracePeriodSeconds"))


def _grace(kind: Kind, obj: Object, asked: int | None) -> int:
    if kind.kind != "Pod":
        return 0
    if not obj["spec"].get("nodeName"):
        return 0
    if obj.get("status", {}).get("phase") in ("Succeeded", "Failed"):
        return 0
    if asked is not None:
        return max(asked, 0)
    default: int = obj["spec"].get("terminationGracePeriodSeconds", 30)
    return default
