"""What search finds of what runs: Pods by name and IP, workloads, nodes."""

from collections.abc import Sequence
from urllib.parse import quote, urlencode

from django.db import connection
from django.db.models import Model, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from console.models import Cluster
from console.search import COUNTED, SHOWN, Asked, Clusters, Group, Hit
from console.search.names import beginning, best, by_address, order
from workloads.models import Pod, Workload
from workloads.views.rows import pod_tone
from workloads.views.workload_rows import ROLLOUT_TONE, rollout_words


def groups(clusters: Clusters, asked: Asked) -> Sequence[Group]:
    found = [_workloads(clusters, asked), _pods(clusters, asked)]
    return [*found, _nodes(clusters, asked)] if asked.is_address else found


def scope[T: Model](rows: QuerySet[T], clusters: Clusters, asked: Asked) -> QuerySet[T]:
    found = rows.filter(cluster__in=list(clusters))
    return found.filter(namespace=asked.namespace) if asked.namespace else found


def _workloads(clusters: Clusters, asked: Asked) -> Group:
    rows, total = best(scope(Workload.objects.all(), clusters, asked), asked.text, near=asked.near)
    hits = [_workload(clusters[row.cluster_id], row) for row in rows]
    return Group(_("Workloads"), hits, total)


def _workload(cluster: Cluster, row: Workload) -> Hit:
    where = [cluster.cluster_id, row.kind.lower(), row.namespace, row.name]
    ready = _("%(ready)s of %(wanted)s Ready") % {"ready": row.ready, "wanted": row.replicas}
    return Hit(
        icon="workload",
        title=row.name,
        url=reverse("workload", args=where),
        note=f"{cluster.cluster_id} / {row.namespace} · {row.kind} · {ready}",
        word=rollout_words(row.rollout),
        tone=ROLLOUT_TONE.get(row.rollout, "idle"),
    )


def _pods(clusters: Clusters, asked: Asked) -> Group:
    rows = scope(Pod.objects.all(), clusters, asked)
    if asked.is_address:
        pods, total = by_address(rows.filter(_ip(asked.text)), asked.text, "ip", near=asked.near)
    else:
        pods, total = best(rows, asked.text, near=asked.near)
    hits = [_pod(clusters[pod.cluster_id], pod) for pod in pods]
    place = clusters[pods[0].cluster_id].cluster_id if pods else ""
    return Group("Pods", hits, total, _all_pods(clusters, asked, pods), place)


def _ip(text: str) -> Q:
    """A whole address is looked up, the beginning of one is a range or a look at all of them."""
    if text.count(".") == 3 and not text.endswith("."):
        exact = Q(ip=text) if _is_ip(text) else Q(pk=None)
        return exact | beginning("ip", text) if connection.vendor == "sqlite" else exact
    if connection.vendor == "sqlite":
        return beginning("ip", text)
    return Q(ip__startswith=text)


def _is_ip(text: str) -> bool:
    return all(part.isdecimal() and int(part) < 256 for part in text.split("."))


def _all_pods(clusters: Clusters, asked: Asked, pods: Sequence[Pod]) -> str:
    """The Pods list has one cluster: the one where the best of them is."""
    if not pods:
        return ""
    cluster = clusters[pods[0].cluster_id]
    query = {"q": asked.text} | ({"namespace": asked.namespace} if asked.namespace else {})
    return f"{reverse('pods', args=[cluster.cluster_id])}?{urlencode(query)}"


def _pod(cluster: Cluster, pod: Pod) -> Hit:
    parts = [f"{cluster.cluster_id} / {pod.namespace}", pod.ip or ""]
    parts.append(_("node %(name)s") % {"name": pod.node} if pod.node else "")
    is_well = pod.status == "Running" and pod.ready
    return Hit(
        icon="pod",
        title=pod.name,
        url=reverse("pod", args=[cluster.cluster_id, pod.namespace, pod.name]),
        note=" · ".join(filter(None, parts)),
        word=_("Ready") if is_well else pod.status,
        tone=pod_tone(pod),
    )


def _nodes(clusters: Clusters, asked: Asked) -> Group:
    """Nodes are known by their Pods."""
    rows = Pod.objects.filter(beginning("node", asked.text), cluster__in=list(clusters))
    named = set(rows.order_by().values_list("cluster_id", "node").distinct()[:COUNTED])
    found = sorted(named, key=lambda one: (one[0] != asked.near, *order(one[1]), one[0]))
    hits = [_node(clusters[key], name) for key, name in found[:SHOWN]]
    return Group(_("Nodes"), hits, len(found))


def _node(cluster: Cluster, name: str) -> Hit:
    url = f"{reverse('pods', args=[cluster.cluster_id])}?node={quote(name)}"
    return Hit("cluster", name, url, f"{cluster.cluster_id} · {_('its Pods')}")
