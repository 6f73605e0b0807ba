"""Who began a rollout, and the figures that are kept of one that is over."""

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from console.models import Activity, Cluster
from workloads.history import picture
from workloads.history.picture import Picture
from workloads.models import Rollout
from workloads.timeline import lives

# Who asked for a rollout did so this shortly before or after it was seen to begin.
BY_HAND = timedelta(seconds=15)
# What the audit trail calls the actions that begin one.
BEGINNINGS = ("update-image", "restart", "roll-back", "resume")
# After these a resume goes on with what had begun before.
PAUSES = ("pause", "guard-pause")


def started_by(rollout: Rollout) -> str:
    """A user of podgate, by the audit trail; else the manager of the template's fields."""
    if rollout.started_by:
        return rollout.started_by
    lines = Activity.objects.filter(
        cluster=rollout.cluster.cluster_id,
        kind=rollout.kind,
        namespace=rollout.namespace,
        name=rollout.name,
        ok=True,
        at__gte=rollout.started_at - BY_HAND,
        at__lte=rollout.started_at + BY_HAND,
        verb__in=(*BEGINNINGS, *PAUSES),
    )
    for line in lines.order_by("at"):
        if line.verb in BEGINNINGS:
            return line.username
        if line.at >= rollout.started_at:
            break
    return rollout.manager


def figures(found: Picture) -> dict[str, Any]:
    """What the list of rollouts shows of one that is over."""
    slow = lives.slowest_stage(found.new, found.now)
    return {
        "bound": round(found.bound, 1),
        "waves": found.wave_count,
        "check": found.pace.check,
        "slowest": slow[0].value if slow else "",
        "slowest_seconds": round(slow[1], 1) if slow else None,
        "fewest": found.fewest,
        "lost": found.lost,
        "pods": len(found.new),
        "kept": found.kept,
        "services": sorted({one.service for one in found.listeners}),
    }


def settle(cluster: Cluster, now: datetime | None = None) -> None:
    """Write down the figures of rollouts that ended a while ago; old Pods have drained by then."""
    over = (now or timezone.now()) - timedelta(seconds=20)
    rows = Rollout.objects.filter(cluster=cluster, finished_at__lte=over, figures={})
    for rollout in rows.select_related("cluster")[:20]:
        found = picture.picture(rollout)
        Rollout.objects.filter(pk=rollout.pk).update(
            figures=figures(found), started_by=started_by(rollout)
        )
