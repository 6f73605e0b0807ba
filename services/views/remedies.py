"""A remedy: what would be called, asked, done, and back to where the user came from."""

from typing import Any
from urllib.parse import urlsplit

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import Resolver404, resolve, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from console import activity, doors, facts, live
from console.access import Role, cluster_for
from console.kube import KubeError
from console.models import Cluster
from console.tencent import CloudError
from services import rechecks, remedies
from services.binding import wanted
from services.models import Binding
from services.remedies import NotDone, Prepared, Refused

PAGE = "services/remedy.html"


@require_http_methods(["GET", "POST"])
def remedy(request: HttpRequest, cluster_id: str, name: str) -> HttpResponse:
    cluster = cluster_for(request.user, cluster_id, Role.OPERATOR)
    if name not in remedies.NAMES:
        raise Http404(name)
    back = _back(request, cluster_id)
    section, here = _place(back)
    context: dict[str, Any] = {"cluster": cluster, "section": section, "name": name}
    context |= {"back": back, "here": here}
    parameters = {key: str(value) for key, value in request.GET.items() if key != "next"}
    context["parameters"] = parameters
    try:
        prepared = remedies.prepare(name, cluster, parameters, request.user)
    except Refused as refused:
        return render(request, PAGE, context | {"refused": str(refused)})
    except (CloudError, KubeError) as error:
        return render(request, PAGE, context | {"error": error})
    context["prepared"] = prepared
    if request.method == "GET" or prepared.nothing or prepared.asks:
        return render(request, PAGE, context)
    if request.POST.get("seen") != prepared.seen:
        return render(request, PAGE, context | {"changed": True})
    if trouble := _done(request, cluster, name, prepared):
        return render(request, PAGE, context | {"failed": trouble})
    messages.success(request, prepared.done)
    return redirect(back)


def _done(
    request: HttpRequest, cluster: Cluster, name: str, prepared: Prepared
) -> Exception | None:
    """Do it, write it down, and have everything look again; what failed, if something did."""
    trouble: Exception | None = None
    with doors.recording() as calls:
        try:
            prepared.act()
        except (CloudError, KubeError, NotDone) as error:
            trouble = error
    activity.record(
        request.user,
        name,
        cluster=cluster.cluster_id,
        kind=prepared.kind,
        name=prepared.name,
        before=prepared.before,
        after=prepared.after,
        ok=trouble is None,
        message=str(trouble) if trouble else " ".join(prepared.warnings),
        calls=[call for call in calls if call.write],
    )
    facts.refresh(cluster)
    rechecks.soon(cluster)
    wanted.raise_wanted(Binding.objects.filter(cluster=cluster, watched=False))
    live.announce(cluster.cluster_id)
    return trouble


def _place(back: str) -> tuple[str, str]:
    """Which page that is: its place in the navigation, and its name."""
    try:
        found = resolve(urlsplit(back).path)
    except Resolver404:
        return "basic", _("Basic Information")
    if found.url_name == "create_service":
        return "service", _("Create a Service")
    if {"namespace", "name"} <= found.kwargs.keys():
        kind = str(found.kwargs.get("kind", ""))
        section = {"service": "service", "pod": "pods"}.get(str(found.url_name), kind)
        return section, f"{found.kwargs['namespace']}/{found.kwargs['name']}"
    return "basic", _("Basic Information")


def _back(request: HttpRequest, cluster_id: str) -> str:
    """Where the user came from, if that is a page of ours."""
    asked = request.GET.get("next", "")
    if url_has_allowed_host_and_scheme(
        asked, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    ):
        return asked
    return reverse("cluster", args=[cluster_id])
