"""The first page: every cluster, how it is, and what needs attention."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from console.models import Cluster


@require_GET
def clusters(request: HttpRequest) -> HttpResponse:
    rows = Cluster.objects.select_related("account").order_by("cluster_id")
    return render(request, "console/clusters.html", {"section": "clusters", "clusters": rows})
