"""A Pod's stages: how long each took, which one it is in, and whether that is normal; pure.

Every stage is named after what ends it. Moments come from several clocks (Kubernetes', the CLB's,
ours), which are never compared closer than TOLERANCE: a stage never ends before it begins.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Stage(StrEnum):
    CREATED = "created"
    SCHEDULED = "scheduled"
    IP = "ip"
    CONTAINERS_READY = "containers_ready"
    REGISTERED = "registered"
    FIRST_HEALTHY = "first_healthy"
    GATE = "gate"
    READY = "ready"
    TERMINATING = "terminating"
    WEIGHT_ZERO = "weight_zero"
    DRAINED = "drained"
    GONE = "gone"


class Source(StrEnum):
    """Whose clock and word a moment is."""

    KUBERNETES = "kubernetes"
    # We saw it happen in the cluster; Kubernetes keeps no time of it.
    WATCHER = "watcher"
    CLB = "clb"
    # We did it, or the CLB told us when we asked.
    PODGATE = "podgate"


WAY_IN = (
    Stage.CREATED,
    Stage.SCHEDULED,
    Stage.IP,
    Stage.CONTAINERS_READY,
    Stage.REGISTERED,
    Stage.FIRST_HEALTHY,
    Stage.GATE,
    Stage.READY,
)
WAY_OUT = (Stage.TERMINATING, Stage.WEIGHT_ZERO, Stage.DRAINED, Stage.GONE)
AT_THE_CLB = {Stage.REGISTERED, Stage.FIRST_HEALTHY, Stage.WEIGHT_ZERO, Stage.DRAINED}
# Clocks may differ by this much, and Kubernetes' times are whole seconds.
TOLERANCE = timedelta(seconds=2)
# A stage is late once it takes half as long again as expected, and the tolerance.
LATE = 1.5


@dataclass(frozen=True)
class Stamp:
    at: datetime
    source: Source


type Stamps = Mapping[Stage, Stamp]


@dataclass(frozen=True)
class Span:
    """The time it took to reach `stage`; `ends` None: not reached yet."""

    stage: Stage
    begins: datetime
    ends: datetime | None
    source: Source | None = None

    @property
    def seconds(self) -> float | None:
        return None if self.ends is None else (self.ends - self.begins).total_seconds()


@dataclass(frozen=True)
class Expected:
    """Seconds each stage should take; what is not named is not predicted."""

    seconds: Mapping[Stage, float]

    def of(self, stage: Stage) -> float | None:
        return self.seconds.get(stage)


@dataclass(frozen=True)
class Waiting:
    """What a Pod is not yet, since when, and what was to be expected."""

    stage: Stage
    since: datetime
    seconds: float
    expected: float | None

    @property
    def is_normal(self) -> bool:
        return self.expected is None or not is_late(self.seconds, self.expected)

    @property
    def left(self) -> float | None:
        """Seconds until it should be over."""
        return None if self.expected is None else max(0.0, self.expected - self.seconds)


def is_late(seconds: float, expected: float) -> bool:
    return seconds > expected * LATE + TOLERANCE.total_seconds()


def refined(stamp: datetime, seen: datetime | None) -> datetime:
    """A time of whole seconds, more precise where the change was seen within that very second."""
    if seen is not None and stamp <= seen < stamp + timedelta(seconds=1):
        return seen
    return stamp


def stages(stamps: Stamps, *, gated: bool = True, bound: bool = True) -> tuple[Span, ...]:
    """The spans of a Pod's life so far; the last one is open where the Pod is on its way.

    `bound`: a load balancer leads to it, so the stages there are to be expected. A stage nobody
    noted, of which a later one is known, is left out: its time belongs to the next.
    """
    way_in = list(_spans([s for s in WAY_IN if _applies(s, stamps, gated, bound)], stamps))
    is_leaving = Stage.TERMINATING in stamps
    if is_leaving:
        # It leaves: what it had not reached, it never will.
        way_in = [span for span in way_in if span.ends is not None]
        way_in += _spans([s for s in WAY_OUT if _applies(s, stamps, gated, bound)], stamps)
    elif Stage.GONE in stamps:
        way_in = [span for span in way_in if span.ends is not None]
    return tuple(way_in)


def waiting(
    stamps: Stamps, expected: Expected, now: datetime, *, gated: bool = True, bound: bool = True
) -> Waiting | None:
    """What the Pod waits for; None when it is Ready, or gone."""
    return waits_for(stages(stamps, gated=gated, bound=bound), expected.seconds, now)


def waits_for(
    spans: Sequence[Span], expected: Mapping[Stage, float], now: datetime
) -> Waiting | None:
    """The open span of these, against what was to be expected."""
    if not spans or spans[-1].ends is not None:
        return None
    last = spans[-1]
    waited = max(0.0, (now - last.begins).total_seconds())
    return Waiting(last.stage, last.begins, waited, expected.get(last.stage))


def slowest(spans: Iterable[Span]) -> Span | None:
    """The longest span of those on the way to Ready that are over."""
    over = [span for span in spans if span.seconds is not None and span.stage in WAY_IN]
    return max(over, key=lambda span: span.seconds or 0.0, default=None)


def _applies(stage: Stage, stamps: Stamps, gated: bool, bound: bool) -> bool:
    if stage in stamps:
        return True
    if stage is Stage.GATE:
        return gated
    if stage in {Stage.WEIGHT_ZERO, Stage.DRAINED}:
        # Only what was registered is drained.
        return bound and Stage.REGISTERED in stamps
    if stage in AT_THE_CLB:
        # A Pod without a gate is Ready whatever the load balancer says.
        return bound and gated
    return True


def _spans(order: list[Stage], stamps: Stamps) -> Iterator[Span]:
    """From the first stage of `order`, which begins the others and takes no time itself."""
    if not order or order[0] not in stamps:
        return
    begins = stamps[order[0]].at
    last = max(i for i, stage in enumerate(order) if stage in stamps)
    for stage in order[1 : last + 1]:
        if (stamp := stamps.get(stage)) is not None:
            ends = max(begins, stamp.at)
            yield Span(stage, begins, ends, stamp.source)
            begins = ends
    if last + 1 < len(order):
        yield Span(order[last + 1], begins, None)
