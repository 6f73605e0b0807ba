"""The arithmetic of a rolling update, as the Deployment controller does it; pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Fleet:
    """A ReplicaSet in numbers: wanted, running and available Pods."""

    name: str
    wanted: int
    running: int
    available: int


def absolute(value: int | str | None, total: int, *, default: int | str, up: bool) -> int:
    """An IntOrString of a strategy in Pods."""
    value = default if value is None else value
    if isinstance(value, int):
        return value
    share = int(value.rstrip("%")) * total / 100
    return math.ceil(share) if up else math.floor(share)


def margins(strategy: dict[str, Any], replicas: int) -> tuple[int, int]:
    """(maxSurge, maxUnavailable) in Pods; both zero would stand still, so one may be missing."""
    if strategy.get("type") == "Recreate":
        return 0, 0
    rolling = strategy.get("rollingUpdate") or {}
    surge = absolute(rolling.get("maxSurge"), replicas, default="25%", up=True)
    unavailable = absolute(rolling.get("maxUnavailable"), replicas, default="25%", up=False)
    if not surge and not unavailable:
        unavailable = 1
    return surge, min(unavailable, replicas)


def new_wanted(new: Fleet, old: Sequence[Fleet], *, replicas: int, surge: int) -> int:
    """How many Pods the new ReplicaSet may want now: all may not exceed replicas + surge."""
    if new.wanted >= replicas:
        return replicas
    room = replicas + surge - new.wanted - sum(fleet.wanted for fleet in old)
    return min(new.wanted + max(0, room), replicas)


def old_wanted(
    new: Fleet, old: Sequence[Fleet], *, replicas: int, unavailable: int
) -> dict[str, int]:
    """How many Pods each old ReplicaSet may keep: never below replicas - maxUnavailable
    available ones; Pods of old ReplicaSets that don't serve anyway go first."""
    keep = {fleet.name: fleet.wanted for fleet in old}
    least = replicas - unavailable
    new_missing = max(0, new.wanted - new.available)
    spare = sum(keep.values()) + new.wanted - least - new_missing
    if spare <= 0:
        return keep
    for fleet in old:
        idle = min(spare, fleet.wanted - min(fleet.wanted, fleet.available))
        keep[fleet.name] -= idle
        spare -= idle
    serving = sum(fleet.available for fleet in (new, *old))
    spare = max(0, serving - least)
    for fleet in old:
        less = min(spare, keep[fleet.name])
        keep[fleet.name] -= less
        spare -= less
    return keep


def proportions(fleets: Sequence[tuple[Fleet, int]], allowed: int) -> dict[str, int]:
    """Share a change of scale in the middle of a rollout between the ReplicaSets.

    `fleets` comes with the size (maxReplicas) each was last scaled for, newest first among
    equals; what rounding leaves goes to the largest.
    """
    ranked = sorted(fleets, key=lambda pair: -pair[0].wanted)
    change = allowed - sum(fleet.wanted for fleet, _ in fleets)
    left, shares = change, {}
    for fleet, before in ranked:
        share = round(fleet.wanted * allowed / before) - fleet.wanted if before else 0
        share = max(min(share, left), 0) if change > 0 else min(max(share, left), 0)
        shares[fleet.name] = fleet.wanted + share
        left -= share
    if ranked and left:
        largest = ranked[0][0].name
        shares[largest] = max(0, shares[largest] + left)
    return shares
