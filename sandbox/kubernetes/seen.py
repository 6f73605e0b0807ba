"""Events have two faces, core/v1 and events.k8s.io/v1; the store keeps the first."""

from sandbox.kubernetes.kinds import EVENTS_V1, KINDS, Kind, Object

_RENAMED = {
    "involvedObject": "regarding",
    "message": "note",
    "reportingComponent": "reportingController",
    "source": "deprecatedSource",
    "firstTimestamp": "deprecatedFirstTimestamp",
    "lastTimestamp": "deprecatedLastTimestamp",
    "count": "deprecatedCount",
}
_BACK = {new: old for old, new in _RENAMED.items()}


def stored_kind(kind: Kind) -> Kind:
    return KINDS[kind.kind] if kind is EVENTS_V1 else kind


def seen_as(kind: Kind, obj: Object) -> Object:
    """A stored object as clients of this kind see it."""
    if kind is not EVENTS_V1:
        return obj
    renamed = {_RENAMED.get(name, name): value for name, value in obj.items()}
    return {**renamed, "apiVersion": kind.api_version}


def as_stored(kind: Kind, obj: Object) -> Object:
    """The inverse of `seen_as`."""
    if kind is not EVENTS_V1:
        return obj
    return {_BACK.get(name, name): value for name, value in obj.items()} | {"apiVersion": "v1"}
