"""Has the gates written that are due: one group of bindings at a time, apart from the health poll.

Bindings that share Pods are one group, because a gate wants all that lead to its Pod to be good.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from django.utils import timezone

from console.doors import Call, recording
from console.kinds import Pod
from console.kube import KubeError, connect, path
from console.models import Cluster
from console.tencent import CloudError
from services.binding import conditions, events, explaining, gates, health, history, leases
from services.binding.rows import Row
from services.binding.run import took
from services.models import Binding

# A message not picked up for this long counts as lost; who picked it up has as long as its lease.
LOST_AFTER = timedelta(seconds=2)
AT_IT = timedelta(seconds=leases.SECONDS)
AFTER_ERROR = timedelta(seconds=1)
# A cluster out of reach is tried this often, one group at a time.
AWAY = timedelta(seconds=5)
# Only who has just read the CLB's health may open a gate.
FRESH = timedelta(seconds=3)


def groups(ids: Iterable[int], rows: Iterable[Row]) -> Iterator[list[int]]:
    """Of these bindings those whose gates are due, by the Pods they share; on their way now."""
    now = timezone.now()
    due = Binding.objects.filter(pk__in=ids, gates_due_at__lte=now)
    for group in together(due.values_list("pk", flat=True), rows):
        Binding.objects.filter(pk__in=group).update(gates_due_at=now + LOST_AFTER)
        yield group


def together(bindings: Iterable[int], rows: Iterable[Row]) -> list[list[int]]:
    """Bindings that share Pods, themselves or through others; pure."""
    wanted = set(bindings)
    sharing = {pk: {pk} for pk in wanted}
    first: dict[str, int] = {}
    for row in rows:
        one = sharing.setdefault(row.binding_id, {row.binding_id})
        other = sharing[first.setdefault(row.pod_uid, row.binding_id)]
        if one is not other:
            one |= other
            sharing |= dict.fromkeys(other, one)
    found = {tuple(sorted(group & wanted)) for group in sharing.values()}
    return [list(group) for group in sorted(found) if group]


def settle(pks: Sequence[int]) -> None:
    """Write what the gates of these bindings, one group, have to say.

    Who is at it already looks again when it is done.
    """
    with leases.held(f"gates:{min(pks)}") as lease:
        bindings = _begun(pks) if lease else []
        if not bindings:
            return
        _in_turn(bindings[0].cluster, bindings)
    # Nobody's gate waits for the timeline.
    for binding in bindings:
        history.looked(binding)


def _begun(pks: Sequence[int]) -> list[Binding]:
    """The bindings, not to be sent again while they are written; none where the message was old."""
    rows = Binding.objects.filter(pk__in=pks)
    if not rows.filter(gates_due_at__isnull=False).update(gates_due_at=timezone.now() + AT_IT):
        return []
    return list(rows.select_related("cluster__account"))


def _in_turn(cluster: Cluster, bindings: Sequence[Binding]) -> None:
    if cluster.reachable:
        _settle(cluster, bindings)
        return
    # Waiting for it costs a thread: never more than one.
    with leases.held(f"gates:{cluster.cluster_id}") as turn:
        if turn:
            _settle(cluster, bindings)
        else:
            _due(bindings, timezone.now() + AWAY)


def _settle(cluster: Cluster, bindings: Sequence[Binding]) -> None:
    now = timezone.now()
    try:
        for binding in bindings:
            _refresh(binding, now)
        says_at = _write(cluster, bindings, now)
    except (KubeError, CloudError):
        _due(bindings, now + (AFTER_ERROR if cluster.reachable else AWAY))
        return
    for binding in bindings:
        rows = Binding.objects.filter(pk=binding.pk)
        if not rows.filter(gates_due_at=binding.gates_due_at).update(gates_due_at=says_at):
            # There is more since we looked.
            rows.update(gates_due_at=now)


def _refresh(binding: Binding, now: datetime) -> None:
    """A message that waited long must not open a gate by what was true when it was sent."""
    if binding.lb_status != "running" or (binding.health_at and now - binding.health_at < FRESH):
        return
    health.refresh(binding)
    binding.refresh_from_db(fields=["gates_due_at"])


def _due(bindings: Iterable[Binding], at: datetime) -> None:
    Binding.objects.filter(pk__in=[binding.pk for binding in bindings]).update(gates_due_at=at)


def _write(cluster: Cluster, bindings: Sequence[Binding], now: datetime) -> datetime | None:
    """Write the gates of these bindings' Pods; answers when there is more to say, if ever."""
    kube = connect(cluster)
    decided = gates.look(cluster, kube, bindings, now=now)
    changes = decided.changes
    if sum(not change.opens for change in changes) > explaining.FEW:
        changes = [change for change in changes if change.opens]
        explaining.ask(bindings, now)
    with recording() as calls:
        written = conditions.write(kube, bindings[0].namespace, changes)
    opened = [change.pod for change in written.changes if change.opens]
    for binding in bindings:
        _write_down(binding, opened, calls)
    return now + AFTER_ERROR if written.is_behind else decided.says_at


def _write_down(binding: Binding, opened: Sequence[Pod], calls: Sequence[Call]) -> None:
    uids = set(binding.registrations.values_list("pod_uid", flat=True)) if opened else set()
    names = [pod.metadata.name for pod in opened if pod.metadata.uid in uids]
    if not names:
        return
    whose = names[0] if len(names) == 1 else f"{len(names)} Pods"
    gate = "gate" if len(names) == 1 else "gates"
    text = f"Opened the {gate} of {whose}"
    patches = {f"PATCH {path('Pod', binding.namespace, name, 'status')}" for name in names}
    done = [call for call in calls if call.ok and call.action in patches]
    took(binding, text, done, note=", ".join(names[:10]))
    if len(opened) > events.POD_EVENTS:
        who = {"namespace": binding.namespace, "name": binding.name, "uid": binding.service_uid}
        kube = connect(binding.cluster)
        events.on_service(kube, {"metadata": who}, "GatesOpened", f"{text}.")
