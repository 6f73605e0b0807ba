"""Healthy targets over time: the fewest, the capacity that was lost, the line of a chart; pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from workloads.timeline.waterfall import Axis


@dataclass(frozen=True)
class Count:
    """From this moment on so many were healthy of those that took traffic."""

    at: datetime
    healthy: int
    wanted: int = 0


def within(counts: Sequence[Count], begins: datetime, ends: datetime) -> list[Count]:
    """The counts of a period, the one that stood when it began first."""
    before = [count for count in counts if count.at <= begins]
    during = [count for count in counts if begins < count.at <= ends]
    first = [Count(begins, before[-1].healthy, before[-1].wanted)] if before else []
    return first + during


def fewest(counts: Sequence[Count]) -> int | None:
    return min((count.healthy for count in counts), default=None)


def most(counts: Sequence[Count]) -> int:
    return max((count.healthy for count in counts), default=0)


def lost(counts: Sequence[Count], wanted: int, ends: datetime) -> float | None:
    """The share of what was wanted, over the whole time, that was not there; 0 to 1."""
    if not counts or not wanted:
        return None
    whole = (ends - counts[0].at).total_seconds()
    if whole <= 0:
        return 0.0
    missing = 0.0
    for count, following in zip(counts, [*(one.at for one in counts[1:]), ends], strict=True):
        missing += max(0, wanted - count.healthy) * (following - count.at).total_seconds()
    return missing / (wanted * whole)


def ready(changes: Sequence[tuple[datetime, int]], begins: datetime, at_start: int) -> list[Count]:
    """Counts from moments at which one came (+1) or went (-1): Ready Pods, where no CLB counts."""
    found, now = [Count(begins, at_start)], at_start
    for at, change in sorted(changes):
        now += change
        found.append(Count(max(at, begins), max(0, now)))
    return found


def height(healthy: float, top: float) -> float:
    """The y of a count, in percent: room above for the words, the axis below."""
    return 96 - 88 * healthy / top if top else 96.0


def points(counts: Sequence[Count], axis: Axis, ends: datetime, top: float) -> str:
    """The steps of a polyline in a box of 100 x 100."""
    found: list[str] = []
    last: float | None = None
    for count in counts:
        x, y = axis.x(count.at), height(count.healthy, top)
        if last is not None:
            found.append(f"{x:.4g},{last:.4g}")
        found.append(f"{x:.4g},{y:.4g}")
        last = y
    if last is not None:
        found.append(f"{axis.x(ends):.4g},{last:.4g}")
    return " ".join(found)
