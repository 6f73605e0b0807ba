"""What every object has: owners, conditions, an end."""

from collections.abc import Iterator
from typing import Any

from sandbox.kubernetes.controllers.queue import Key
from sandbox.kubernetes.kinds import Kind, Object
from sandbox.kubernetes.objects import now
from sandbox.kubernetes.store import Event, Store


def find(store: Store, kind: Kind, key: Key) -> Object | None:
    return store.find(kind, key.namespace or None, key.name)


def key_of(obj: Object) -> Key:
    return Key(obj["metadata"].get("namespace", ""), obj["metadata"]["name"])


def children(store: Store, owner: Object, kind: Kind) -> list[Object]:
    """The objects of one kind this owner controls."""
    uid = owner["metadata"]["uid"]
    return [
        child
        for child_kind, child in store.owned(uid)
        if child_kind is kind and (controller_of(child) or {}).get("uid") == uid
    ]


def keys_of_controller(obj: Object, kind: Kind) -> Iterator[Key]:
    """The key of the controlling object, if that is of the given kind."""
    owner = controller_of(obj)
    if owner is not None and owner["kind"] == kind.kind:
        yield Key(obj["metadata"]["namespace"], owner["name"])


def keys_of_controllers(event: Event, kind: Kind) -> Iterator[Key]:
    """Of the controller the object has, and of the one that just let it go: both must look."""
    yield from keys_of_controller(event.obj, kind)
    if event.old is not None and controller_of(event.old) != controller_of(event.obj):
        yield from keys_of_controller(event.old, kind)


def controller_of(obj: Object) -> dict[str, Any] | None:
    """The owner reference of the controller, if there is one."""
    for owner in obj["metadata"].get("ownerReferences") or ():
        if owner.get("controller"):
            found: dict[str, Any] = owner
            return found
    return None


def owned_by(owner: Object, kind: Kind) -> dict[str, Any]:
    return {
        "apiVersion": kind.api_version,
        "kind": kind.kind,
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }


def is_terminating(obj: Object) -> bool:
    return "deletionTimestamp" in obj["metadata"]


def condition(obj: Object, type_: str) -> dict[str, Any] | None:
    for found in (obj.get("status") or {}).get("conditions") or ():
        if found["type"] == type_:
            result: dict[str, Any] = found
            return result
    return None


def set_condition(
    conditions: list[Object], type_: str, status: str, *, reason: str = "", message: str = ""
) -> None:
    """As `kubectl describe` shows it for workloads; the transition time moves with the status."""
    old = next((c for c in conditions if c["type"] == type_), None)
    fresh = {"type": type_, "status": status, "reason": reason, "message": message}
    if old is not None and all(old.get(field) == value for field, value in fresh.items()):
        return
    fresh["lastUpdateTime"] = now()
    same = old is not None and old["status"] == status
    fresh["lastTransitionTime"] = old["lastTransitionTime"] if old and same else now()
    if old is None:
        conditions.append(fresh)
    else:
        conditions[conditions.index(old)] = fresh
