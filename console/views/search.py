"""Search: a page of its own, and the part of it that the Ctrl-K dialog asks for."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from console import search as searching
from console.access import Role, check_role
from console.models import Cluster

PAGE = "console/search.html"


@require_GET
def search(request: HttpRequest) -> HttpResponse:
    return render(request, PAGE, _context(request))


@require_GET
def found(request: HttpRequest) -> HttpResponse:
    return render(request, f"{PAGE}#found", _context(request))


def _context(request: HttpRequest) -> dict[str, Any]:
    check_role(request.user, Role.VIEWER)
    q = request.GET.get("q", "").strip()[: searching.LONGEST]
    near = request.GET.get("cluster", "")
    clusters = list(Cluster.objects.only("pk", "cluster_id"))
    found = searching.find(clusters, q, near)
    return {"q": q, "near": near, "found": found, "section": "search"}
