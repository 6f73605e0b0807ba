"""Basic Information of one cluster, and reading it again."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from console import access, facts, live
from console.information import information as information_of
from console.models import Cluster

EVERY = 5
# The ticker reads the facts about every 30 s: four misses are worth a warning.
STALE = timedelta(minutes=2)


@require_GET
def cluster(request: HttpRequest, cluster_id: str) -> HttpResponse:
    found = access.cluster_for(request.user, cluster_id)
    may_write = access.has_role(request.user, access.Role.OPERATOR)
    context = _context(found) | {"may_write": may_write}
    return render(request, "console/cluster.html", context)


@live.region(topics=lambda cluster_id: [cluster_id], every=EVERY)
@require_GET
def information(request: HttpRequest, cluster_id: str) -> HttpResponse:
    found = access.cluster_for(request.user, cluster_id)
    return render(request, "console/cluster.html#information", _context(found))


@live.region(topics=lambda cluster_id: [cluster_id], every=EVERY)
@require_GET
def resources(request: HttpRequest, cluster_id: str) -> HttpResponse:
    found = access.cluster_for(request.user, cluster_id)
    return render(request, "console/cluster.html#resources", _context(found))


@require_POST
def refresh(request: HttpRequest, cluster_id: str) -> HttpResponse:
    """Ask Tencent Cloud and the API server again, now."""
    found = access.cluster_for(request.user, cluster_id)
    if facts.refresh(found):
        messages.success(request, _("Read %(id)s again.") % {"id": cluster_id})
    else:
        messages.error(request, _("Tencent Cloud cannot be reached."))
    return redirect("cluster", cluster_id)


def _context(found: Cluster) -> dict[str, Any]:
    return {
        "cluster": found,
        "section": "basic",
        "info": information_of(found),
        "stale": bool(found.facts_at and timezone.now() - found.facts_at > STALE),
    }
