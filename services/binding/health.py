"""The health poll: one coalesced read per account and region, then the gates it decides.

First look at registration + interval x healthy threshold, then every quarter second while a
target is Unknown, rarely otherwise. "Not healthy yet" is a look to come, never an error.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import groupby

from django.db.models import QuerySet
from django.utils import timezone

from console import live
from console.doors import Call, recording
from console.kinds import Pod
from console.kube import KubeError, connect
from console.models import Account, Cluster
from console.tencent import CloudError
from services.binding import clb, events, gate, gates, ledger
from services.binding import cluster as clusters
from services.binding.phases import Standing
from services.binding.run import report, took, topic
from services.models import Binding, Registration

EAGER = timedelta(seconds=0.25)
TROUBLED = timedelta(seconds=2)
CALM = timedelta(seconds=10)
AFTER_ERROR = timedelta(seconds=1)
HEALTH_PHASES = {"Pending", "Checking", "Ready", "Degraded"}


def due(account: Account | None = None) -> QuerySet[Binding]:
    found = Binding.objects.filter(
        health_due_at__lte=timezone.now(), lb_status="running", cluster__binder="console"
    )
    return found.filter(cluster__account=account) if account else found


def poll(bindings: Iterable[Binding]) -> None:
    """Read the health of these bindings of one account, store it, settle their Pods' gates."""
    asked = _with_partners(bindings)
    if not asked:
        return
    now = timezone.now()
    account = asked[0].cluster.account
    try:
        found = clb.health(account, sorted({binding.lb_id for binding in asked}))
        said = {(lb, (listener, *target)): word for lb, listener, target, word in found}
    except CloudError:
        _postpone(asked, now + AFTER_ERROR)
        return
    changed = {
        binding.pk: ledger.note_health(binding.registrations.all(), said, now) for binding in asked
    }
    for (_, namespace), group in groupby(sorted(asked, key=_where), key=_where):
        some = list(group)
        pending = [b for b in some if changed[b.pk] or _has_unsaid(b, now)]
        Binding.objects.filter(pk__in=[b.pk for b in pending]).update(gates_due=False)
        is_written = not pending or _settle(some[0].cluster, namespace, pending, now)
        for binding in some:
            _after(binding, now, is_written=is_written, is_news=bool(changed[binding.pk]))


def _where(binding: Binding) -> tuple[int, str]:
    return (binding.cluster.pk, binding.namespace)


def _has_unsaid(binding: Binding, now: datetime) -> bool:
    """A gate may still say what was true some seconds ago: its message is held back for a while."""
    recent = now - gate.MESSAGE_EVERY - timedelta(seconds=1)
    return binding.gates_due or binding.registrations.filter(health_since__gte=recent).exists()


def _after(binding: Binding, now: datetime, *, is_written: bool, is_news: bool) -> None:
    _update_phase(binding)
    due_at = next_look(binding, now) if is_written else now + AFTER_ERROR
    rows = Binding.objects.filter(pk=binding.pk)
    rows.update(health_at=now, health_due_at=due_at)
    if not is_written:
        rows.update(gates_due=True)
    if is_news:
        live.announce(topic(binding))


def words(binding: Binding) -> list[str]:
    """One of the CLB's words per wanted target; those that drain do not count."""
    rows = binding.registrations.filter(weight__gt=0)
    return [health or "Unknown" for health in rows.values_list("health", flat=True)]


def next_look(binding: Binding, now: datetime, *, retry_gates: bool = False) -> datetime:
    """When the next word can be news."""
    rows = list(binding.registrations.filter(registered_at__isnull=False))
    first_look = timedelta(seconds=binding.first_look)
    waiting = [
        max(row.registered_at + first_look, now + EAGER)
        for row in rows
        if row.registered_at and row.health in {"", "Unknown"}
    ]
    if waiting:
        return min(waiting)
    if retry_gates:
        return now
    return now + (TROUBLED if any(row.health == "Dead" for row in rows) else CALM)


def _with_partners(bindings: Iterable[Binding]) -> list[Binding]:
    """Also the bindings that share Pods with these: a gate wants all of them good at one moment."""
    ids = [binding.pk for binding in bindings]
    uids = Registration.objects.filter(binding__in=ids).values("pod_uid")
    partners = Registration.objects.filter(pod_uid__in=uids).values("binding")
    rows = Binding.objects.filter(pk__in=ids) | Binding.objects.filter(pk__in=partners)
    return list(rows.exclude(lb_id="").select_related("cluster__account").distinct())


def _settle(cluster: Cluster, namespace: str, bindings: Sequence[Binding], now: datetime) -> bool:
    """Write the gates of these bindings' Pods; answers whether all could be written."""
    kube = connect(cluster)
    uids = {binding.service_uid: binding for binding in bindings}
    try:
        claims = gates.claimed(cluster, kube, namespace)
        pods: dict[str, Pod] = {}
        for one in claims:
            if one.uid in uids:
                found = clusters.pods(kube, namespace, one.spec, ())
                pods |= {pod.metadata.uid: pod for pod in found}
        with recording() as calls:
            some = list(pods.values())
            changes = gates.settle(cluster, kube, namespace, some, now=now, claims=claims)
    except KubeError:
        return False
    opened = [change.pod for change in changes if change.condition.status == "True"]
    for binding in bindings:
        _write_down(binding, opened, calls)
    return True


def _write_down(binding: Binding, opened: Sequence[Pod], calls: Sequence[Call]) -> None:
    uids = set(binding.registrations.values_list("pod_uid", flat=True))
    names = [pod.metadata.name for pod in opened if pod.metadata.uid in uids]
    if names:
        whose = names[0] if len(names) == 1 else f"{len(names)} Pods"
        gate = "gate" if len(names) == 1 else "gates"
        patches = [call for call in calls if call.action.endswith("/status")]
        took(binding, f"Opened the {gate} of {whose}", patches, note=", ".join(names[:10]))


def _update_phase(binding: Binding) -> None:
    """Between runs health moves a binding only among the phases that health makes."""
    binding.refresh_from_db()
    if binding.phase in HEALTH_PHASES:
        standing = Standing(health=words(binding), has_load_balancer=True)
        if report(binding, standing) and binding.phase in {"Ready", "Degraded"}:
            who = {
                "namespace": binding.namespace,
                "name": binding.name,
                "uid": binding.service_uid,
            }
            kube = connect(binding.cluster)
            events.on_service(kube, {"metadata": who}, binding.phase, binding.message)


def _postpone(bindings: Iterable[Binding], until: datetime) -> None:
    ids = [binding.pk for binding in bindings]
    Binding.objects.filter(pk__in=ids).update(health_due_at=until)
