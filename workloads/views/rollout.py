"""The rollout page of a workload: the one under way or the last one, and each that is over."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from console import live
from console.access import Role, cluster_for, has_role
from console.models import Cluster
from workloads.behind import Stop, stopped
from workloads.freshness import freshness
from workloads.history import picture
from workloads.history.picture import Picture
from workloads.models import Rollout, Workload
from workloads.views import rollout_charts, rollout_context, rollout_lines, time_to_ready
from workloads.views.workloads import KIND, kind_of

PAGE = "workloads/rollout_page.html"
# Bars grow and time runs out without anybody announcing it.
EVERY = 2


def _topics(cluster_id: str, kind: str, namespace: str, name: str, pk: int = 0) -> list[str]:
    return [f"{cluster_id}/workloads/{kind}/{namespace}/{name}"]


def _where(
    request: HttpRequest, cluster_id: str, kind: str, namespace: str, name: str, pk: int | None
) -> dict[str, Any]:
    """Whose rollout it is; `rollout` is None where none was ever seen."""
    cluster = cluster_for(request.user, cluster_id)
    where = (cluster, kind_of(kind), namespace, name)
    rollout = picture.latest(*where)
    if pk is not None:
        rollout = get_object_or_404(
            Rollout, pk=pk, cluster=cluster, kind=KIND[kind], namespace=namespace, name=name
        )
    if rollout is not None:
        # Read already.
        rollout.cluster = cluster
    arguments = [cluster_id, kind, namespace, name] + ([pk] if pk is not None else [])
    return {
        "cluster": cluster,
        "kind": KIND[kind],
        "kind_word": kind,
        "namespace": namespace,
        "name": name,
        "pk": pk,
        "on": f"{namespace}/{name}",
        "may_write": has_role(request.user, Role.OPERATOR),
        "stops": _stops(cluster, KIND[kind], namespace, name) if pk is None else (),
        "rollout": rollout,
        "arguments": arguments,
        "freshness": freshness(cluster, KIND[kind]),
    }


def _stops(cluster: Cluster, kind: str, namespace: str, name: str) -> list[Stop]:
    """What the traffic guard did to it."""
    workloads = Workload.objects.filter(cluster=cluster, kind=kind, namespace=namespace)
    found = workloads.filter(name=name).first()
    return stopped(cluster, found) if found else []


def _page(
    request: HttpRequest, cluster_id: str, kind: str, namespace: str, name: str, pk: int | None
) -> HttpResponse:
    context = _where(request, cluster_id, kind, namespace, name, pk)
    cluster, rollout = context["cluster"], context["rollout"]
    workloads = Workload.objects.filter(cluster=cluster, kind=KIND[kind], namespace=namespace)
    if rollout is None and not workloads.filter(name=name).exists():
        missing = {"kind": KIND[kind], "name": f"{namespace}/{name}"}
        raise Http404(_("No %(kind)s %(name)s.") % missing)
    found = picture.picture(rollout) if rollout is not None else None
    if found is not None:
        context |= rollout_context.progress(found) | rollout_charts.targets(found)
        context |= rollout_context.waterfall(found, request.GET)
    where = (cluster, KIND[kind], namespace, name)
    context |= rollout_lines.finished(where, request.GET, found)
    context |= time_to_ready.of_workload(cluster, KIND[kind], namespace, name, request.GET)
    return render(request, PAGE, context | {"section": kind})


@require_GET
def rollout_page(
    request: HttpRequest, cluster_id: str, kind: str, namespace: str, name: str
) -> HttpResponse:
    return _page(request, cluster_id, kind, namespace, name, None)


@require_GET
def rollout_past(
    request: HttpRequest, cluster_id: str, kind: str, namespace: str, name: str, pk: int
) -> HttpResponse:
    return _page(request, cluster_id, kind, namespace, name, pk)


def _region(
    request: HttpRequest,
    name: str,
    where: tuple[str, str, str, str],
    shown: Callable[[Picture], dict[str, Any]],
) -> HttpResponse:
    """A part of the page that is drawn from the rollout under way, or the last one."""
    context = _where(request, *where, None)
    if context["rollout"] is not None:
        context |= shown(picture.picture(context["rollout"]))
    return render(request, f"{PAGE}#{name}", context)


@live.region(topics=_topics, every=EVERY)
@require_GET
def progress(
    request: HttpRequest, cluster_id: str, kind: str, namespace: str, name: str
) -> HttpResponse:
    where = (cluster_id, kind, namespace, name)
    return _region(request, "progress", where, rollout_context.progress)


@live.region(topics=_topics, every=EVERY)
@require_GET
def waterfall(
    request: HttpRequest, cluster_id: str, kind: str, namespace: str, name: str
) -> HttpResponse:
    where = (cluster_id, kind, namespace, name)
    draw = partial(rollout_context.waterfall, query=request.GET)
    return _region(request, "waterfall", where, draw)


@live.region(topics=_topics, every=EVERY)
@require_GET
def targets(
    request: HttpRequest, cluster_id: str, kind: str, namespace: str, name: str
) -> HttpResponse:
    where = (cluster_id, kind, namespace, name)
    return _region(request, "targets", where, rollout_charts.targets)


@live.region(topics=_topics)
@require_GET
def finished(
    request: HttpRequest, cluster_id: str, kind: str, namespace: str, name: str
) -> HttpResponse:
    context = _where(request, cluster_id, kind, namespace, name, None)
    where = (context["cluster"], KIND[kind], namespace, name)
    context |= rollout_lines.finished(where, request.GET)
    return render(request, f"{PAGE}#finished", context)
