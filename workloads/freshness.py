"""Whether the index of a cluster can be trusted: never read, being read, or out of touch."""

from dataclasses import dataclass

from console.models import Cluster
from workloads.models import Watch


@dataclass(frozen=True)
class Freshness:
    """`listed`: the kind has been read at least once. `error`: why it cannot be read now."""

    listed: bool
    error: str = ""


def freshness(cluster: Cluster, kind: str) -> Freshness:
    watch = Watch.objects.filter(cluster=cluster, kind=kind).first()
    if watch is None:
        return Freshness(listed=False, error=cluster.unreachable_because)
    return Freshness(watch.synced_at is not None, watch.error or cluster.unreachable_because)
