"""Direct access on Basic Information: what stands in the way in both modes, and the CCN."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from console import live
from console.access import AnyUser, Role, cluster_for, has_role
from console.models import Cluster
from services import facts
from services.printed import readiness as printed


@live.region(topics=lambda cluster_id: [cluster_id], every=10)
@require_GET
def direct_access(request: HttpRequest, cluster_id: str) -> HttpResponse:
    cluster = cluster_for(request.user, cluster_id)
    return render(request, "services/direct_access.html", context_of(cluster, request.user))


def context_of(
    cluster: Cluster, user: AnyUser, *, seconds: float = facts.PAGE_SECONDS
) -> dict[str, Any]:
    return {
        "cluster": cluster,
        "modes": printed.modes(cluster, seconds=seconds),
        "ccn": printed.ccn_card(cluster),
        "back": reverse("cluster", args=[cluster.cluster_id]),
        "may_write": has_role(user, Role.OPERATOR),
    }
