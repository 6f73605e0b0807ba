"""The target ledger: which Pod each target of ours was registered for, and what its health is.

Pod addresses are recycled, so what the CLB lists is ours only where a row says for which Pod uid.
A row is written before the registration and counts from when the target was read back.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import batched
from typing import NamedTuple

from django.db import transaction

from console.kinds import Pod
from console.upsert import CHUNK, upsert
from services.binding import history
from services.binding.clb import Observed
from services.binding.plan import Register, Step
from services.binding.pods import has_gate, is_open
from services.binding.state import Backend, Key, State, Target, excluded
from services.models import Binding, Registration

# An intent whose call was lost may still take effect; after this long it will not.
INTENT_LIVES = timedelta(minutes=2)
HEALTHY = {"Alive", "Close"}

type Place = tuple[str, str, int]


class Row(NamedTuple):
    """A registration as the health poll reads it, by the thousand."""

    pk: int
    binding_id: int
    lb_id: str
    listener_id: str
    ip: str
    port: int
    pod_uid: str
    intended_at: datetime
    registered_at: datetime | None
    health: str


def owned(
    binding: Binding, observed: Observed, pods: Iterable[Pod], *, gate_type: str, now: datetime
) -> State:
    """What was observed, with each target's owner; brings the rows in step with it."""
    rows = {_place(row): row for row in binding.registrations.all()}
    listeners = {}
    seen: set[Place] = set()
    news = []
    adoptable = {pod.status.pod_ip: pod for pod in pods if _is_adoptable(pod, gate_type)}
    for key, listener in observed.state.listeners.items():
        targets: dict[Target, Backend] = {}
        for target, backend in listener.targets.items():
            place = (observed.ids[key], target.ip, target.port)
            row = rows.get(place)
            if row is None and (pod := adoptable.get(target.ip)):
                row = _row(binding, observed.ids[key], key, target, now=now)
                row.pod_uid, row.pod_name = pod.metadata.uid, pod.metadata.name
            if row is not None:
                seen.add(place)
                if _read_back(row, backend.weight, now):
                    news.append(row)
            targets[target] = _with_owner(backend, row)
        listeners[key] = replace(listener, targets=targets)
    _save(news)
    unseen = [row for place, row in rows.items() if place not in seen]
    gone = [row for row in unseen if _is_over(row, now) or _is_replaced(row, observed)]
    if gone:
        _forget(gone)
    history.read_back(binding, news, gone, observed.registered)
    return replace(observed.state, listeners=listeners)


def intend(
    binding: Binding,
    steps: Iterable[Step],
    ids: Mapping[Key, str],
    names: Mapping[str, str],
    now: datetime,
) -> None:
    """Write down whom the targets about to be registered are for; `names` of Pods by uid."""
    rows = []
    for step in steps:
        if isinstance(step, Register):
            row = _row(binding, ids[step.key], step.key, step.target, now=now)
            row.weight, row.pod_uid = step.weight, step.pod
            row.pod_name = names.get(step.pod, "")
            rows.append(row)
    upsert(Registration, rows, unique=("lb_id", "listener_id", "ip", "port"))


def rows(bindings: Iterable[int]) -> list[Row]:
    """What is registered for these bindings, as much of it as health needs."""
    found = Registration.objects.filter(binding__in=list(bindings)).order_by()
    return [Row(*columns) for columns in found.values_list(*Row._fields)]


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
        word = words.get((row.lb_id, (row.listener_id, row.ip, row.port)), "Unknown")
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


def _place(row: Registration) -> Place:
    return (row.listener_id, row.ip, row.port)


def _row(
    binding: Binding, listener_id: str, key: Key, target: Target, *, now: datetime
) -> Registration:
    return Registration(
        binding=binding,
        lb_id=binding.lb_id,
        listener_id=listener_id,
        protocol=key.protocol,
        listener_port=key.port,
        ip=target.ip,
        port=target.port,
        intended_at=now,
    )


def _read_back(row: Registration, weight: int, now: datetime) -> bool:
    """The target is there: from now on its health counts, and a weight of 0 is a drain.

    Answers whether the row has something to save.
    """
    before = _what_is_read(row)
    row.registered_at = row.registered_at or now
    row.weight = weight
    row.weight_zero_at = None if weight else row.weight_zero_at or now
    return row.pk is None or before != _what_is_read(row)


def _what_is_read(row: Registration) -> tuple[datetime | None, int, datetime | None]:
    return (row.registered_at, row.weight, row.weight_zero_at)


def _save(rows: Iterable[Registration]) -> None:
    """One statement per thing that was read, not one per row: hundreds change at once."""
    changed: dict[tuple[datetime | None, int, datetime | None], list[Registration]]
    changed, made = defaultdict(list), list[Registration]()
    for row in rows:
        (changed[_what_is_read(row)] if row.pk else made).append(row)
    Registration.objects.bulk_create(made, batch_size=CHUNK)
    for (registered_at, weight, zero_at), same in changed.items():
        for some in batched(same, CHUNK):
            Registration.objects.filter(pk__in=[row.pk for row in some]).update(
                registered_at=registered_at, weight=weight, weight_zero_at=zero_at
            )


def _with_owner(backend: Backend, row: Registration | None) -> Backend:
    if row is None:
        return backend
    return Backend(backend.weight, row.pod_uid, row.health in HEALTHY, row.weight_zero_at)


def _is_over(row: Registration, now: datetime) -> bool:
    return row.registered_at is not None or now - row.intended_at > INTENT_LIVES


def _is_replaced(row: Registration, observed: Observed) -> bool:
    """Somebody deleted its listener: what was to be registered there never will be."""
    there = observed.ids.get(Key(row.protocol, row.listener_port))
    return there is not None and there != row.listener_id


def _forget(rows: Iterable[Registration]) -> None:
    Registration.objects.filter(pk__in=[row.pk for row in rows]).delete()


def _is_adoptable(pod: Pod, gate_type: str) -> bool:
    """Only our memory of it is lost: its gate is True, or no gate could be opened wrongly."""
    if excluded(pod):
        # Another Pod, or its node, may have its address.
        return False
    return is_open(pod, gate_type) or not has_gate(pod, gate_type)
