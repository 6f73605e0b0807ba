"""Tells the durable timeline what only the binding engine knows: registered, healthy, drained.

Never on the way from healthy to an open gate: what is told here is told after the gates.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from django.utils import timezone

from services.binding.rows import Row
from services.models import Binding, Registration
from workloads.history.notes import Note, note
from workloads.models import TargetCount
from workloads.timeline import Source, Stage, refined

type Known = Row | Registration

HEALTHY = {"Alive", "Close"}
# What was healthy first this long ago has been told; what is told twice stays as it was.
TOLD = timedelta(seconds=60)
# Clocks further apart than this say nothing about each other.
SKEW = timedelta(seconds=60)

# What was counted last, by this process: (binding, listener) -> (healthy, wanted).
_counted: dict[tuple[int, str], tuple[int, int]] = {}


def read_back(
    binding: Binding,
    rows: Iterable[Known],
    gone: Iterable[Known],
    registered: Mapping[tuple[str, str, int], datetime],
) -> None:
    """These rows were found at the CLB as they are now, and those of `gone` no more.

    `registered`: the CLB's own RegisteredTime by listener id, IP and port.
    """
    now = timezone.now()
    told = [*_arrivals(rows, registered), *_departures(gone, now)]
    if told:
        note(binding.cluster.pk, told)
        count(binding)


def looked(binding: Binding) -> None:
    """Health was read and something changed: who is healthy for the first time, and how many."""
    since = timezone.now() - TOLD
    rows = binding.registrations.filter(first_healthy_at__gte=since).values_list(
        "pod_uid", "first_healthy_at"
    )
    told = [Note(uid, Stage.FIRST_HEALTHY, at) for uid, at in rows if at is not None]
    note(binding.cluster.pk, told)
    count(binding)


def count(binding: Binding) -> None:
    """How many targets of each listener are healthy and wanted, where that is news."""
    now = timezone.now()
    found: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    rows = binding.registrations.filter(registered_at__isnull=False)
    for protocol, port, weight, health in rows.values_list(
        "protocol", "listener_port", "weight", "health"
    ):
        counted = found[f"{protocol}:{port}"]
        counted[0] += weight > 0 and health in HEALTHY
        counted[1] += weight > 0
    news = []
    for listener, (healthy, wanted) in found.items():
        if _counted.get((binding.pk, listener)) == (healthy, wanted):
            continue
        _counted[binding.pk, listener] = (healthy, wanted)
        news.append(
            TargetCount(
                cluster=binding.cluster,
                namespace=binding.namespace,
                service=binding.name,
                listener=listener,
                lb_id=binding.lb_id,
                at=now,
                healthy=healthy,
                wanted=wanted,
            )
        )
    TargetCount.objects.bulk_create(news)


def _arrivals(
    rows: Iterable[Known], registered: Mapping[tuple[str, str, int], datetime]
) -> Iterator[Note]:
    for row in rows:
        if row.registered_at is not None:
            said = registered.get(row.place)
            if said is not None and abs(said - row.registered_at) < SKEW:
                at = refined(said, row.registered_at)
                yield Note(row.pod_uid, Stage.REGISTERED, at, Source.CLB)
            else:
                yield Note(row.pod_uid, Stage.REGISTERED, row.registered_at)
        if row.weight_zero_at is not None:
            yield Note(row.pod_uid, Stage.WEIGHT_ZERO, row.weight_zero_at)


def _departures(gone: Iterable[Known], now: datetime) -> Iterator[Note]:
    for row in gone:
        if row.registered_at is not None:
            yield Note(row.pod_uid, Stage.DRAINED, now)
