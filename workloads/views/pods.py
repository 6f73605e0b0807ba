"""The Pods page and one Pod's page."""

from typing import Any

from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from console import live
from console.access import cluster_for
from console.models import Cluster
from workloads import folded
from workloads.freshness import freshness
from workloads.models import Pod, Service
from workloads.views import listing, rows

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


@require_GET
def pods(request: HttpRequest, cluster_id: str) -> HttpResponse:
    cluster = cluster_for(request.user, cluster_id)
    context = _list_context(request, cluster) | {"section": "pods"}

    return render(request, "workloads/pods.html", context)


@live.region(topics=lambda cluster_id: [f"{cluster_id}/pods"])
@require_GET
def pod_rows(request: HttpRequest, cluster_id: str) -> HttpResponse:
    cluster = cluster_for(request.user, cluster_id)
    return render(request, "workloads/pods.html#rows", _list_context(request, cluster))


def _list_context(request: HttpRequest, cluster: Cluster) -> dict[str, Any]:
    everything = Pod.objects.filter(cluster=cluster)
    filters = {
        name: value
        for name in ("namespace", "q", "status", "node", "workload", "gates")
        if (value := listing.text(request.GET, name))
    }
    used = listing.order(request.GET, SORTS, "name")
    page = listing.page(_filtered(everything, filters), request.GET, used.columns)
    return {
        "cluster": cluster,
        "page": page,
        "rows": rows.pod_rows(cluster, page.object_list),
        "sort": used.word,
        "filters": filters,
        "total": everything.count() if filters and not page.object_list else None,
        "namespaces": listing.namespaces(cluster, Pod),
        "freshness": freshness(cluster, "Pod"),
    }


def _filtered(found: QuerySet[Pod], filters: dict[str, str]) -> QuerySet[Pod]:
    """The filters of the URL; each is a link somewhere in the console."""
    if namespace := filters.get("namespace"):
        found = found.filter(namespace=namespace)
    if q := filters.get("q"):
        found = found.filter(Q(name__icontains=q) | Q(ip__startswith=q) | Q(node__icontains=q))
    if node := filters.get("node"):
        found = found.filter(node=node)
    if workload := filters.get("workload"):
        kind, _, name = workload.partition("/")
        found = found.filter(workload_kind__iexact=kind, workload_name=name)
    if filters.get("gates") == "waiting":
        found = found.filter(gates_open=False)
    return _with_status(found, filters.get("status", ""))


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
