"""The audit trail as pages: all of it, and one cluster's."""

from dataclasses import dataclass

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_GET

from console import access, differences
from console.forms import ActivityFilter
from console.models import Activity, Cluster

PER_PAGE = 50
COMMAND_LINE = gettext_noop("command line")


@dataclass(frozen=True)
class ActivityRow:
    """A line ready to print."""

    line: Activity
    what: str
    changes: tuple[differences.Line, ...]
    by_itself: bool

    @property
    def who(self) -> str:
        return who(self.line.username)


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


def who(username: str) -> str:
    """Commands act for nobody that has an account."""
    return _("command line") if username == COMMAND_LINE else username


def row(line: Activity) -> ActivityRow:
    changes = differences.difference(line.before, line.after)
    return ActivityRow(line, what(line), changes, by_itself=line.username == "podgate")


def what(line: Activity) -> str:
    """ "Created Service shop/storefront": the verb in words, then the object."""
    named = f"{line.namespace}/{line.name}" if line.namespace else line.name
    words = VERBS.get(line.verb)
    if words is None:
        return f"{line.verb} {line.kind} {named}".strip()
    return str(_(words) % {"kind": line.kind, "name": named}).strip()


VERBS = {
    "create": gettext_noop("Created %(kind)s %(name)s"),
    "update": gettext_noop("Changed %(kind)s %(name)s"),
    "change": gettext_noop("Changed %(kind)s %(name)s"),
    "delete": gettext_noop("Deleted %(kind)s %(name)s"),
    "register": gettext_noop("Registered %(kind)s %(name)s"),
    "remove": gettext_noop("Removed %(kind)s %(name)s"),
    "unbind": gettext_noop("Unbound %(kind)s %(name)s"),
    "release": gettext_noop("Released %(kind)s %(name)s without cloud cleanup"),
    "repair": gettext_noop("Repaired %(kind)s %(name)s"),
    "renew": gettext_noop("Renewed %(kind)s %(name)s"),
    "rotate": gettext_noop("Rotated the CA behind %(kind)s %(name)s"),
    "restart": gettext_noop("Restarted %(kind)s %(name)s"),
    "update-image": gettext_noop("Updated the images of %(kind)s %(name)s"),
    "scale": gettext_noop("Scaled %(kind)s %(name)s"),
    "pause": gettext_noop("Paused %(kind)s %(name)s"),
    "resume": gettext_noop("Resumed %(kind)s %(name)s"),
    "roll-back": gettext_noop("Rolled back %(kind)s %(name)s"),
    "edit-strategy": gettext_noop("Changed the strategy of %(kind)s %(name)s"),
    "evict": gettext_noop("Evicted %(kind)s %(name)s"),
    "set-traffic-guard": gettext_noop("Set the traffic guard of %(kind)s %(name)s"),
    "guard-pause": gettext_noop("The traffic guard paused %(kind)s %(name)s"),
    "open-security-group": gettext_noop("Added a rule to %(kind)s %(name)s"),
    "register-ccn": gettext_noop("Registered the container network in %(name)s"),
    "unregister-ccn": gettext_noop("Took the container network out of %(name)s"),
    "attach-ccn": gettext_noop("Attached %(name)s to a CCN"),
    "enable-global-route-direct-access": gettext_noop("Switched GlobalRouteDirectAccess on"),
    "turn-off-deletion-protection": gettext_noop("Turned deletion protection of %(name)s off"),
    "pass-to-target": gettext_noop("Switched “Allow traffic by default” of %(name)s on"),
    "withdraw-pass-to-target": gettext_noop("Switched “Allow traffic by default” of %(name)s off"),
    "declare-ticket-route": gettext_noop("Declared a route made by ticket of %(name)s"),
    "withdraw-ticket-route": gettext_noop("Withdrew the route made by ticket of %(name)s"),
    "fault_on": gettext_noop("Switched on the fault %(name)s"),
    "fault_off": gettext_noop("Switched off the fault %(name)s"),
    "faults_off": gettext_noop("Switched off all faults"),
}
