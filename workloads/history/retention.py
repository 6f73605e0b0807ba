"""Forgets what is older than the retention (PODGATE_TIMELINE_DAYS), a few thousand rows a time."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from console.models import Cluster
from workloads.models import PodTimeline, Rollout, TargetCount

# More than this in one go would keep SQLite's one writer for long.
MOST = 5_000


def sweep(cluster: Cluster, now: datetime | None = None) -> int:
    """Forget what is too old, never what is under way; answers how many rows went."""
    old = (now or timezone.now()) - timedelta(days=settings.TIMELINE_DAYS)
    return sum(
        _forget(rows)
        for rows in (
            PodTimeline.objects.filter(cluster=cluster, noted_at__lt=old),
            Rollout.objects.filter(cluster=cluster, finished_at__lt=old),
            TargetCount.objects.filter(cluster=cluster, at__lt=old),
        )
    )


def _forget(rows: QuerySet[PodTimeline] | QuerySet[Rollout] | QuerySet[TargetCount]) -> int:
    pks = list(rows.values_list("pk", flat=True)[:MOST])
    # _raw_delete: nothing hangs on these rows, so there is nothing to collect first.
    return int(rows.model._default_manager.filter(pk__in=pks)._raw_delete(rows.db)) if pks else 0
