"""The target ledger: which Pod each target of ours was registered for, and what its health is.

Pod addresses are recycled, so what the CLB lists is ours only where a row says for which Pod uid.
A row is written before the registration and counts from when the target was read back.
"""

from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import batched
from typing import Any, NamedTuple

from django.db import transaction

from console.kinds import Pod
from console.upsert import CHUNK, upsert
from services.binding import history
from services.binding.clb import Observed
from services.binding.plan import Register, Step
from services.binding.pods import has_gate, is_open
from services.binding.rows import Place, Row, rows_of
from services.binding.state import Backend, Key, State, Target, excluded
from services.models import Binding, Registration

# An intent whose call was lost may still take effect; after this long it will not.
INTENT_LIVES = timedelta(minutes=2)
HEALTHY = {"Alive", "Close"}

# Of a target that nobody has looked at yet.
UNREAD = {
    "registered_at": None,
    "weight_zero_at": None,
    "health": "",
    "health_since": None,
    "first_healthy_at": None,
    "health_message": "",
}


class Intent(NamedTuple):
    """A registration about to be asked for; the columns that all of a call share are beside it."""

    lb_id: str
    listener_id: str
    protocol: str
    listener_port: int
    ip: str
    port: int
    weight: int
    pod_uid: str
    pod_name: str


def owned(
    binding: Binding, observed: Observed, pods: Iterable[Pod], *, gate_type: str, now: datetime
) -> State:
    """What was observed, with each target's owner; brings the rows in step with it."""
    unseen = {row.place: row for row in rows_of([binding.pk])}
    if adopted := list(_adopted(binding, observed, pods, unseen, gate_type=gate_type, now=now)):
        Registration.objects.bulk_create(adopted, batch_size=CHUNK)
        unseen = {row.place: row for row in rows_of([binding.pk])}
    listeners, news = {}, []
    for key, listener in observed.state.listeners.items():
        targets: dict[Target, Backend] = {}
        for target, backend in listener.targets.items():
            known = unseen.pop((observed.ids[key], target.ip, target.port), None)
            row = known and _read_back(known, backend.weight, now)
            if row is not None and row is not known:
                news.append(row)
            targets[target] = _with_owner(backend, row)
        listeners[key] = replace(listener, targets=targets)
    _save(news)
    gone = [row for row in unseen.values() if _is_over(row, now) or _is_replaced(row, observed)]
    if gone:
        _forget(gone)
    history.read_back(binding, news, gone, observed.registered)
    return replace(observed.state, listeners=listeners)


def _adopted(
    binding: Binding,
    observed: Observed,
    pods: Iterable[Pod],
    known: Container[Place],
    *,
    gate_type: str,
    now: datetime,
) -> Iterator[Registration]:
    """The targets nobody wrote down, as rows of the Pods that are safe to take them for."""
    by_ip = {pod.status.pod_ip: pod for pod in pods}
    for key, listener in observed.state.listeners.items():
        listener_id = observed.ids[key]
        for target in listener.targets:
            pod = by_ip.get(target.ip)
            if pod is None or (listener_id, *target) in known:
                continue
            if _is_adoptable(pod, gate_type):
                yield Registration(
                    binding=binding,
                    pod_uid=pod.metadata.uid,
                    pod_name=pod.metadata.name,
                    intended_at=now,
                    **_columns(binding, listener_id, key, target),
                )


def intend(
    binding: Binding,
    steps: Iterable[Step],
    ids: Mapping[Key, str],
    names: Mapping[str, str],
    now: datetime,
) -> None:
    """Write down whom the targets about to be registered are for; `names` of Pods by uid."""
    intents = [
        Intent(
            **_columns(binding, ids[step.key], step.key, step.target),
            weight=step.weight,
            pod_uid=step.pod,
            pod_name=names.get(step.pod, ""),
        )
        for step in steps
        if isinstance(step, Register)
    ]
    shared = {"binding_id": binding.pk, "intended_at": now} | UNREAD
    unique = ("lb_id", "listener_id", "ip", "port")
    upsert(Registration, intents, unique=unique, shared=shared)


