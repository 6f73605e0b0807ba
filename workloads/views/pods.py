"""The Pods page and one Pod's page."""

from typing import Any

from django.core.cache import cache
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from console import live, preferences
from console.access import Role, cluster_for, has_role
from console.models import Cluster
from workloads import folded, health
from workloads.freshness import freshness
from workloads.models import Pod, Service
from workloads.views import listing, pod_columns, rows

SORTS = {
    "name": ("name", "namespace", "id"),
    "namespace": ("namespace", "name", "id"),
    "status": ("status", "name", "id"),
    "ready": ("ready", "name", "id"),
    "gates": ("gates_open", "name", "id"),
    "ip": ("ip", "id"),
    "node": ("node", "name", "id"),
    "restarts": ("restarts", "name", "id"),
    "workload": ("workload_kind", "workload_name", "name", "id"),
    # The youngest first is what "age" ascending means.
    "age": ("-created_at", "id"),
}


NAMES = ("namespace", "q", "status", "node", "network", "workload", "gates", "health")
# What the filters offer is asked again this often; it is the same for everyone.
CHOICES_SECONDS = 10
MOST_NODES = 200


@require_GET
def pods(request: HttpRequest, cluster_id: str) -> HttpResponse:
    cluster = cluster_for(request.user, cluster_id)
    columns = _columns(request, saved=preferences.read(request.user, pod_columns.KEY))
    context = _list_context(request, cluster, columns) | {
        "section": "pods",
        "all_columns": [(one, one in columns) for one in pod_columns.COLUMNS],
    }
    return render(request, "workloads/pods.html", context)


@live.region(topics=lambda cluster_id: [f"{cluster_id}/pods"])
@require_GET
def pod_rows(request: HttpRequest, cluster_id: str) -> HttpResponse:
    """Pushed to everyone of a role: the columns are those of the URL, never somebody's own."""
    cluster = cluster_for(request.user, cluster_id)
    context = _list_context(request, cluster, _columns(request, saved=None))
    return render(request, "workloads/pods.html#rows", context)


@require_POST
def save_pod_columns(request: HttpRequest, cluster_id: str) -> HttpResponse:
    cluster = cluster_for(request.user, cluster_id)
    words = pod_columns.keys(pod_columns.chosen(request.POST.getlist("columns")))
    usual = "usual" in request.POST or set(words) == set(pod_columns.USUAL)
    preferences.write(request.user, pod_columns.KEY, None if usual else list(words))
    query = QueryDict(request.POST.get("query", ""), mutable=True)
    query.pop("columns", None)
    rest = f"?{query.urlencode()}" if query else ""
    return redirect(reverse("pods", args=[cluster.cluster_id]) + rest)


def _columns(request: HttpRequest, *, saved: Any) -> tuple[pod_columns.Column, ...]:
    """Those of the URL, else those the person saved, else the usual ones."""
    words = listing.text(request.GET, "columns").split(",")
    return pod_columns.chosen(words if any(words) else saved if isinstance(saved, list) else ())


def _list_context(
    request: HttpRequest, cluster: Cluster, columns: tuple[pod_columns.Column, ...]
) -> dict[str, Any]:
    everything = Pod.objects.filter(cluster=cluster)
    filters = {name: value for name in NAMES if (value := listing.text(request.GET, name))}
    used = listing.order(request.GET, SORTS, "name")
    page = listing.page(_filtered(cluster, everything, filters), request.GET, used.columns)
    may_write = has_role(request.user, Role.OPERATOR)
    keys = pod_columns.keys(columns)
    return {
        "cluster": cluster,
        "page": page,
        "rows": pod_columns.table(cluster, list(page.object_list), columns, pick=may_write),
        "columns": columns,
        "column_words": ",".join(keys) if set(keys) != set(pod_columns.USUAL) else None,
        "sort": used.word,
        "filters": filters,
        "total": everything.count() if filters and not page.object_list else None,
        "freshness": freshness(cluster, "Pod"),
        "may_write": may_write,
    } | _choices(cluster)


def _choices(cluster: Cluster) -> dict[str, list[str]]:
    """What can be filtered by, each read from its own index."""
    key = f"pod-choices:{cluster.pk}"
    found: dict[str, list[str]] | None = cache.get(key)
    if found is None:
        rows_of = Pod.objects.filter(cluster=cluster)
        nodes = rows_of.exclude(node="").values_list("node", flat=True).distinct()
        found = {
            "namespaces": sorted(set(rows_of.values_list("namespace", flat=True).distinct())),
            "statuses": sorted(set(rows_of.values_list("status", flat=True).distinct())),
            "nodes": sorted(set(nodes[: MOST_NODES + 1])),
        }
        cache.set(key, found, CHOICES_SECONDS)
    return found


