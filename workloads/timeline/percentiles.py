"""How long Pods took to be Ready, by stage: percentiles of a window, and what moved; pure.

A Pod counts in the window in which it was created, once it is Ready.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from workloads.timeline.stages import TOLERANCE, WAY_IN, Stage

# Gate and Ready are one: the kubelet answers an open gate within a second.
ALL = "all"
PARTS = {
    Stage.SCHEDULED: "scheduled",
    Stage.IP: "ip",
    Stage.CONTAINERS_READY: "containers_ready",
    Stage.REGISTERED: "registered",
    Stage.FIRST_HEALTHY: "first_healthy",
    Stage.GATE: "ready",
    Stage.READY: "ready",
}
ORDER = ("scheduled", "ip", "containers_ready", "registered", "first_healthy", "ready", ALL)
REGISTERED = WAY_IN.index(Stage.REGISTERED)
# Fewer Pods than this say nothing about a change; smaller changes are noise.
ENOUGH = 5
NOISE_SECONDS, NOISE_SHARE = 0.3, 0.2


@dataclass(frozen=True)
class Window:
    length: timedelta
    buckets: int


WINDOWS = {
    "hour": Window(timedelta(hours=1), 20),
    "day": Window(timedelta(days=1), 24),
    "week": Window(timedelta(days=7), 28),
}


@dataclass(frozen=True)
class Three:
    """p50, p95 and p99, in seconds."""

    p50: float
    p95: float
    p99: float


@dataclass(frozen=True)
class Part:
    """One part of the way; `series`: a Three per bucket, None where no Pod was created."""

    name: str
    count: int
    now: Three
    before: Three | None
    count_before: int
    series: Sequence[Three | None]


@dataclass(frozen=True)
class Moved:
    """The part whose median changed most against the window before."""

    name: str
    before: float
    now: float


# As many as WAY_IN, in its order.
type Moments = Sequence[datetime | None]


def percentile(values: Sequence[float], share: float) -> float:
    """Of sorted values, the nearest rank."""
    return values[max(0, ceil(share * len(values)) - 1)]


def three(values: Iterable[float]) -> Three | None:
    found = sorted(values)
    if not found:
        return None
    return Three(percentile(found, 0.5), percentile(found, 0.95), percentile(found, 0.99))


def durations(moments: Moments) -> dict[str, float]:
    """Seconds per part of one Pod that is Ready; empty for one that is not.

    Empty, too, for one that was Ready long before a load balancer had it: it has no gate, and is
    older than its Service. How old is no part of anybody's way.
    """
    begins, registered, ready = moments[0], moments[REGISTERED], moments[-1]
    if begins is None or ready is None:
        return {}
    if registered is not None and registered - ready > TOLERANCE:
        return {}
    found: dict[str, float] = {}
    last = begins
    for stage, at in zip(WAY_IN[1:], moments[1:], strict=True):
        if at is not None:
            name, at = PARTS[stage], max(at, last)
            found[name] = found.get(name, 0.0) + (at - last).total_seconds()
            last = at
    found[ALL] = (last - begins).total_seconds()
    return found


def parts(rows: Iterable[Moments], now: datetime, window: Window) -> list[Part]:
    """The parts of the way that any Pod of this window took, in the order of the way."""
    begins = now - window.length
    size = window.length / window.buckets
    present: dict[str, list[float]] = {}
    before: dict[str, list[float]] = {}
    buckets: dict[str, dict[int, list[float]]] = {}
    for row in rows:
        took, created = durations(row), row[0]
        if created is None:
            continue
        if created < begins:
            for name, value in took.items():
                before.setdefault(name, []).append(value)
            continue
        place = min(window.buckets - 1, int((created - begins) / size))
        for name, value in took.items():
            present.setdefault(name, []).append(value)
            buckets.setdefault(name, {}).setdefault(place, []).append(value)
    return [
        Part(
            name,
            len(present[name]),
            now_is,
            three(before.get(name, ())),
            len(before.get(name, ())),
            [three(buckets[name].get(place, ())) for place in range(window.buckets)],
        )
        for name in ORDER
        if name in present and (now_is := three(present[name])) is not None
    ]


def moved(found: Iterable[Part]) -> Moved | None:
    """The part that changed most; None when nothing did, or too little is known."""
    changes = [
        Moved(part.name, part.before.p50, part.now.p50)
        for part in found
        if part.name != ALL
        and part.before is not None
        and min(part.count, part.count_before) >= ENOUGH
        and _is_change(part.before.p50, part.now.p50)
    ]
    return max(changes, key=lambda one: abs(one.now - one.before), default=None)


def _is_change(before: float, now: float) -> bool:
    return abs(now - before) > max(NOISE_SECONDS, NOISE_SHARE * before)