@transaction.atomic
def note_health(
    rows: Iterable[Row], words: Mapping[tuple[str, Place], str], now: datetime
) -> list[Row]:
    """Store the CLB's words, Unknown where it says nothing; answers the rows that changed.

    `rows` were read before the CLB was asked: what was registered anew since, for another Pod
    perhaps, is not what it spoke of.
    """
    news: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        word = words.get((row.lb_id, row.place), "Unknown")
        if row.registered_at is not None and word != row.health:
            news[word].append(row)
    same = set(_still_there(row for some in news.values() for row in some))
    changed = []
    # A statement per word, not a branch per row: gates wait for this.
    for word, some in news.items():
        there = [row for row in some if (row.pk, row.pod_uid, row.intended_at) in same]
        changed += there
        for chunk in batched((row.pk for row in there), CHUNK):
            noted = Registration.objects.filter(pk__in=chunk)
            noted.update(health=word, health_since=now, health_message="")
            if word in HEALTHY:
                noted.filter(first_healthy_at=None).update(first_healthy_at=now)
    return changed


def _still_there(rows: Iterable[Row]) -> Iterator[tuple[int, str, datetime]]:
    for some in batched((row.pk for row in rows), CHUNK):
        found = Registration.objects.select_for_update().filter(pk__in=some)
        yield from found.values_list("pk", "pod_uid", "intended_at")


def _columns(binding: Binding, listener_id: str, key: Key, target: Target) -> dict[str, Any]:
    return {
        "lb_id": binding.lb_id,
        "listener_id": listener_id,
        "protocol": key.protocol,
        "listener_port": key.port,
        "ip": target.ip,
        "port": target.port,
    }


def _read_back(row: Row, weight: int, now: datetime) -> Row:
    """The target is there: from now on its health counts, and a weight of 0 is a drain.

    Answers the row itself where there is nothing to save.
    """
    zero_at = None if weight else row.weight_zero_at or now
    if row.registered_at and (row.weight, row.weight_zero_at) == (weight, zero_at):
        return row
    registered_at = row.registered_at or now
    return row._replace(registered_at=registered_at, weight=weight, weight_zero_at=zero_at)


def _save(rows: Iterable[Row]) -> None:
    """One statement per thing that was read, not one per row: hundreds change at once."""
    changed = defaultdict(list)
    for row in rows:
        changed[row.registered_at, row.weight, row.weight_zero_at].append(row.pk)
    for (registered_at, weight, zero_at), same in changed.items():
        for some in batched(same, CHUNK):
            Registration.objects.filter(pk__in=some).update(
                registered_at=registered_at, weight=weight, weight_zero_at=zero_at
            )


def _with_owner(backend: Backend, row: Row | None) -> Backend:
    if row is None:
        return backend
    return Backend(backend.weight, row.pod_uid, row.health in HEALTHY, row.weight_zero_at)


def _is_over(row: Row, now: datetime) -> bool:
    return row.registered_at is not None or now - row.intended_at > INTENT_LIVES


def _is_replaced(row: Row, observed: Observed) -> bool:
    """Somebody deleted its listener: what was to be registered there never will be."""
    there = observed.ids.get(Key(row.protocol, row.listener_port))
    return there is not None and there != row.listener_id


def _forget(rows: Iterable[Row]) -> None:
    Registration.objects.filter(pk__in=[row.pk for row in rows]).delete()


def _is_adoptable(pod: Pod, gate_type: str) -> bool:
    """Only our memory of it is lost: its gate is True, or no gate could be opened wrongly."""
    if excluded(pod):
        # Another Pod, or its node, may have its address.
        return False
    return is_open(pod, gate_type) or not has_gate(pod, gate_type)
