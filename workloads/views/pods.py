"""The Pods page and one Pod's page."""

from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from console import live, preferences
from console.access import Role, cluster_for, has_role
from console.markup import joined
from console.models import Cluster
from workloads import folded
from workloads.freshness import freshness
from workloads.models import Pod, Service
from workloads.views import listing, pod_columns, pod_filters, pod_life, rows

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
    "age": ("-created_at", "-id"),
}
# Columns that no row of the list shows.
UNUSED = ("conditions", "resource_version")


@require_GET
def pods(request: HttpRequest, cluster_id: str) -> HttpResponse:
    cluster = cluster_for(request.user, cluster_id)
    columns = _columns(request, saved=preferences.read(request.user, pod_columns.KEY))
    context = _list_context(request, cluster, columns) | {
        "section": "pods",
        "column_boxes": pod_columns.boxes(columns),
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
    filters = pod_filters.read(request.GET)
    used = listing.order(request.GET, SORTS, "name")
    wanted = pod_filters.narrowed(cluster, everything, filters)
    page = listing.page(wanted, request.GET, used.columns, without=UNUSED)
    may_write = has_role(request.user, Role.OPERATOR)
    keys = pod_columns.keys(columns)
    table = pod_columns.table(cluster, list(page.object_list), columns, pick=may_write)
    return {
        "cluster": cluster,
        "page": page,
        "rows": table,
        "table": joined([row.html for row in table]),
        "columns": columns,
        "column_words": ",".join(keys) if set(keys) != set(pod_columns.USUAL) else None,
        "sort": used.word,
        "filters": filters,
        "selects": pod_filters.selects(cluster, filters),
        "total": everything.count() if filters and not page.object_list else None,
        "freshness": freshness(cluster, "Pod"),
        "may_write": may_write,
    }


def _topics(cluster_id: str, namespace: str, name: str) -> list[str]:
    return [f"{cluster_id}/pods/{namespace}/{name}"]


@require_GET
def pod(request: HttpRequest, cluster_id: str, namespace: str, name: str) -> HttpResponse:
    context = _pod_context(request, cluster_id, namespace, name) | {"section": "pods"}
    found, uid = context["pod"], request.GET.get("uid", "")
    if found is None or uid not in {"", found.pod.uid}:
        return pod_life.gone(request, cluster_id, namespace, name)
    context |= pod_life.shown(context["cluster"], namespace, name, found.pod.uid)
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
        "pod": rows.pod_row(cluster, found) if found else None,
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
