"""Who belongs to whom by label: orphans are adopted, children that no longer match are let go."""

from collections.abc import Iterator

from sandbox.kubernetes.controllers.family import (
    controller_of,
    find,
    is_terminating,
    key_of,
    owned_by,
)
from sandbox.kubernetes.controllers.loop import Controller
from sandbox.kubernetes.controllers.plane import Plane
from sandbox.kubernetes.controllers.queue import Key
from sandbox.kubernetes.controllers.selectors import selects
from sandbox.kubernetes.kinds import KINDS, Kind, Object
from sandbox.kubernetes.store import Event

POD, REPLICASET = KINDS["Pod"], KINDS["ReplicaSet"]
# Child kind -> the kinds that may be its controller.
PARENTS: dict[str, tuple[Kind, ...]] = {
    "Pod": (REPLICASET, KINDS["StatefulSet"], KINDS["DaemonSet"]),
    "ReplicaSet": (KINDS["Deployment"],),
}
WATCHED = (POD, REPLICASET, KINDS["StatefulSet"], KINDS["DaemonSet"], KINDS["Deployment"])


def keys(plane: Plane, event: Event) -> Iterator[Key]:
    if event.type == "DELETED":
        return
    obj = event.obj
    labels_changed = event.old is None or event.old["metadata"].get("labels") != obj[
        "metadata"
    ].get("labels")
    if obj["kind"] in PARENTS and (labels_changed or controller_of(obj) is None):
        yield Key(*key_of(obj)[:2], obj["kind"])
    if event.type == "ADDED" and obj["kind"] != "Pod":
        yield from _orphans(plane, event)


def _orphans(plane: Plane, event: Event) -> Iterator[Key]:
    """A new parent looks once through its namespace."""
    for name, parents in PARENTS.items():
        if event.kind in parents:
            namespace = event.obj["metadata"]["namespace"]
            for child in plane.store.list(KINDS[name], namespace):
                if controller_of(child) is None:
                    yield Key(*key_of(child)[:2], name)


async def reconcile(plane: Plane, key: Key) -> float | None:
    kind = KINDS[key.kind]
    child = find(plane.store, kind, key)
    if child is None or is_terminating(child):
        return None
    owner = controller_of(child)
    if owner is None:
        _adopt(plane, kind, child)
    elif (parent_kind := KINDS.get(owner["kind"])) in PARENTS[key.kind]:
        parent = plane.store.find(parent_kind, key.namespace, owner["name"])
        if parent is not None and not _matches(parent, child):
            _write_owners(plane, kind, child, [o for o in _owners(child) if o is not owner])
    return None


def _owners(obj: Object) -> list[Object]:
    return list(obj["metadata"].get("ownerReferences") or ())


def _matches(parent: Object, child: Object) -> bool:
    return selects(parent["spec"].get("selector"), child["metadata"].get("labels"))


def _adopt(plane: Plane, kind: Kind, child: Object) -> None:
    for parent_kind in PARENTS[kind.kind]:
        for parent in plane.store.list(parent_kind, child["metadata"]["namespace"]):
            if _matches(parent, child) and not is_terminating(parent):
                owner = owned_by(parent, parent_kind)
                _write_owners(plane, kind, child, [*_owners(child), owner])
                return


def _write_owners(plane: Plane, kind: Kind, child: Object, owners: list[Object]) -> None:
    def write(obj: Object) -> None:
        obj["metadata"]["ownerReferences"] = owners
        if not owners:
            del obj["metadata"]["ownerReferences"]

    metadata = child["metadata"]
    plane.store.change(kind, metadata["namespace"], metadata["name"], write)


controller = Controller("adoption", WATCHED, keys, reconcile)
