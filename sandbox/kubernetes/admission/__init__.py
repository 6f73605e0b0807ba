"""The gate every write passes: the webhooks that are registered for it, as a real server asks them.

Controllers create Pods through `create` here, so that webhooks see them as well. What controllers
and kubelets write otherwise (statuses, ReplicaSets, slices, Events, deletions) passes no webhook.
"""

from dataclasses import dataclass, field

from sandbox.kubernetes import objects
from sandbox.kubernetes.admission import calling, matching
from sandbox.kubernetes.admission.attributes import (
    SERVER,
    Attributes,
    Caller,
    caller_of,
    controller,
)
from sandbox.kubernetes.admission.matching import Hook
from sandbox.kubernetes.errors import BadRequest, StatusError
from sandbox.kubernetes.kinds import KINDS, Kind, Object
from sandbox.kubernetes.seen import stored_kind
from sandbox.kubernetes.store import Store

__all__ = ["Attributes", "Caller", "admitted", "caller_of", "controller", "create"]


@dataclass
class _Rounds:
    """Who was asked and who is to be asked again: there are two rounds at most."""

    is_second: bool = False
    reinvocable: set[str] = field(default_factory=set)
    due: set[str] = field(default_factory=set)

    def note(self, hook: Hook, *, changed: bool) -> None:
        """A change makes the earlier ones that asked for it due; nobody's own change counts."""
        if changed:
            self.due |= self.reinvocable
            self.reinvocable = set()
        if hook.webhook.get("reinvocationPolicy") == "IfNeeded":
            self.reinvocable.add(hook.uid)


async def create(
    store: Store, kind: Kind, obj: Object, *, dry_run: bool = False, by: Caller = SERVER
) -> Object:
    """Store the object as the admission webhooks leave it."""
    metadata = obj.get("metadata", {})
    asked = Attributes(
        "CREATE",
        kind,
        obj,
        None,
        by,
        name=metadata.get("name", ""),
        namespace=metadata.get("namespace", "") if kind.namespaced else "",
    )
    return store.create(stored_kind(kind), await _created(store, asked), dry_run=dry_run)


async def _created(store: Store, asked: Attributes) -> Object:
    before = asked.obj
    obj = await admitted(store, asked)
    assert obj is not None
    if obj is not before and asked.namespace:
        # The namespace may have gone while a webhook thought.
        store.get(KINDS["Namespace"], None, asked.namespace)
    return obj


async def admitted(store: Store, asked: Attributes) -> Object | None:
    """The object as the webhooks leave it; the very same one if none was asked.

    Without a webhook that is concerned nothing is awaited, so that a write stays one step.
    """
    hooks = matching.registered(store)
    if hooks and asked.is_namespace and asked.obj is not None:
        # Its name is a label before anybody selects by it.
        calling.fill(asked, asked.obj)
    try:
        if not any(matching.concerns(store, hook, asked) for hook in hooks):
            return asked.obj
        if asked.obj is not None:
            asked.obj = objects.copy(asked.obj)
            if asked.subresource != "scale":
                calling.fill(asked, asked.obj)
        rounds = _Rounds()
        await _round(store, hooks, asked, rounds)
        if rounds.due:
            rounds.is_second = True
            await _round(store, hooks, asked, rounds)
        _check_place(asked)
    except StatusError as error:
        error.warnings = tuple(dict.fromkeys(asked.caller.warnings))
        raise
    return asked.obj


def _check_place(asked: Attributes) -> None:
    """A webhook may not move an object to another name or namespace."""
    if asked.obj is None:
        return
    metadata = asked.obj["metadata"]
    if asked.kind.namespaced and metadata.get("namespace", "") != asked.namespace:
        raise BadRequest(
            "the namespace of the provided object does not match the namespace sent on the request"
        )
    if asked.operation == "UPDATE" and metadata.get("name") != asked.name:
        raise BadRequest(
            f"the name of the object ({metadata.get('name', '')}) does not match the name on the"
            f" URL ({asked.name})"
        )


async def _round(store: Store, hooks: list[Hook], asked: Attributes, rounds: _Rounds) -> None:
    for hook in hooks:
        # Whoever was passed over in the first round is not asked in the second either.
        if rounds.is_second and hook.uid not in rounds.due:
            continue
        if kind := matching.concerns(store, hook, asked):
            changed = await calling.call(store, hook, asked, kind)
            rounds.note(hook, changed=changed)
