"""How fast a rollout can be, and how far it is: waves, the physical bound, time left; pure.

A wave is as many Pods as the strategy lets be replaced at once; the bound is what remains when
nothing waits for us: waves x (start + bind + interval x threshold + the kubelet's second), each as
fast as the fastest of these Pods had it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

# A kubelet takes up to this long from an open gate to Ready (DOMAIN §10).
KUBELET = 1.0


@dataclass(frozen=True)
class Margins:
    """How many Pods more, and how many fewer, a rollout may have; at once = both."""

    surge: int
    unavailable: int

    @property
    def at_once(self) -> int:
        return max(1, self.surge + self.unavailable)


@dataclass(frozen=True)
class Pace:
    """Seconds of one wave: until containers are ready, registered, healthy, Ready."""

    start: float
    bind: float
    check: float
    gated: bool
    min_ready: float = 0.0
    kubelet: float = KUBELET

    @property
    def wave(self) -> float:
        clb = self.bind + self.check + self.kubelet if self.gated else 0.0
        return self.start + clb + self.min_ready


@dataclass(frozen=True)
class Left:
    """How long a rollout should still take; `late` by how much the present wave is over time."""

    seconds: float
    late: float
    total: float


def margins(kind: str, strategy: dict[str, Any], wanted: int) -> Margins:
    """maxSurge and maxUnavailable in Pods, as the controllers round them."""
    rolling = strategy.get("rollingUpdate") or {}
    if strategy.get("type") == "Recreate":
        return Margins(0, wanted)
    if kind == "Deployment":
        surge = _pods(rolling.get("maxSurge", "25%"), wanted, math.ceil)
        unavailable = _pods(rolling.get("maxUnavailable", "25%"), wanted, math.floor)
    else:
        surge = _pods(rolling.get("maxSurge", 0), wanted, math.ceil)
        unavailable = _pods(rolling.get("maxUnavailable", 1), wanted, math.ceil)
    return Margins(surge, unavailable if surge or unavailable else 1)


def _pods(value: Any, wanted: int, rounded: Any) -> int:
    text = str(value)
    if text.endswith("%") and text[:-1].isdecimal():
        return int(rounded(int(text[:-1]) * wanted / 100))
    return int(text) if text.isdecimal() else 0


def count(replicas: int, at_once: int) -> int:
    return math.ceil(replicas / max(1, at_once))


def bound(replicas: int, at_once: int, pace: Pace) -> float:
    return count(replicas, at_once) * pace.wave


def of(index: int, at_once: int) -> int:
    """The wave, from 1, of the Pod that was created as the `index`-th (from 0)."""
    return index // max(1, at_once) + 1


def left(
    starts: Sequence[datetime],
    *,
    replicas: int,
    at_once: int,
    pace: Pace,
    began: datetime,
    now: datetime,
) -> Left:
    """`starts`: when each new Pod was created, in order; what is under way ends after one wave."""
    waves, begun = count(replicas, at_once), count(len(starts), at_once)
    since = starts[(begun - 1) * max(1, at_once)] if begun else began
    passed = (now - since).total_seconds()
    present = max(0.0, pace.wave - passed)
    to_come = max(0, waves - max(begun, 1)) * pace.wave
    seconds = present + to_come
    return Left(seconds, max(0.0, passed - pace.wave), (now - began).total_seconds() + seconds)
