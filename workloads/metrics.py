"""The watches and the index in figures, for `/metrics`."""

from collections.abc import Iterator

from django.db.models import Count
from django.utils import timezone

from console.metrics import Metric
from workloads.models import Pod, Service, Watch, Watcher, WatchLease, Workload


def metrics() -> Iterator[Metric]:
    now = timezone.now()
    watches = Watch.objects.order_by("cluster", "kind").values_list(
        "cluster__cluster_id", "kind", "synced_at", "error"
    )
    yield Metric(
        "podgate_watch_failing",
        "1 while the kind cannot be read.",
        [({"cluster": id, "kind": kind}, float(bool(error))) for id, kind, _, error in watches],
    )
    yield Metric(
        "podgate_watch_list_age_seconds",
        "Since the kind was last listed as a whole.",
        [
            ({"cluster": id, "kind": kind}, (now - at).total_seconds())
            for id, kind, at, _ in watches
            if at
        ],
    )
    yield Metric(
        "podgate_index_objects",
        "Objects in the index.",
        [
            ({"cluster": id, "kind": model.__name__}, float(n))
            for model in (Pod, Workload, Service)
            for id, n in model._default_manager.values_list("cluster__cluster_id")
            .annotate(n=Count("pk"))
            .order_by("cluster__cluster_id")
        ],
    )
    yield Metric(
        "podgate_watchers",
        "Watcher processes that are alive.",
        [({}, float(Watcher.objects.filter(until__gt=now).count()))],
    )
    leases = WatchLease.objects.filter(until__gt=now).order_by("cluster")
    yield Metric(
        "podgate_watch_leader",
        "1 for the watcher that watches the cluster.",
        [
            ({"cluster": id, "watcher": holder}, 1.0)
            for id, holder in leases.values_list("cluster__cluster_id", "holder")
        ],
    )