def _filtered(cluster: Cluster, found: QuerySet[Pod], filters: dict[str, str]) -> QuerySet[Pod]:
    """The filters of the URL; each is a link somewhere in the console."""
    for name in ("namespace", "node"):
        if value := filters.get(name):
            found = found.filter(**{name: value})
    if q := filters.get("q"):
        found = found.filter(Q(name__icontains=q) | Q(ip__startswith=q) | Q(node__icontains=q))
    if mode := filters.get("network"):
        found = found.filter(network_mode="" if mode == "unknown" else mode)
    if workload := filters.get("workload"):
        kind, _, name = workload.partition("/")
        found = found.filter(workload_kind__iexact=kind, workload_name=name)
    if filters.get("health") in health.WORDS:
        found = health.having(cluster, found, filters["health"])
    return _with_status(_with_gates(found, filters.get("gates", "")), filters.get("status", ""))


def _with_gates(found: QuerySet[Pod], gates: str) -> QuerySet[Pod]:
    if gates == "waiting":
        return found.filter(gates_open=False)
    if gates == "open":
        return found.filter(gates_open=True).exclude(gates=[])
    return found.filter(gates=[]) if gates == "none" else found


def _with_status(found: QuerySet[Pod], status: str) -> QuerySet[Pod]:
    if status == "ready":
        return found.filter(ready=True)
    if status == "not-ready":
        return found.filter(ready=False).exclude(status__in=["Completed", "Succeeded"])
    return found.filter(status=status) if status else found


def _topics(cluster_id: str, namespace: str, name: str) -> list[str]:
    return [f"{cluster_id}/pods/{namespace}/{name}"]


@require_GET
def pod(request: HttpRequest, cluster_id: str, namespace: str, name: str) -> HttpResponse:
    context = _pod_context(request, cluster_id, namespace, name) | {"section": "pods"}
    if context["pod"] is None:
        raise Http404(_("No Pod %(name)s.") % {"name": f"{namespace}/{name}"})
    return render(request, "workloads/pod.html", context)


@live.region(topics=_topics)
@require_GET
def pod_state(request: HttpRequest, cluster_id: str, namespace: str, name: str) -> HttpResponse:
    context = _pod_context(request, cluster_id, namespace, name)
    return render(request, "workloads/pod.html#state", context)


@live.region(topics=_topics)
@require_GET
def pod_containers(
    request: HttpRequest, cluster_id: str, namespace: str, name: str
) -> HttpResponse:
    context = _pod_context(request, cluster_id, namespace, name)
    return render(request, "workloads/pod.html#containers", context)


@require_GET
def pod_yaml(request: HttpRequest, cluster_id: str, namespace: str, name: str) -> HttpResponse:
    cluster = cluster_for(request.user, cluster_id)
    context = {
        "cluster": cluster,
        "section": "pods",
        "namespace": namespace,
        "name": name,
        "manifest": folded.read(cluster, "Pod", namespace, name),
    }
    template = "workloads/yaml.html" + ("#yaml" if request.headers.get("HX-Request") else "")
    return render(request, template, context)


def _pod_context(
    request: HttpRequest, cluster_id: str, namespace: str, name: str
) -> dict[str, Any]:
    """The page and its regions; `pod` is None once it is gone, which the regions say."""
    cluster = cluster_for(request.user, cluster_id)
    found = (
        Pod.objects.filter(cluster=cluster, namespace=namespace, name=name)
        .order_by("-created_at")
        .first()
    )
    return {
        "cluster": cluster,
        "namespace": namespace,
        "name": name,
        "pod": rows.pod_rows(cluster, [found])[0] if found else None,
        "services": _selecting(cluster, found) if found else [],
        "may_write": has_role(request.user, Role.OPERATOR),
        "freshness": freshness(cluster, "Pod"),
    }


def _selecting(cluster: Cluster, found: Pod) -> list[Service]:
    """The Services whose selector matches the Pod, whoever binds them."""
    labels = found.labels.items()
    services = Service.objects.filter(cluster=cluster, namespace=found.namespace)
    return [
        service
        for service in services.order_by("name")
        if service.selector and service.selector.items() <= labels
    ]
