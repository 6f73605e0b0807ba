"""What the watcher may not or cannot read in a cluster that answers: for the first page."""

from django.urls import reverse
from django.utils.translation import gettext as _

from console.attention import Concern, Report
from workloads.models import Watch


def report() -> Report:
    """One line for each cluster, with the API server's own words about the first of its kinds."""
    rows = Watch.objects.filter(cluster__reachable=True).exclude(error="")
    by_cluster: dict[str, list[Watch]] = {}
    for watch in rows.select_related("cluster").order_by("cluster__cluster_id", "kind"):
        by_cluster.setdefault(watch.cluster.cluster_id, []).append(watch)
    return Report({}, [_concern(cluster_id, found) for cluster_id, found in by_cluster.items()])


def _concern(cluster_id: str, watches: list[Watch]) -> Concern:
    kinds = ", ".join(watch.kind for watch in watches)
    text = _("cannot be read: %(kinds)s.") % {"kinds": kinds}
    url = reverse("cluster", args=[cluster_id])
    return Concern("error", cluster_id, url, text, watches[0].error)
