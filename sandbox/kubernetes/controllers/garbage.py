"""Garbage collection: nothing outlives its owners, unless it was told to."""

from collections.abc import Iterator

from sandbox.kubernetes.controllers.loop import Controller
from sandbox.kubernetes.controllers.plane import Plane
from sandbox.kubernetes.controllers.queue import Key
from sandbox.kubernetes.kinds import KINDS, Kind, Object
from sandbox.kubernetes.store import Event

FOREGROUND, ORPHAN = "foregroundDeletion", "orphan"
# Events have no owners and are written all the time.
WATCHED = tuple(kind for name, kind in KINDS.items() if name != "Event")


def keys(plane: Plane, event: Event) -> Iterator[Key]:
    """An owner that went or goes, a child that names owners, a parent waiting for its children."""
    metadata = event.obj["metadata"]
    if event.type == "DELETED":
        for kind, child in plane.store.owned(metadata["uid"]):
            yield _key(kind, child)
        for owner in _owners(event.obj):
            if owner["kind"] in KINDS:
                yield Key(metadata.get("namespace", ""), owner["name"], owner["kind"])
    elif "deletionTimestamp" in metadata or (event.type == "ADDED" and _owners(event.obj)):
        yield _key(event.kind, event.obj)


def _key(kind: Kind, obj: Object) -> Key:
    return Key(obj["metadata"].get("namespace", ""), obj["metadata"]["name"], kind.kind)


def _owners(obj: Object) -> list[Object]:
    return list(obj["metadata"].get("ownerReferences") or ())


async def reconcile(plane: Plane, key: Key) -> float | None:
    kind = KINDS[key.kind]
    obj = plane.store.find(kind, key.namespace or None, key.name)
    if obj is None:
        return None
    finalizers = obj["metadata"].get("finalizers") or ()
    if "deletionTimestamp" in obj["metadata"]:
        if ORPHAN in finalizers:
            _orphan(plane, kind, obj)
        elif FOREGROUND in finalizers:
            _wait_for_children(plane, kind, obj)
    elif _owners(obj):
        _collect(plane, kind, obj)
    return None


def _exists(plane: Plane, owner: Object, namespace: str) -> Object | None:
    """The owner itself, not another object that took its name."""
    kind = KINDS.get(owner["kind"])
    if kind is None:
        return None
    found = plane.store.find(kind, namespace or None, owner["name"])
    return found if found is not None and found["metadata"]["uid"] == owner["uid"] else None


def _collect(plane: Plane, kind: Kind, obj: Object) -> None:
    """Delete an object all of whose owners are gone; forget those owners that are."""
    metadata = obj["metadata"]
    namespace = metadata.get("namespace", "")
    living = [owner for owner in _owners(obj) if _exists(plane, owner, namespace)]
    if not living:
        plane.store.delete(kind, namespace or None, metadata["name"], uid=metadata["uid"])
        return
    if len(living) < len(_owners(obj)):
        _rewrite(plane, kind, obj, owners=living)


def _orphan(plane: Plane, kind: Kind, obj: Object) -> None:
    uid = obj["metadata"]["uid"]
    for child_kind, child in plane.store.owned(uid):
        others = [owner for owner in _owners(child) if owner["uid"] != uid]
        _rewrite(plane, child_kind, child, owners=others)
    _rewrite(plane, kind, obj, without=ORPHAN)


def _wait_for_children(plane: Plane, kind: Kind, obj: Object) -> None:
    """Foreground: children that block go first, each in the foreground itself."""
    uid = obj["metadata"]["uid"]
    blocking = 0
    for child_kind, child in plane.store.owned(uid):
        metadata = child["metadata"]
        blocking += any(o["uid"] == uid and o.get("blockOwnerDeletion") for o in _owners(child))
        if "deletionTimestamp" not in metadata:
            plane.store.delete(
                child_kind,
                metadata.get("namespace"),
                metadata["name"],
                uid=metadata["uid"],
                propagation="Background" if child_kind.kind == "Pod" else "Foreground",
            )
    if not blocking:
        _rewrite(plane, kind, obj, without=FOREGROUND)


def _rewrite(
    plane: Plane,
    kind: Kind,
    obj: Object,
    *,
    owners: list[Object] | None = None,
    without: str = "",
) -> None:
    def write(new: Object) -> None:
        metadata = new["metadata"]
        if owners is not None:
            metadata["ownerReferences"] = owners
        if without:
            metadata["finalizers"] = [f for f in metadata["finalizers"] if f != without]
        for field in ("ownerReferences", "finalizers"):
            if field in metadata and not metadata[field]:
                del metadata[field]

    metadata = obj["metadata"]
    plane.store.change(kind, metadata.get("namespace"), metadata["name"], write)


controller = Controller("garbage collector", WATCHED, keys, reconcile)
