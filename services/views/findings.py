"""The live region `findings` of Pods, workloads and Services: why it is stuck, if it is."""

from functools import partial
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from console import live
from console.access import AnyUser, Role, cluster_for, has_role
from console.models import Cluster
from services.diagnosis.finding import Ref
from services.diagnosis.look import WORKLOADS, look
from services.diagnosis.reads import REGION, Patience
from services.printed.findings import lines

KIND = {kind.lower(): kind for kind in WORKLOADS}
# What no watcher tells of: processes that ended, Events, Nodes, a CLB changed by hand.
EVERY = 3.0
# What the CLB says of a target is told as news of its Service, so Pods and workloads listen to
# those of their namespace: an open gate stays open, so no Pod changes.


def _pod_topics(cluster_id: str, namespace: str, name: str) -> list[str]:
    return [
        f"{cluster_id}/pods/{namespace}/{name}",
        f"{cluster_id}/services/{namespace}",
        _late(cluster_id, Ref("Pod", namespace, name)),
    ]


def _service_topics(cluster_id: str, namespace: str, name: str) -> list[str]:
    return [
        f"{cluster_id}/services/{namespace}/{name}",
        f"{cluster_id}/pods/{namespace}",
        _late(cluster_id, Ref("Service", namespace, name)),
    ]


def _workload_topics(cluster_id: str, kind: str, namespace: str, name: str) -> list[str]:
    return [
        f"{cluster_id}/workloads/{kind}/{namespace}/{name}",
        f"{cluster_id}/services/{namespace}",
        _late(cluster_id, Ref(KIND.get(kind, kind), namespace, name)),
    ]


def _late(cluster_id: str, here: Ref) -> str:
    """What is read for this object's findings, and took longer than a region waits."""
    return f"{cluster_id}/findings/{here.kind.lower()}/{here.namespace}/{here.name}"


@live.region(topics=_pod_topics, every=EVERY)
@require_GET
def pod_findings(request: HttpRequest, cluster_id: str, namespace: str, name: str) -> HttpResponse:
    return _region(request, cluster_id, "Pod", namespace, name)


@live.region(topics=_service_topics, every=EVERY)
@require_GET
def service_findings(
    request: HttpRequest, cluster_id: str, namespace: str, name: str
) -> HttpResponse:
    return _region(request, cluster_id, "Service", namespace, name)


@live.region(topics=_workload_topics, every=EVERY)
@require_GET
def workload_findings(
    request: HttpRequest, cluster_id: str, kind: str, namespace: str, name: str
) -> HttpResponse:
    if kind not in KIND:
        raise Http404(_("No such kind of workload: %(word)s.") % {"word": kind})
    return _region(request, cluster_id, KIND[kind], namespace, name)


def _region(
    request: HttpRequest, cluster_id: str, kind: str, namespace: str, name: str
) -> HttpResponse:
    cluster = cluster_for(request.user, cluster_id)
    here = Ref(kind, namespace, name)
    patience = REGION.begun(partial(live.tell, _late(cluster_id, here)))
    context = context_of(cluster, here, patience, may_write=is_operator(request.user))
    return render(request, "snippets/findings.html", context)


def is_operator(user: AnyUser) -> bool:
    return has_role(user, Role.OPERATOR)


def context_of(
    cluster: Cluster, here: Ref, patience: Patience, *, may_write: bool
) -> dict[str, Any]:
    """Of the tag and of the region: they cannot disagree. Nothing for an object that is gone."""
    found = look(cluster, here.kind, here.namespace, here.name, patience)
    return {
        "findings": lines(cluster, found.findings, here=here) if found else [],
        "findings_url": region_url(cluster, here),
        "bundle_url": bundle_url(cluster, here),
        "may_write": may_write,
    }


def region_url(cluster: Cluster, ref: Ref) -> str:
    place = [cluster.cluster_id, ref.namespace, ref.name]
    if ref.kind in WORKLOADS:
        place.insert(1, ref.kind.lower())
        return reverse("workload_findings", args=place)
    return reverse(f"{ref.kind.lower()}_findings", args=place)


def bundle_url(cluster: Cluster, ref: Ref) -> str:
    place = [cluster.cluster_id, ref.kind.lower(), ref.namespace, ref.name]
    return reverse("evidence", args=place)
