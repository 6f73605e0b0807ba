"""Healthy targets per listener over time, ready to print."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from workloads.history.picture import Listener, Picture
from workloads.timeline import counts
from workloads.timeline.waterfall import PARTS, Axis
from workloads.views.rollout_context import axis_of


@dataclass(frozen=True)
class Chart:
    """Healthy targets of one listener; every number is a percentage of the box."""

    listener: Listener
    label: str
    line: SafeString
    area: SafeString
    floor: float | None
    floor_at: int | None
    wanted: float
    wanted_at: int
    now: float
    low: int
    high: int


def targets(found: Picture) -> dict[str, Any]:
    listeners: Sequence[Listener] = found.listeners
    if not listeners and found.capacity:
        # Nobody counts at a load balancer: Ready Pods say the same.
        listeners = [Listener("", _("Ready Pods"), "", None, found.capacity)]
    begins = found.rollout.started_at
    # Nothing to replace, nothing to wait for: such a rollout may have taken no time.
    whole = max(1.0, (found.now - begins).total_seconds())
    scale = axis_of(found) if found.is_running else Axis(begins, whole / PARTS)
    return {
        "picture": found,
        "rollout": found.rollout,
        "charts": [_chart(found, one, scale) for one in listeners if one.counts],
    }


def _chart(found: Picture, listener: Listener, scale: Axis) -> Chart:
    wanted = found.rollout.replicas
    high, low = counts.most(listener.counts), counts.fewest(listener.counts) or 0
    top = max(high, wanted, listener.floor or 0) * 1.1
    line = counts.points(listener.counts, scale, found.now, top)
    edge = f"{scale.x(found.now):.4g}"
    begin = line.partition(",")[0]
    said = _("Healthy targets of %(listener)s: between %(low)s and %(high)s since the start") % {
        "listener": listener.name,
        "low": low,
        "high": high,
    }
    floor = listener.floor
    return Chart(
        listener=listener,
        label=said,
        line=mark_safe(line),  # noqa: S308
        area=mark_safe(f"{begin},96 {line} {edge},96"),  # noqa: S308
        floor=round(counts.height(floor, top), 1) if floor is not None else None,
        floor_at=floor,
        wanted=round(counts.height(wanted, top), 1),
        wanted_at=wanted,
        now=round(scale.x(found.now), 1),
        low=low,
        high=high,
    )
