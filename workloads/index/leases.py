"""Which watcher watches which cluster: leases by conditional UPDATE on the database's clock."""

from datetime import timedelta
from math import ceil

from django.db import IntegrityError
from django.db.models import Q
from django.db.models.functions import Now

from workloads.models import Watcher, WatchLease


def attend(me: str, seconds: float) -> int:
    """Say that this watcher lives; returns how many do."""
    until = Now() + timedelta(seconds=seconds)
    if not Watcher.objects.filter(name=me).update(until=until):
        Watcher.objects.get_or_create(name=me, defaults={"until": until})
    Watcher.objects.filter(until__lt=Now() - timedelta(minutes=5)).delete()
    return max(Watcher.objects.filter(until__gt=Now()).count(), 1)


def share(
    clusters: list[int], held: set[int], me: str, *, watchers: int, seconds: float
) -> set[int]:
    """Renew what is held, give away what is more than a fair share, take what is free below it."""
    fair = ceil(len(clusters) / watchers)
    mine: set[int] = set()
    # What is held comes first, so that clusters do not wander between watchers.
    for cluster in sorted(clusters, key=lambda one: (one not in held, one)):
        if len(mine) >= fair:
            if cluster in held:
                release(cluster, me)
        elif take(cluster, me, seconds):
            mine.add(cluster)
    return mine


def take(cluster: int, me: str, seconds: float) -> bool:
    """Take or renew the lease of a cluster; False while another watcher has it."""
    until = Now() + timedelta(seconds=seconds)
    leases = WatchLease.objects.filter(cluster_id=cluster)
    if leases.filter(Q(holder=me) | Q(until__lt=Now())).update(holder=me, until=until):
        return True
    if leases.exists():
        return False
    try:
        WatchLease.objects.create(cluster_id=cluster, holder=me, until=until)
    except IntegrityError:
        return False
    return True


def release(cluster: int, me: str) -> None:
    WatchLease.objects.filter(cluster_id=cluster, holder=me).update(until=Now())
