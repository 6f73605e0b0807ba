"""What an action means for the traffic: how many Pods stay, what the CLB takes, how long; pure."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from workloads.actions.changes import Manifest, is_paused, partition, same_template, strategy_of
from workloads.actions.front import Behind

# What a kubelet takes from an open gate to Ready on a new Pod.
KUBELET_SECONDS = 1.0


@dataclass(frozen=True)
class Consequence:
    """A sentence by its code (`workloads.actions.words`), with the numbers in it."""

    code: str
    tone: str = ""
    numbers: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Pace:
    """What the workload's Pods took lately: from creation until their containers are ready."""

    start_seconds: float
    # Pods of the workload that are there now; a DaemonSet's count, which its spec does not tell.
    pods: int
    # Of these, those that are of the revision to come already: they stay.
    kept: int = 0


def consequences(
    kind: str, before: Manifest, after: Manifest, behind: Sequence[Behind], pace: Pace
) -> tuple[Consequence, ...]:
    """For the difference between two states of one workload."""
    return tuple(_consequences(kind, before, after, behind, pace))


def _consequences(
    kind: str, before: Manifest, after: Manifest, behind: Sequence[Behind], pace: Pace
) -> Iterator[Consequence]:
    was, will = _wanted(kind, before, pace), _wanted(kind, after, pace)
    if was != will:
        yield from _scaled(was, will, behind)
    if is_paused(kind, after) and not is_paused(kind, before):
        yield Consequence("paused", "warning")
    rolls = not same_template(before["spec"]["template"], after["spec"]["template"])
    if is_paused(kind, before) and not is_paused(kind, after):
        yield Consequence("resumed")
        rolls = True
    if rolls:
        yield from _rolled(kind, after, behind, pace)
    elif strategy_of(before) != strategy_of(after) and not is_paused(kind, after):
        yield from _next_time(kind, after, behind, pace)
    if not behind:
        yield Consequence("no-service")


def _wanted(kind: str, live: Manifest, pace: Pace) -> int:
    return pace.pods if kind == "DaemonSet" else int(live["spec"].get("replicas", 1))


def _scaled(was: int, will: int, behind: Sequence[Behind]) -> Iterator[Consequence]:
    if will == 0:
        yield Consequence("scaled-to-nothing", "error", {"services": names(behind)})
    elif will < was:
        yield Consequence("scaled-down", "warning" if behind else "", {"n": was - will})
    else:
        yield Consequence("scaled-up", "", {"n": will - was})
    for one in behind:
        floor = one.floor_of(will)
        if floor is not None and will < floor:
            yield Consequence("below-floor", "error", {"service": one.name, "floor": floor})
        yield from _quota(one, will - was)


def _quota(one: Behind, more: int) -> Iterator[Consequence]:
    """Pods beyond the quota wait without a gate; the rollout waits with them."""
    if one.quota is not None and more > 0 and one.targets + more > one.quota:
        numbers = {"service": one.name, "quota": one.quota, "n": one.targets + more}
        yield Consequence("quota", "error", numbers)


def _rolled(
    kind: str, after: Manifest, behind: Sequence[Behind], pace: Pace
) -> Iterator[Consequence]:
    """The Pods are replaced, as the strategy says."""
    strategy, wanted = strategy_of(after), _wanted(kind, after, pace)
    word = strategy.get("type", "RollingUpdate")
    if is_paused(kind, after):
        yield Consequence("waits-paused", "warning")
        return
    if word == "OnDelete":
        yield Consequence("on-delete", "warning")
        return
    one_pod = _pod_seconds(after, behind, pace)
    if word == "Recreate":
        numbers = {"seconds": round(one_pod), "services": names(behind)}
        yield Consequence("recreate", "error", numbers)
        return
    kept = min(pace.kept, wanted)
    if kept:
        yield Consequence("kept", "", {"n": kept, "total": wanted})
    yield from _waves(kind, after, wanted, one_pod, kept=kept)
    if kept < wanted:
        yield from _capacity(kind, after, wanted, behind)


def _next_time(
    kind: str, after: Manifest, behind: Sequence[Behind], pace: Pace
) -> Iterator[Consequence]:
    yield Consequence("next-rollout")
    if strategy_of(after).get("type", "RollingUpdate") == "RollingUpdate":
        wanted = _wanted(kind, after, pace)
        yield from _waves(kind, after, wanted, _pod_seconds(after, behind, pace))
        yield from _capacity(kind, after, wanted, behind)


def _pod_seconds(after: Manifest, behind: Sequence[Behind], pace: Pace) -> float:
    """start + bind + interval x healthy threshold + kubelet + minReadySeconds: one wave."""
    clb = max((one.bind_seconds + one.first_look for one in behind), default=0.0)
    kubelet = KUBELET_SECONDS if behind else 0.0
    return float(pace.start_seconds + clb + kubelet + after["spec"].get("minReadySeconds", 0))


def _waves(
    kind: str, after: Manifest, wanted: int, one_pod: float, *, kept: int = 0
) -> Iterator[Consequence]:
    surge, unavailable = margins(kind, after, wanted)
    replaced = wanted - min(partition(after), wanted) if kind == "StatefulSet" else wanted
    if replaced < wanted:
        yield Consequence("partition", "", {"n": replaced, "total": wanted})
    replaced = min(replaced, wanted - kept)
    if replaced:
        at_once = max(1, surge + unavailable)
        waves = math.ceil(replaced / at_once)
        numbers = {"n": replaced, "waves": waves, "at_once": at_once, "seconds": waves * one_pod}
        yield Consequence("waves", "", numbers)


def _capacity(
    kind: str, after: Manifest, wanted: int, behind: Sequence[Behind]
) -> Iterator[Consequence]:
    surge, unavailable = margins(kind, after, wanted)
    least = wanted - unavailable
    tone = "error" if not least and wanted else "warning" if unavailable else ""
    code = "capacity" if unavailable else "full-capacity"
    yield Consequence(code, tone, {"least": least, "total": wanted, "n": unavailable})
    for one in behind:
        floor = one.floor_of(wanted)
        if floor is not None and least < floor:
            numbers = {"service": one.name, "floor": floor, "least": least}
            yield Consequence("guard-would-stop", "error", numbers)
        yield from _quota(one, surge)


def margins(kind: str, live: Manifest, wanted: int) -> tuple[int, int]:
    """(maxSurge, maxUnavailable) in Pods, with each kind's own defaults."""
    rolling = strategy_of(live).get("rollingUpdate") or {}
    if kind == "StatefulSet":
        return 0, max(1, absolute(rolling.get("maxUnavailable", 1), wanted, up=True))
    defaults = ("25%", "25%") if kind == "Deployment" else (0, 1)
    surge = absolute(rolling.get("maxSurge", defaults[0]), wanted, up=True)
    # A DaemonSet's share is rounded up, a Deployment's down (apps/v1).
    is_up = kind == "DaemonSet"
    unavailable = absolute(rolling.get("maxUnavailable", defaults[1]), wanted, up=is_up)
    if not surge and not unavailable:
        unavailable = 1
    return surge, min(unavailable, wanted)


def absolute(value: int | str, total: int, *, up: bool) -> int:
    """An IntOrString in Pods."""
    text = str(value)
    if not text.endswith("%"):
        return int(text) if text.isdecimal() else 0
    share = text.removesuffix("%")
    exact = (int(share) if share.isdecimal() else 0) * total / 100
    return math.ceil(exact) if up else math.floor(exact)


def names(behind: Sequence[Behind]) -> str:
    return ", ".join(one.name for one in behind)
