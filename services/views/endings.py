"""Two live regions of a Service's page: targets on their way out, and all targets Dead."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from console import live
from console.access import cluster_for
from console.models import Cluster
from services.models import Binding
from services.printed import endings


def _topics(cluster_id: str, namespace: str, name: str) -> list[str]:
    return [f"{cluster_id}/services/{namespace}/{name}"]


@live.region(topics=_topics)
@require_GET
def outage(request: HttpRequest, cluster_id: str, namespace: str, name: str) -> HttpResponse:
    cluster = cluster_for(request.user, cluster_id)
    return render(request, "services/outage.html", context_of(cluster, namespace, name))


@live.region(topics=_topics)
@require_GET
def drains(request: HttpRequest, cluster_id: str, namespace: str, name: str) -> HttpResponse:
    cluster = cluster_for(request.user, cluster_id)
    return render(request, "services/drains.html", context_of(cluster, namespace, name))


def context_of(cluster: Cluster, namespace: str, name: str) -> dict[str, Any]:
    rows = Binding.objects.filter(cluster=cluster, namespace=namespace, name=name)
    binding = rows.order_by("-created_at").first()
    return {
        "cluster": cluster,
        "namespace": namespace,
        "name": name,
        "fails_open": endings.fails_open(binding),
        "drains": endings.drains(binding),
    }
