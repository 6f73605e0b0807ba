"""How old what a page shows may be: seconds since the watcher last heard from each cluster."""

from django.utils import timezone

from console.models import Cluster


def ages() -> dict[str, float | None]:
    now = timezone.now()
    return {
        cluster_id: round(max((now - seen_at).total_seconds(), 0), 1) if seen_at else None
        for cluster_id, seen_at in Cluster.objects.values_list("cluster_id", "seen_at")
    }
