"""What went wrong, in the console's look, with what can be done about it.

The page of podgate's own failure depends on nothing that may have failed: no database.
"""

from collections.abc import Sequence
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import requires_csrf_token

from console.models import Cluster

KINDS = {"deployment": "Deployment", "statefulset": "StatefulSet", "daemonset": "DaemonSet"}
# Words and address of a page from which one can go on.
type Way = tuple[str, str]


def _error(
    request: HttpRequest, status: int, title: str, text: str, ways: Sequence[Way] = ()
) -> HttpResponse:
    home = (_("All clusters"), "/")
    context = {"status": status, "title": title, "text": text, "ways": [*ways, home]}
    return render(request, "console/error.html", context, status=status)


@requires_csrf_token
def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _error(
        request, 400, _("This request makes no sense"), _("Check the address, or start again.")
    )


@requires_csrf_token
def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    needs = str(exception) or _("Your role does not allow it.")
    how = _("An administrator can grant a role with `manage.py add_user NAME --role ROLE`.")
    return _error(request, 403, _("You may not do this"), f"{needs} {how}", _ways(request)[:1])


@requires_csrf_token
def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    text = _said_by(exception) or _("Nothing is at this address. It may have been deleted.")
    return _error(request, 404, _("Not found"), text, _ways(request))


def _ways(request: HttpRequest) -> list[Way]:
    """The list the object would be in, and a search for what has its name elsewhere."""
    asked = request.resolver_match.kwargs if request.resolver_match else {}
    cluster_id, name = asked.get("cluster_id"), asked.get("name")
    if not cluster_id or not Cluster.objects.filter(cluster_id=cluster_id).exists():
        return []
    root = reverse("cluster", args=[cluster_id])
    place = request.path.removeprefix(root).split("/")
    lists = {"pods": ("Pods", "pods/"), "services": ("Service", "services/")}
    if place[0] == "workloads" and (kind := KINDS.get(place[1])):
        lists["workloads"] = (kind, f"workloads/{place[1]}/")
    words, path = lists.get(place[0], (_("Basic Information"), ""))
    ways = [(_("%(list)s of %(id)s") % {"list": words, "id": cluster_id}, f"{root}{path}")]
    if name:
        search = f"{reverse('search')}?{urlencode({'q': name})}"
        ways.append((_("Search all clusters for %(name)s") % {"name": name}, search))
    return ways


def _said_by(exception: Exception) -> str:
    """The sentence of our own Http404; the URL resolver's carries a dict and tells addresses."""
    said = exception.args[0] if exception.args else ""
    return said if isinstance(said, str) else ""


@requires_csrf_token
def failed(request: HttpRequest) -> HttpResponse:
    text = _("Nothing more is known here: the reason is in podgate's log. Try again in a moment.")
    return _error(request, 500, _("podgate failed on this page"), text)


@requires_csrf_token
def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    text = _(
        "The form was opened before you logged in or out, or without cookies. "
        "Nothing was written. Go back, reload the page and send it again."
    )
    return _error(request, 403, _("This form is out of date"), text)
