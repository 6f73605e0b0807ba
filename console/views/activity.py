"""The audit trail as pages: all of it, and one cluster's."""

from dataclasses import dataclass

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from console import access, differences
from console.forms import ActivityFilter
from console.models import Activity, Cluster

PER_PAGE = 50


@dataclass(frozen=True)
class ActivityRow:
    """A line ready to print."""

    line: Activity
    what: str
    changes: tuple[differences.Line, ...]


@require_GET
@access.require_role(access.Role.VIEWER)
def activity(request: HttpRequest) -> HttpResponse:
    return _page(request, None)


@require_GET
def cluster_activity(request: HttpRequest, cluster_id: str) -> HttpResponse:
    return _page(request, access.cluster_for(request.user, cluster_id))


def _page(request: HttpRequest, cluster: Cluster | None) -> HttpResponse:
    asked = request.GET.copy()
    if cluster:
        asked["cluster"] = cluster.cluster_id
    form = ActivityFilter(asked)
    page = Paginator(form.lines().select_related(None), PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "section": "activity",
        "cluster": cluster,
        "page": page,
        "rows": [row(line) for line in page.object_list],
        "asked": form.data,
        "narrowed": any(request.GET.get(name) for name in form.fields),
        "choices": _choices(cluster),
    }
    return render(request, "console/activity.html", context)


def _choices(cluster: Cluster | None) -> dict[str, list[str]]:
    """What can be chosen in the filters: what the trail really holds."""
    lines = Activity.objects.filter(cluster=cluster.cluster_id) if cluster else Activity.objects
    fields = ("username", "verb", "kind", "cluster")
    return {
        field: sorted(filter(None, lines.order_by().values_list(field, flat=True).distinct()))
        for field in fields
    }


def row(line: Activity) -> ActivityRow:
    return ActivityRow(line, what(line), differences.difference(line.before, line.after))


def what(line: Activity) -> str:
    """ "Created Service shop/storefront": the verb in words, then the object."""
    named = f"{line.namespace}/{line.name}" if line.namespace else line.name
    return _VERBS.get(line.verb, lambda kind, name: f"{line.verb} {kind} {name}")(
        line.kind, named
    ).strip()


_VERBS = {
    "create": lambda kind, name: _("Created %(kind)s %(name)s") % {"kind": kind, "name": name},
    "update": lambda kind, name: _("Changed %(kind)s %(name)s") % {"kind": kind, "name": name},
    "delete": lambda kind, name: _("Deleted %(kind)s %(name)s") % {"kind": kind, "name": name},
    "refresh": lambda kind, name: _("Read %(kind)s %(name)s again") % {"kind": kind, "name": name},
    "fault_on": lambda kind, name: _("Switched on the fault %(name)s") % {"name": name},
    "fault_off": lambda kind, name: _("Switched off the fault %(name)s") % {"name": name},
}
