"""What the health poll asks the guard: whether a floor was just crossed. Cheap while it was not.

Called with the health just noted and before any gate is written, so that nothing stands between
the CLB's word and the pause.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db.models import Count, Q

from console import kinds
from console.models import Cluster
from services.guard import act
from services.guard.decide import Sight, Verdict, verdict
from services.guard.setting import floor_of
from services.models import Binding, Guard
from workloads import rollouts
from workloads.models import Service, Workload

HEALTHY = ("Alive", "Close")
# While a guarded rollout runs its health is read this often.
EAGER = timedelta(seconds=0.25)
# The status of a rollout may come a moment after its first Pod went.
PATIENCE = timedelta(seconds=5)
ROLLING = ("progressing", "stuck")


def look(bindings: Iterable[Binding], now: datetime) -> set[int]:
    """Act where a floor was crossed; answers the bindings with a guarded rollout under way."""
    # What TKE binds podgate only looks at.
    ours = [binding for binding in bindings if not binding.watched]
    guarded = [(one, floor) for one, floor in _floors(ours) if floor]
    return {one.pk for one, floor in guarded if _look(one, floor, now)}


def hurry(guarded: Iterable[int], now: datetime) -> None:
    """Have the health of these read again soon."""
    if keys := list(guarded):
        due = now + EAGER
        Binding.objects.filter(pk__in=keys, health_due_at__gt=due).update(health_due_at=due)


def wake(cluster: Cluster, kind: str, namespace: str, workload: kinds.Workload) -> None:
    """A workload rolls: what is guarded in front of it is looked at now."""
    guards = Guard.objects.filter(binding__cluster=cluster, binding__namespace=namespace)
    if rollouts.progress(kind, workload).state not in ROLLING or not guards.exists():
        return
    labels = workload.spec.template.metadata.labels
    services = Service.objects.filter(cluster=cluster, namespace=namespace)
    uids = [one.uid for one in services if selects(one.selector, labels)]
    due = guards.filter(binding__service_uid__in=uids).values("binding")
    now = act.now()
    Binding.objects.filter(pk__in=due, health_due_at__gt=now).update(health_due_at=now)


def _floors(bindings: Sequence[Binding]) -> list[tuple[Binding, str]]:
    """Each binding's floor, by the index; one query for all of them."""
    uids = [binding.service_uid for binding in bindings]
    clusters = {binding.cluster.pk for binding in bindings}
    rows = Service.objects.filter(cluster__in=clusters, uid__in=uids)
    floors = {uid: floor_of(said) for uid, said in rows.values_list("uid", "annotations")}
    return [(binding, floors.get(binding.service_uid, "")) for binding in bindings]


def _look(binding: Binding, floor: str, now: datetime) -> bool:
    """One guarded binding; answers whether a rollout is under way behind it."""
    behind = workloads_behind(binding)
    sight = see(binding, floor, behind)
    guard = Guard.objects.filter(binding=binding).first() or Guard(binding=binding)
    said = verdict(sight, met_with=guard.met_with)
    if said is Verdict.MET:
        _met(guard, sight)
    elif said is Verdict.CROSSED and act.stop(binding, behind, sight, now):
        _over(guard)
    elif said is Verdict.CROSSED:
        _wait(guard, now)
    act.close_what_is_over(binding, behind, now)
    return said is Verdict.CROSSED or any(row.rollout in ROLLING for row in behind)


def _met(guard: Guard, sight: Sight) -> None:
    if guard.met_with != sight.wanted or guard.crossed_at:
        guard.met_with, guard.crossed_at = sight.wanted, None
        guard.save()


def _over(guard: Guard) -> None:
    """Nothing more can be done about this fall: the next one counts again."""
    guard.met_with = guard.crossed_at = None
    guard.save()


def _wait(guard: Guard, now: datetime) -> None:
    """No rollout is to be seen that did it; perhaps its status only comes late."""
    if guard.crossed_at is None:
        guard.crossed_at = now
        guard.save()
    elif now - guard.crossed_at > PATIENCE:
        _over(guard)


def see(binding: Binding, floor: str, behind: Sequence[Workload]) -> Sight:
    """How it stands by the ledger; a listener whose last target went has none."""
    counts = list(
        binding.registrations.order_by()
        .values("protocol", "listener_port")
        .annotate(healthy=Count("pk", filter=Q(weight__gt=0, health__in=HEALTHY)))
    )
    least = min(counts, key=lambda one: one["healthy"], default=None)
    name = f"{least['protocol']}:{least['listener_port']}" if least else ""
    wanted = sum(row.replicas for row in behind)
    return Sight(floor, least["healthy"] if least else 0, wanted, name)


def workloads_behind(binding: Binding) -> list[Workload]:
    """The workloads whose Pods the Service selects, by the index."""
    service = Service.objects.filter(cluster=binding.cluster, uid=binding.service_uid).first()
    if service is None or not service.selector:
        return []
    rows = Workload.objects.filter(cluster=binding.cluster, namespace=service.namespace)
    return [row for row in rows if selects(service.selector, row.template_labels)]


def selects(selector: dict[str, str], labels: dict[str, str]) -> bool:
    return bool(selector) and selector.items() <= labels.items()
