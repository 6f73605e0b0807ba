"""The first page: every cluster, how it is, and what needs attention."""

from itertools import chain
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from console import access, attention, live, overview
from console.attention import Standing
from console.models import Activity, Cluster
from console.network import DirectAccess
from console.views.activity import row as activity_row

PER_PAGE = 50
RECENT = 5
# Nothing announces "any cluster": these regions are looked at again while someone looks at them.
EVERY = 5


@require_GET
@access.require_role(access.Role.VIEWER)
def clusters(request: HttpRequest) -> HttpResponse:
    return render(request, "console/clusters.html", _context(request))


@live.region(topics=lambda: [], every=EVERY)
@require_GET
@access.require_role(access.Role.VIEWER)
def glance(request: HttpRequest) -> HttpResponse:
    return render(request, "console/clusters.html#glance", _context(request))


@live.region(topics=lambda: [], every=EVERY)
@require_GET
@access.require_role(access.Role.VIEWER)
def cluster_rows(request: HttpRequest) -> HttpResponse:
    return render(request, "console/clusters.html#cluster_rows", _context(request))


@live.region(topics=lambda: ["activity"], every=EVERY)
@require_GET
@access.require_role(access.Role.VIEWER)
def attention_now(request: HttpRequest) -> HttpResponse:
    return render(request, "console/clusters.html#attention_now", _context(request))


def _context(request: HttpRequest) -> dict[str, Any]:
    registered = list(Cluster.objects.select_related("account"))
    told = attention.report()
    rows = [overview.row(each, told.standings.get(each.pk, Standing())) for each in registered]
    words, add_on = request.GET.get("q", ""), request.GET.get("add_on", "")
    sort = request.GET.get("sort", "id")
    chosen = overview.chosen(rows, words=words, add_on=add_on, sort=sort)
    own = chain.from_iterable(attention.concerns_of(each) for each in registered)
    return {
        "section": "clusters",
        "rows": rows,
        "page": Paginator(chosen, PER_PAGE).get_page(request.GET.get("page")),
        "asked": {"q": words, "add_on": add_on},
        "add_ons": sorted({row.add_on for row in rows}),
        "sort": sort,
        "total": sum((row.standing for row in rows), Standing()),
        "reachable": sum(each.reachable for each in registered),
        "direct": sum(_is_direct(row) for row in rows),
        "concerns": attention.worst_first([*attention.silent_processes(), *own, *told.concerns]),
        "recent": [activity_row(line) for line in Activity.objects.all()[:RECENT]],
    }


def _is_direct(row: overview.ClusterRow) -> bool:
    said = (row.cluster.facts.get("network") or {}).get("direct_access")
    return said in {DirectAccess.READY, DirectAccess.PARTLY} and row.direct.tone == "success"
