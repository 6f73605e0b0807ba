"""Kubernetes Events, read live from the API server by pages; they are never indexed."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from console import live
from console.access import cluster_for
from workloads import kube_events
from workloads.views import listing

# Kinds that Events are usually about; any other may be asked for in the URL.
KINDS = ("Pod", "Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Service", "Node")


@require_GET
def events(request: HttpRequest, cluster_id: str) -> HttpResponse:
    context = _context(request, cluster_id) | {"section": "events"}
    return render(request, "workloads/events.html", context)


@live.region(topics=lambda cluster_id: [f"{cluster_id}/events"], every=5)
@require_GET
def event_rows(request: HttpRequest, cluster_id: str) -> HttpResponse:
    return render(request, "workloads/events.html#rows", _context(request, cluster_id))


def _context(request: HttpRequest, cluster_id: str) -> dict[str, Any]:
    cluster = cluster_for(request.user, cluster_id)
    filters = {
        name: value
        for name in ("namespace", "kind", "name", "uid", "type", "reason")
        if (value := listing.text(request.GET, name))
    }
    token = request.GET.get("continue", "")[:4096]
    found = kube_events.page(cluster, filters, token=token)
    return {"cluster": cluster, "filters": filters, "events": found, "kinds": KINDS}
