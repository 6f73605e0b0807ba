"""The rollout page of a workload: the one under way or the last one, and each that is over."""

from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from console import live
from console.access import Role, cluster_for, has_role
from console.models import Cluster
from workloads.behind import stopped
from workloads.freshness import freshness
from workloads.history import shown
from workloads.history.picture import Picture
from workloads.models import Rollout, Workload
from workloads.views import rollout_charts, rollout_context, rollout_lines, time_to_ready
from workloads.views.workloads import kind_of

PAGE = "workloads/rollout_page.html"
# Bars grow and time runs out without anybody announcing it.
EVERY = 2


def _topics(cluster_id: str, kind: str, namespace: str, name: str, pk: int = 0) -> list[str]:
    return [f"{cluster_id}/workloads/{kind}/{namespace}/{name}"]


def _where(
    request: HttpRequest, cluster_id: str, kind: str, namespace: str, name: str
) -> dict[str, Any]:
    """Whose rollout it is, for somebody who may see it."""
    return {
        "cluster": cluster_for(request.user, cluster_id),
        "kind": kind_of(kind),
        "kind_word": kind,
        "namespace": namespace,
        "name": name,
        "pk": None,
        "on": f"{namespace}/{name}",
        "may_write": has_role(request.user, Role.OPERATOR),
    }


def _object(context: dict[str, Any]) -> tuple[Cluster, str, str, str]:
    return (context["cluster"], context["kind"], context["namespace"], context["name"])


def _latest(context: dict[str, Any]) -> Picture | None:
    return shown.latest(*_object(context))


def _past(context: dict[str, Any], pk: int) -> Picture:
    cluster, kind, namespace, name = _object(context)
    wanted = {"cluster": cluster, "kind": kind, "namespace": namespace, "name": name}
    rollout = get_object_or_404(Rollout, pk=pk, **wanted)
    # Read already.
    rollout.cluster = cluster
    return shown.past(rollout)


def _workload(context: dict[str, Any]) -> Workload | None:
    cluster, kind, namespace, name = _object(context)
    workloads = Workload.objects.filter(cluster=cluster, kind=kind, namespace=namespace)
    return workloads.filter(name=name).first()


def _progress(context: dict[str, Any], found: Picture | None) -> dict[str, Any]:
    """With what stands between the page and the cluster, and what the traffic guard did."""
    cluster, workload = context["cluster"], found.workload if found else _workload(context)
    around = {
        "freshness": freshness(cluster, context["kind"]),
        "stops": stopped(cluster, workload) if workload and context["pk"] is None else (),
    }
    return around | (rollout_context.progress(found) if found else {})


def _page(request: HttpRequest, context: dict[str, Any], found: Picture | None) -> HttpResponse:
    where = _object(context)
    context |= _progress(context, found)
    if found is not None:
        context |= rollout_charts.targets(found)
        context |= rollout_context.waterfall(found, request.GET)
    context |= rollout_lines.finished(where, request.GET, found)
    context |= time_to_ready.of_workload(*where, request.GET)
    return render(request, PAGE, context | {"section": context["kind_word"]})


@require_GET
def rollout_page(
    request: HttpRequest, cluster_id: str, kind: str, namespace: str, name: str
) -> HttpResponse:
    context = _where(request, cluster_id, kind, namespace, name)
    found = _latest(context)
    if found is None and _workload(context) is None:
        missing = {"kind": context["kind"], "name": f"{namespace}/{name}"}
        raise Http404(_("No %(kind)s %(name)s.") % missing)
    return _page(request, context, found)


@require_GET
def rollout_past(
    request: HttpRequest, cluster_id: str, kind: str, namespace: str, name: str, pk: int
) -> HttpResponse:
    context = _where(request, cluster_id, kind, namespace, name) | {"pk": pk}
    return _page(request, context, _past(context, pk))


def _region(
    request: HttpRequest,
    name: str,
    where: tuple[str, str, str, str],
    drawn: Callable[[dict[str, Any], Picture | None], dict[str, Any]],
) -> HttpResponse:
    """A part of the page that is drawn from the rollout under way, or the last one."""
    context = _where(request, *where)
    return render(request, f"{PAGE}#{name}", context | drawn(context, _latest(context)))


@live.region(topics=_topics, every=EVERY)
@require_GET
def progress(
    request: HttpRequest, cluster_id: str, kind: str, namespace: str, name: str
) -> HttpResponse:
    return _region(request, "progress", (cluster_id, kind, namespace, name), _progress)


@live.region(topics=_topics, every=EVERY)
@require_GET
def waterfall(
    request: HttpRequest, cluster_id: str, kind: str, namespace: str, name: str
) -> HttpResponse:
    def drawn(_context: dict[str, Any], found: Picture | None) -> dict[str, Any]:
        return rollout_context.waterfall(found, request.GET) if found else {}

    return _region(request, "waterfall", (cluster_id, kind, namespace, name), drawn)


@live.region(topics=_topics, every=EVERY)
@require_GET
def targets(
    request: HttpRequest, cluster_id: str, kind: str, namespace: str, name: str
) -> HttpResponse:
    def drawn(_context: dict[str, Any], found: Picture | None) -> dict[str, Any]:
        return rollout_charts.targets(found) if found else {}

    return _region(request, "targets", (cluster_id, kind, namespace, name), drawn)


@live.region(topics=_topics)
@require_GET
def finished(
    request: HttpRequest, cluster_id: str, kind: str, namespace: str, name: str
) -> HttpResponse:
    context = _where(request, cluster_id, kind, namespace, name)
    context |= rollout_lines.finished(_object(context), request.GET)
    return render(request, f"{PAGE}#finished", context)
