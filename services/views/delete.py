"""Deleting a Service: the name is asked for, and what will go is shown."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from console import kube
from console.access import Role, cluster_for
from console.models import Cluster
from services import removal
from services.printed.detail import Detail, detail

PAGE = "services/delete.html"


@require_http_methods(["GET", "POST"])
def delete_service(
    request: HttpRequest, cluster_id: str, namespace: str, name: str
) -> HttpResponse:
    cluster = cluster_for(request.user, cluster_id, Role.OPERATOR)
    context = _context(cluster, namespace, name, releasing=False)
    if request.method == "GET":
        return render(request, PAGE, context)
    if not _is_confirmed(request, name):
        return render(request, PAGE, context | {"error": _wrong_name(name)})
    try:
        service = kube.connect(cluster).get(kube.path("Service", namespace, name))
        removal.remove(request.user, cluster, service)
    except kube.NotFound:
        pass
    except kube.KubeError as error:
        return render(request, PAGE, context | {"refused": error})
    messages.success(request, _("Service %(name)s is being deleted.") % {"name": name})
    # With a binding its page shows the clean-up to the end; without one it is gone at once.
    if context["detail"].binding:
        return redirect("service", cluster_id, namespace, name)
    return redirect("services", cluster_id)


@require_http_methods(["GET", "POST"])
def release_service(
    request: HttpRequest, cluster_id: str, namespace: str, name: str
) -> HttpResponse:
    """Only for a deletion that is stuck; whatever is left at the CLB is written down."""
    cluster = cluster_for(request.user, cluster_id, Role.OPERATOR)
    context = _context(cluster, namespace, name, releasing=True)
    if not context["detail"].stuck:
        raise Http404(_("The deletion of this Service is not stuck."))
    if request.method == "GET":
        return render(request, PAGE, context)
    if not _is_confirmed(request, name):
        return render(request, PAGE, context | {"error": _wrong_name(name)})
    try:
        service = kube.connect(cluster).get(kube.path("Service", namespace, name))
        removal.release(request.user, cluster, service, context["detail"].binding)
    except kube.NotFound:
        pass
    except kube.KubeError as error:
        return render(request, PAGE, context | {"refused": error})
    messages.warning(request, _("Service %(name)s was released.") % {"name": name})
    return redirect("services", cluster_id)


def _context(cluster: Cluster, namespace: str, name: str, *, releasing: bool) -> dict[str, Any]:
    found = detail(cluster, namespace, name)
    if found.service is None:
        raise Http404(f"No Service {namespace}/{name} in {cluster.cluster_id}.")
    return {
        "cluster": cluster,
        "section": "service",
        "namespace": namespace,
        "name": name,
        "detail": found,
        "releasing": releasing,
        "goes": _goes(found),
    }


def _goes(found: Detail) -> dict[str, Any]:
    """What the deletion takes with it."""
    if found.binding is None:
        return {}
    targets = found.binding.registrations
    return {
        "lb_id": found.binding.lb_id,
        "listeners": found.ports,
        "targets": targets.count(),
    }


def _is_confirmed(request: HttpRequest, name: str) -> bool:
    return request.POST.get("confirm", "").strip() == name


def _wrong_name(name: str) -> str:
    return _("Type the name %(name)s to confirm.") % {"name": name}
