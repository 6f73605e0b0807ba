"""One Pod's life as the waterfall draws it, and what can be counted over many; pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from statistics import median

from workloads.timeline.stages import Source, Span, Stage, Stamp, Waiting, stages, waits_for
from workloads.timeline.waves import KUBELET, Pace

# In the words kubectl prints for a Pod that will not start by itself.
TROUBLES = ("BackOff", "Err", "Error", "OOMKilled", "Invalid")
# What a Pod takes when nothing is known of any like it.
START, BIND = 5.0, 1.0


@dataclass(frozen=True)
class Life:
    uid: str
    name: str
    revision: str
    image: str
    node: str
    gated: bool
    word: str
    because: str
    restarts: int
    at: Mapping[Stage, datetime]
    ip_source: str = ""
    registered_source: str = ""

    @cached_property
    def spans(self) -> tuple[Span, ...]:
        return stages(self.stamps, gated=self.gated)

    def waiting(self, expected: Mapping[Stage, float], now: datetime) -> Waiting | None:
        """What the Pod waits for; None when it is Ready, or gone."""
        return waits_for(self.spans, expected, now)

    @cached_property
    def stamps(self) -> dict[Stage, Stamp]:
        return {stage: Stamp(at, self._source(stage)) for stage, at in self.at.items()}

    def _source(self, stage: Stage) -> Source:
        told = {Stage.IP: self.ip_source, Stage.REGISTERED: self.registered_source}.get(stage)
        return Source(told) if told else SOURCES.get(stage, Source.PODGATE)

    @property
    def is_ready(self) -> bool:
        return Stage.READY in self.at and Stage.TERMINATING not in self.at and not self.is_gone

    @property
    def is_failing(self) -> bool:
        """It was never Ready, and will not be as it is."""
        stays = not self.is_gone and Stage.TERMINATING not in self.at
        return stays and Stage.READY not in self.at and any(one in self.word for one in TROUBLES)

    @property
    def is_gone(self) -> bool:
        return Stage.GONE in self.at

    def seconds(self, begins: Stage, ends: Stage) -> float | None:
        """Between two stages; None where one is not known."""
        if begins not in self.at or ends not in self.at:
            return None
        return max(0.0, (self.at[ends] - self.at[begins]).total_seconds())

    @property
    def to_ready(self) -> float | None:
        return self.seconds(Stage.CREATED, Stage.READY)


# Whose word a stage is, where it can be nobody else's.
SOURCES = {
    Stage.CREATED: Source.KUBERNETES,
    Stage.SCHEDULED: Source.KUBERNETES,
    Stage.CONTAINERS_READY: Source.KUBERNETES,
    Stage.FIRST_HEALTHY: Source.PODGATE,
    Stage.GATE: Source.KUBERNETES,
    Stage.READY: Source.KUBERNETES,
    Stage.TERMINATING: Source.KUBERNETES,
    Stage.WEIGHT_ZERO: Source.PODGATE,
    Stage.DRAINED: Source.PODGATE,
    Stage.GONE: Source.WATCHER,
}


def measured(
    lives: Iterable[Life],
    *,
    check: float,
    bind: float = 0.0,
    min_ready: float = 0.0,
    gated: bool | None = None,
) -> Pace:
    """The pace of these Pods: what they took where known, what is usual elsewhere.

    `check` = interval x healthy threshold, which no Pod can be faster than.
    """
    known = list(lives)
    starts = _known(known, Stage.CREATED, Stage.CONTAINERS_READY)
    binds = _known(known, Stage.CONTAINERS_READY, Stage.REGISTERED)
    return Pace(
        start=median(starts) if starts else START,
        bind=median(binds) if binds else bind or BIND,
        check=check,
        gated=any(life.gated for life in known) if gated is None else gated,
        min_ready=min_ready,
    )


def fastest(lives: Iterable[Life], usual: Pace) -> Pace:
    """What each part took at least: a bound is what no Pod beats, not what half of them do."""
    known = list(lives)
    starts = _known(known, Stage.CREATED, Stage.CONTAINERS_READY)
    binds = _known(known, Stage.CONTAINERS_READY, Stage.REGISTERED)
    checks = _known(known, Stage.REGISTERED, Stage.FIRST_HEALTHY)
    kubelets = _known(known, Stage.GATE, Stage.READY)
    return replace(
        usual,
        start=min(starts, default=usual.start),
        bind=min(binds, default=usual.bind),
        check=min([usual.check, *checks]),
        kubelet=min([usual.kubelet, *kubelets]),
    )


def _known(lives: Sequence[Life], begins: Stage, ends: Stage) -> list[float]:
    return [took for life in lives if (took := life.seconds(begins, ends)) is not None]


def expected(pace: Pace, *, drain: float, grace: float) -> dict[Stage, float]:
    """Seconds each stage should take at this pace."""
    return {
        Stage.SCHEDULED: 1.0,
        Stage.IP: 2.0,
        Stage.CONTAINERS_READY: pace.start,
        Stage.REGISTERED: pace.bind,
        Stage.FIRST_HEALTHY: pace.check,
        Stage.GATE: KUBELET,
        Stage.READY: KUBELET,
        Stage.WEIGHT_ZERO: 2.0,
        Stage.DRAINED: drain,
        Stage.GONE: grace,
    }


def slowest_stage(lives: Iterable[Life], now: datetime | None = None) -> tuple[Stage, float] | None:
    """The stage that took longest at the median, and that; `now`: what has not ended counts."""
    took: dict[Stage, list[float]] = {}
    for life in lives:
        for span in life.spans:
            ends = span.ends or (now if not life.is_ready else None)
            if ends is not None and span.stage in _WAY:
                seconds = max(0.0, (ends - span.begins).total_seconds())
                took.setdefault(span.stage, []).append(seconds)
    medians = {stage: median(values) for stage, values in took.items()}
    return max(medians.items(), key=lambda item: item[1], default=None)


_WAY = {
    Stage.SCHEDULED,
    Stage.IP,
    Stage.CONTAINERS_READY,
    Stage.REGISTERED,
    Stage.FIRST_HEALTHY,
    Stage.GATE,
    Stage.READY,
}
