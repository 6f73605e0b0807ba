"""How old what a page shows may be, and how fast changes come through, by cluster."""

from datetime import datetime
from typing import TypedDict

from django.utils import timezone

from console.models import Cluster


class Age(TypedDict):
    """In seconds: since the watcher last heard, since the last event, its way into the index."""

    heard: float | None
    event: float | None
    lag: float


def ages() -> dict[str, Age]:
    now = timezone.now()

    def since(moment: datetime | None) -> float | None:
        return round(max((now - moment).total_seconds(), 0), 1) if moment else None

    rows = Cluster.objects.values_list("cluster_id", "seen_at", "event_at", "lag")
    return {
        cluster_id: Age(heard=since(seen_at), event=since(event_at), lag=round(lag, 2))
        for cluster_id, seen_at, event_at, lag in rows
    }
