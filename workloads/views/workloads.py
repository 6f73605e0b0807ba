"""The pages of Deployments, StatefulSets and DaemonSets: the lists, and one of them."""

from typing import Any

from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from console import live
from console.access import Role, cluster_for, has_role
from console.models import Cluster
from workloads.behind import stopped
from workloads.freshness import freshness
from workloads.models import Pod, Workload
from workloads.notes import notes
from workloads.rollouts import KINDS
from workloads.views import listing, rows
from workloads.views.pods import SORTS as POD_SORTS
from workloads.views.workload_rows import gate_coverage, workload_lines

SORTS = {
    "name": ("name", "namespace", "id"),
    "namespace": ("namespace", "name", "id"),
    "ready": ("ready", "replicas", "name", "id"),
    "replicas": ("replicas", "name", "id"),
    "rollout": ("rollout", "name", "id"),
    "network": ("network_mode", "name", "id"),
    "age": ("-created_at", "id"),
}
# The URL has kinds in lower case; anything else is not a page.
KIND = {kind.lower(): kind for kind in KINDS}


def kind_of(word: str) -> str:
    if word not in KIND:
        raise Http404(_("No such kind of workload: %(word)s.") % {"word": word})
    return KIND[word]


@require_GET
def workloads(request: HttpRequest, cluster_id: str, kind: str) -> HttpResponse:
    cluster = cluster_for(request.user, cluster_id)
    context = _list_context(request, cluster, kind) | {"section": kind}

    return render(request, "workloads/workloads.html", context)


@live.region(topics=lambda cluster_id, kind: [f"{cluster_id}/workloads/{kind}"])
@require_GET
def workload_rows(request: HttpRequest, cluster_id: str, kind: str) -> HttpResponse:
    cluster = cluster_for(request.user, cluster_id)
    return render(request, "workloads/workloads.html#rows", _list_context(request, cluster, kind))


def _list_context(request: HttpRequest, cluster: Cluster, kind: str) -> dict[str, Any]:
    everything = Workload.objects.filter(cluster=cluster, kind=kind_of(kind))
    filters = {
        name: value
        for name in ("namespace", "q", "rollout")
        if (value := listing.text(request.GET, name))
    }
    wanted = everything
    if namespace := filters.get("namespace"):
        wanted = wanted.filter(namespace=namespace)
    if q := filters.get("q"):
        wanted = wanted.filter(Q(name__icontains=q) | Q(containers__icontains=q))
    if rollout_state := filters.get("rollout"):
        wanted = wanted.filter(rollout=rollout_state)
    used = listing.order(request.GET, SORTS, "name")
    page = listing.page(wanted, request.GET, used.columns)
    return {
        "cluster": cluster,
        "kind": KIND[kind],
        "kind_word": kind,
        "page": page,
        "rows": workload_lines(cluster, page.object_list),
        "may_write": has_role(request.user, Role.OPERATOR),
        "sort": used.word,
        "filters": filters,
        "total": everything.count() if filters and not page.object_list else None,
        "namespaces": listing.namespaces(cluster, Workload, kind=KIND[kind]),
        "freshness": freshness(cluster, KIND[kind]),
    }


def _topics(cluster_id: str, kind: str, namespace: str, name: str) -> list[str]:
    return [f"{cluster_id}/workloads/{kind}/{namespace}/{name}"]


@require_GET
def workload(
    request: HttpRequest, cluster_id: str, kind: str, namespace: str, name: str
) -> HttpResponse:
    context = _workload_context(request, cluster_id, kind, namespace, name)
    if context["workload"] is None:
        where = {"kind": KIND[kind], "name": f"{namespace}/{name}"}
        raise Http404(_("No %(kind)s %(name)s.") % where)
    context |= _members_context(request, context) | {"section": kind}
    return render(request, "workloads/workload.html", context)


@live.region(topics=_topics)
@require_GET
def rollout(
    request: HttpRequest, cluster_id: str, kind: str, namespace: str, name: str
) -> HttpResponse:
    context = _workload_context(request, cluster_id, kind, namespace, name)
    return render(request, "workloads/workload.html#rollout", context)


@live.region(topics=_topics)
@require_GET
def members(
    request: HttpRequest, cluster_id: str, kind: str, namespace: str, name: str
) -> HttpResponse:
    context = _workload_context(request, cluster_id, kind, namespace, name)
    context |= _members_context(request, context)
    return render(request, "workloads/workload.html#members", context)


def _workload_context(
    request: HttpRequest, cluster_id: str, kind: str, namespace: str, name: str
) -> dict[str, Any]:
    """The page and its regions; `workload` is None once it is gone, which the regions say."""
    cluster = cluster_for(request.user, cluster_id)
    found = (
        Workload.objects.filter(cluster=cluster, kind=kind_of(kind), namespace=namespace, name=name)
        .order_by("-created_at")
        .first()
    )
    pods = Pod.objects.filter(
        cluster=cluster, workload_kind=KIND[kind], namespace=namespace, workload_name=name
    )
    return {
        "cluster": cluster,
        "kind": KIND[kind],
        "kind_word": kind,
        "namespace": namespace,
        "name": name,
        "workload": workload_lines(cluster, [found])[0] if found else None,
        "pods": pods,
        "gates": gate_coverage(cluster, found, pods) if found else [],
        "stops": stopped(cluster, found) if found else [],
        "notes": notes(cluster, found) if found else [],
        "on": f"{namespace}/{name}",
        "may_write": has_role(request.user, Role.OPERATOR),
        "freshness": freshness(cluster, KIND[kind]),
    }


def _members_context(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    used = listing.order(request.GET, POD_SORTS, "name")
    page = listing.page(context["pods"], request.GET, used.columns)
    printed = rows.pod_rows(context["cluster"], page.object_list)
    return {"page": page, "rows": printed, "sort": used.word}
