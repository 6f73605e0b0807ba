"""One Service's page and its live regions; they share one context, so they cannot disagree."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from console import live
from console.access import Role, cluster_for, has_role
from services import rechecks
from services.printed import targets as printed_targets
from services.printed.detail import detail
from services.views.guard import card as guard_card
from services.words import stored
from workloads import folded
from workloads.freshness import freshness
from workloads.views import listing

STEPS_SHOWN = 100
PAGE = "services/detail.html"


def _topics(cluster_id: str, namespace: str, name: str) -> list[str]:
    return [f"{cluster_id}/services/{namespace}/{name}"]


def _topics_with_pods(cluster_id: str, namespace: str, name: str) -> list[str]:
    """Gates and readiness are the Pods' own."""
    return [*_topics(cluster_id, namespace, name), f"{cluster_id}/pods"]


@require_GET
def service(request: HttpRequest, cluster_id: str, namespace: str, name: str) -> HttpResponse:
    context = _context(request, cluster_id, namespace, name)
    if context["detail"].gone:
        raise Http404(f"No Service {namespace}/{name} in {cluster_id}.")
    context |= _targets(request, context) | _steps(context) | _limits(context)
    context |= {"section": "service"}
    context["guard"] = guard_card(context["cluster"], namespace, name)
    return render(request, PAGE, context)


@live.region(topics=_topics, every=5)
@require_GET
def head(request: HttpRequest, cluster_id: str, namespace: str, name: str) -> HttpResponse:
    return render(request, f"{PAGE}#head", _context(request, cluster_id, namespace, name))


# Redrawn every second while it waits, for the seconds of the stage under way.
@live.region(topics=_topics_with_pods, every=1)
@require_GET
def state(request: HttpRequest, cluster_id: str, namespace: str, name: str) -> HttpResponse:
    return render(request, f"{PAGE}#state", _context(request, cluster_id, namespace, name))


@live.region(topics=_topics, every=5)
@require_GET
def limits(request: HttpRequest, cluster_id: str, namespace: str, name: str) -> HttpResponse:
    context = _context(request, cluster_id, namespace, name)
    return render(request, f"{PAGE}#limits", context | _limits(context))


@live.region(topics=_topics_with_pods)
@require_GET
def targets(request: HttpRequest, cluster_id: str, namespace: str, name: str) -> HttpResponse:
    context = _context(request, cluster_id, namespace, name)
    return render(request, f"{PAGE}#targets", context | _targets(request, context))


@live.region(topics=_topics)
@require_GET
def steps(request: HttpRequest, cluster_id: str, namespace: str, name: str) -> HttpResponse:
    context = _context(request, cluster_id, namespace, name)
    return render(request, f"{PAGE}#steps", context | _steps(context))


@require_GET
def yaml(request: HttpRequest, cluster_id: str, namespace: str, name: str) -> HttpResponse:
    cluster = cluster_for(request.user, cluster_id)
    manifest = folded.read(cluster, "Service", namespace, name)
    context = {
        "cluster": cluster,
        "section": "service",
        "namespace": namespace,
        "name": name,
        "manifest": manifest,
    }
    part = "#yaml" if request.headers.get("HX-Request") else ""
    return render(request, f"services/yaml.html{part}", context)


def _context(request: HttpRequest, cluster_id: str, namespace: str, name: str) -> dict[str, Any]:
    cluster = cluster_for(request.user, cluster_id)
    return {
        "cluster": cluster,
        "namespace": namespace,
        "name": name,
        "detail": detail(cluster, namespace, name),
        "freshness": freshness(cluster, "Service"),
        "may_write": has_role(request.user, Role.OPERATOR),
    }


def _targets(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    cluster, binding = context["cluster"], context["detail"].binding
    only = listing.text(request.GET, "targets")
    return {
        "only": only,
        "groups": printed_targets.groups(cluster, binding, only=only) if binding else [],
        "tally": printed_targets.tally(binding) if binding else [],
    }


def _limits(context: dict[str, Any]) -> dict[str, Any]:
    """The use limits as they were looked at last; a limit that breaks later shows here."""
    binding = context["detail"].binding
    place = [context["cluster"].cluster_id, context["namespace"], context["name"]]
    return {
        "limit_lines": rechecks.lines(binding) if binding else (),
        "limits_at": binding.limits_at if binding else None,
        "back": reverse("service", args=place),
    }


def _steps(context: dict[str, Any]) -> dict[str, Any]:
    binding = context["detail"].binding
    if binding is None:
        return {"steps": [], "steps_total": 0, "steps_failed": 0}
    taken = binding.steps.all()
    return {
        "steps": [(step, stored(step.text)) for step in taken[:STEPS_SHOWN]],
        "steps_total": taken.count(),
        "steps_failed": taken.filter(ok=False).count(),
    }
