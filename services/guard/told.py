"""What the guard did and wants, for pages: Service, workload, rollout, and the first page."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, Q
from django.urls import reverse
from django.utils.translation import gettext as _

from console.attention import Concern, Report
from console.models import Cluster
from services.binding import plan
from services.guard import act, watch
from services.guard.decide import Sight
from services.guard.setting import ANNOTATION, floor_of, is_valid
from services.models import Binding, Guard, Phase, Stop
from services.spec import HealthCheck
from workloads import behind
from workloads.actions.front import Behind
from workloads.models import Service, Workload

SHOWN = 20
_ON_ITS_WAY = {Phase.PENDING, Phase.PROVISIONING, Phase.REGISTERING, Phase.CHECKING}
# The name of the quota as DescribeQuota calls it: targets per listener.
QUOTA = "TOTAL_TARGET_BIND_QUOTA"


def in_front(cluster: Cluster, workload: Workload) -> Sequence[Behind]:
    """The claimed Services that select a workload's Pods."""
    services = Service.objects.filter(cluster=cluster, namespace=workload.namespace)
    services = services.only("uid", "namespace", "name", "selector", "annotations")
    found = [one for one in services if watch.selects(one.selector, workload.template_labels)]
    bindings = {
        one.service_uid: one
        for one in Binding.objects.filter(cluster=cluster, service_uid__in=[s.uid for s in found])
    }
    quota = ((cluster.facts or {}).get("quotas") or {}).get(QUOTA)
    return [
        _in_front(cluster, one, bindings[one.uid], quota) for one in found if one.uid in bindings
    ]


def _in_front(cluster: Cluster, service: Service, binding: Binding, quota: int | None) -> Behind:
    on = binding.registrations.filter(weight__gt=0).order_by()
    counts = on.values("listener_id").annotate(
        all=Count("pk"), well=Count("pk", filter=Q(health__in=watch.HEALTHY))
    )
    return Behind(
        namespace=service.namespace,
        name=service.name,
        url=reverse("service", args=[cluster.cluster_id, service.namespace, service.name]),
        targets=max((one["all"] for one in counts), default=0),
        healthy=min((one["well"] for one in counts), default=0),
        first_look=_first_look(binding),
        bind_seconds=plan.WRITE_SECONDS,
        quota=quota,
        floor=floor_of(service.annotations),
    )


def _first_look(binding: Binding) -> float:
    """As its listeners check; before there are any, as they usually do."""
    if binding.lb_status == "running":
        return binding.first_look
    return plan.first_look(HealthCheck())


def stops(cluster: Cluster, workload: Workload) -> Sequence[behind.Stop]:
    """What is held of this workload, as its pages say it."""
    rows = Stop.objects.filter(binding__cluster=cluster, workload_uid=workload.uid, ended_at=None)
    return [
        behind.Stop(
            text=words(row),
            service=f"{row.binding.namespace}/{row.binding.name}",
            url=_service_url(row.binding),
            is_held=row.outcome == Stop.Outcome.HELD,
        )
        for row in rows.select_related("binding__cluster")
        if _is_shown(row, workload)
    ]


def _is_shown(row: Stop, workload: Workload) -> bool:
    """The index may lag behind our own write by a moment."""
    return row.at > act.now() - act.FRESH or act.is_open(row, workload)


def words(row: Stop) -> str:
    numbers = {
        "healthy": row.healthy,
        "listener": row.listener,
        "service": row.binding.name,
        "least": row.least,
        "floor": row.floor,
        "error": row.detail,
    }
    seen = _(
        "Listener %(listener)s of Service %(service)s had %(healthy)s healthy targets; its floor is"
        " %(least)s (%(floor)s)."
    )
    if row.outcome == Stop.Outcome.CANNOT:
        end = _("A DaemonSet cannot be paused: roll it back, or repair what is wrong.")
    elif row.outcome == Stop.Outcome.FAILED:
        end = _("Pausing it failed: %(error)s")
    else:
        end = _("Resume it once the cause is gone, or roll back.")
    return f"{seen} {end}" % numbers


@dataclass(frozen=True)
class Held:
    """A stop with the workload it concerns, for the Service's page."""

    row: Stop
    text: str
    url: str
    is_held: bool


@dataclass(frozen=True)
class Card:
    """The guard of one Service: what it asks for, how it stands, what was done."""

    text: str
    is_valid: bool
    sight: Sight | None
    is_met: bool
    held: tuple[Held, ...]
    past: tuple[tuple[Stop, str], ...]
    # Its targets are on their way for the first time: nothing has fallen yet.
    is_starting: bool = False

    @property
    def is_on(self) -> bool:
        return bool(self.text)


def card(cluster: Cluster, service: Service | None, binding: Binding | None) -> Card:
    text = service.annotations.get(ANNOTATION, "") if service else ""
    valid = not text or is_valid(text)
    rows = workloads = None
    sight = None
    if binding is not None:
        workloads = {row.uid: row for row in watch.workloads_behind(binding)}
        rows = list(Stop.objects.filter(binding=binding).order_by("-at")[:SHOWN])
        if text and valid:
            sight = watch.see(binding, text.strip(), list(workloads.values()))
    open_rows = [
        row
        for row in rows or ()
        if row.ended_at is None
        and (found := (workloads or {}).get(row.workload_uid))
        and _is_shown(row, found)
    ]
    return Card(
        text=text,
        is_valid=valid,
        sight=sight,
        is_met=bool(sight and sight.least is not None and sight.healthy >= sight.least),
        held=tuple(_held(row) for row in open_rows),
        past=tuple((row, _workload_url(row)) for row in rows or () if row not in open_rows),
        is_starting=binding is not None and not rows and _is_starting(binding),
    )


def _is_starting(binding: Binding) -> bool:
    met = Guard.objects.filter(binding=binding, met_with__isnull=False).exists()
    return not met and binding.phase in _ON_ITS_WAY


def _held(row: Stop) -> Held:
    return Held(row, words(row), _workload_url(row), row.outcome == Stop.Outcome.HELD)


def report() -> Report:
    """For the first page: rollouts that stand still until somebody decides."""
    rows = Stop.objects.filter(ended_at=None).select_related("binding__cluster")
    return Report({}, [_concern(row) for row in rows.order_by("-at")[:SHOWN]])


def _concern(row: Stop) -> Concern:
    held = row.outcome == Stop.Outcome.HELD
    text = (
        _("The traffic guard stopped its rollout.")
        if held
        else _("The traffic guard could not stop its rollout.")
    )
    subject = f"{row.kind} {row.binding.namespace}/{row.workload}"
    note = f"{row.binding.cluster.cluster_id} · {words(row)}"
    return Concern("error", subject, _workload_url(row), text, note)


def _workload_url(row: Stop) -> str:
    where = [row.binding.cluster.cluster_id, row.kind.lower(), row.binding.namespace, row.workload]
    return reverse("workload", args=where)


def _service_url(binding: Binding) -> str:
    return reverse("service", args=[binding.cluster.cluster_id, binding.namespace, binding.name])
