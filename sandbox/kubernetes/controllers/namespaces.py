"""Namespaces: what every new one gets, and how one that goes is emptied first."""

from collections.abc import Iterator

from sandbox.kubernetes.controllers.family import find, is_terminating
from sandbox.kubernetes.controllers.loop import Controller
from sandbox.kubernetes.controllers.plane import Plane
from sandbox.kubernetes.controllers.queue import Key
from sandbox.kubernetes.kinds import KINDS, Object
from sandbox.kubernetes.store import Event

NAMESPACE, ACCOUNT = KINDS["Namespace"], KINDS["ServiceAccount"]
CONTENT = tuple(kind for kind in KINDS.values() if kind.namespaced)
WATCHED = (NAMESPACE, *(kind for kind in CONTENT if kind.kind != "Event"))


def keys(plane: Plane, event: Event) -> Iterator[Key]:
    if event.kind is NAMESPACE:
        yield Key("", event.obj["metadata"]["name"])
    elif event.type == "DELETED":
        name = event.obj["metadata"]["namespace"]
        namespace = plane.store.find(NAMESPACE, None, name)
        if event.kind is ACCOUNT or (namespace and is_terminating(namespace)):
            yield Key("", name)


async def reconcile(plane: Plane, key: Key) -> float | None:
    namespace = find(plane.store, NAMESPACE, key)
    if namespace is None:
        return None
    if not is_terminating(namespace):
        if plane.store.find(ACCOUNT, key.name, "default") is None:
            plane.store.create(ACCOUNT, {"metadata": {"name": "default", "namespace": key.name}})
        return None
    if _empty(plane, key.name):
        _finalize(plane, namespace)
    return None


def _empty(plane: Plane, namespace: str) -> bool:
    """Deletes everything in it; True when nothing is left (finalizers and grace may hold some)."""
    left = False
    for kind in CONTENT:
        for obj in plane.store.list(kind, namespace):
            if not is_terminating(obj):
                plane.store.delete(kind, namespace, obj["metadata"]["name"])
            left |= plane.store.find(kind, namespace, obj["metadata"]["name"]) is not None
    return not left


def _finalize(plane: Plane, namespace: Object) -> None:
    fresh = {**namespace, "spec": {"finalizers": []}}
    plane.store.update(NAMESPACE, fresh, subresource="finalize")


controller = Controller("namespaces", WATCHED, keys, reconcile)
