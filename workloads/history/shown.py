"""The pictures that pages show: read once for all regions, viewers and languages of a moment."""

from functools import partial

from console.live.sharing import Shared
from console.models import Cluster
from workloads.history import picture
from workloads.history.picture import Picture
from workloads.models import Rollout

_pictures = Shared[tuple[object, ...], Picture | None](most=32)


def latest(cluster: Cluster, kind: str, namespace: str, name: str) -> Picture | None:
    """Of the rollout that is under way, else of the last one."""
    where = (kind, namespace, name)
    return _pictures.get((cluster.pk, *where), partial(_latest, cluster, *where))


def past(rollout: Rollout) -> Picture:
    found = _pictures.get((rollout.pk,), partial(_picture, rollout))
    return found or picture.picture(rollout)


def _latest(
    cluster: Cluster, kind: str, namespace: str, name: str, before: Picture | None
) -> Picture | None:
    rollout = picture.latest(cluster, kind, namespace, name)
    if rollout is None:
        return None
    # Read already.
    rollout.cluster = cluster
    return _picture(rollout, before)


def _picture(rollout: Rollout, before: Picture | None) -> Picture:
    return picture.picture(rollout, before=before)
