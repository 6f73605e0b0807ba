"""The Service list: searched, sorted and paged in SQL, live."""

from typing import Any

from django.db.models import CharField, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from console import live
from console.access import Role, cluster_for, has_role
from console.models import Cluster
from services.models import Binding, Phase
from services.printed.rows import service_rows
from services.printed.words import phase_word
from workloads.freshness import freshness
from workloads.models import Service
from workloads.views import listing

SORTS = {
    "name": ("name", "namespace", "id"),
    "namespace": ("namespace", "name", "id"),
    "type": ("type", "load_balancer_class", "name", "id"),
    "vip": ("vip", "name", "id"),
    "phase": ("phase", "name", "id"),
    "age": ("-created_at", "id"),
}
UNBOUND = "none"
TYPES = ("LoadBalancer", "ClusterIP", "NodePort", "ExternalName")


@require_GET
def services(request: HttpRequest, cluster_id: str) -> HttpResponse:
    cluster = cluster_for(request.user, cluster_id)
    context = _context(request, cluster) | {"section": "service"}
    return render(request, "services/list.html", context)


@live.region(topics=lambda cluster_id: [f"{cluster_id}/services"])
@require_GET
def rows(request: HttpRequest, cluster_id: str) -> HttpResponse:
    cluster = cluster_for(request.user, cluster_id)
    return render(request, "services/list.html#rows", _context(request, cluster))


def _context(request: HttpRequest, cluster: Cluster) -> dict[str, Any]:
    everything = Service.objects.filter(cluster=cluster)
    filters = {
        name: value
        for name in ("namespace", "q", "type", "phase")
        if (value := listing.text(request.GET, name))
    }
    used = listing.order(request.GET, SORTS, "name")
    page = listing.page(_filtered(everything, filters), request.GET, used.columns)
    return {
        "cluster": cluster,
        "page": page,
        "rows": service_rows(cluster, page.object_list),
        "sort": used.word,
        "filters": filters,
        "total": everything.count() if filters and not page.object_list else None,
        "namespaces": listing.namespaces(cluster, Service),
        "types": TYPES,
        "phases": [(phase, phase_word(phase)) for phase in Phase.values],
        "freshness": freshness(cluster, "Service"),
        "may_write": has_role(request.user, Role.OPERATOR),
    }


def _filtered(rows: QuerySet[Service], filters: dict[str, str]) -> QuerySet[Service]:
    """The phase comes from the binding beside the row."""
    phase = Binding.objects.filter(service_uid=OuterRef("uid"), cluster=OuterRef("cluster"))
    known = Subquery(phase.values("phase")[:1], output_field=CharField())
    rows = rows.annotate(phase=Coalesce(known, Value("")))
    if namespace := filters.get("namespace"):
        rows = rows.filter(namespace=namespace)
    if q := filters.get("q"):
        rows = rows.filter(
            Q(name__icontains=q) | Q(vip__startswith=q) | Q(cluster_ip__startswith=q)
        )
    if kind := filters.get("type"):
        rows = rows.filter(type=kind)
    if wanted := filters.get("phase"):
        rows = rows.filter(phase="" if wanted == UNBOUND else wanted)
    return rows
