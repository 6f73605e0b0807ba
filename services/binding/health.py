"""The health poll: one coalesced read per account and region, then the gates it decides.

First look at registration + interval x healthy threshold, then every quarter second while a
target is Unknown, rarely otherwise. "Not healthy yet" is a look to come, never an error.
"""

from collections.abc import Container, Iterable, Sequence
from datetime import datetime, timedelta
from itertools import groupby

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from console import live
from console.doors import Call, recording
from console.kinds import Pod
from console.kube import KubeError, connect
from console.models import Account, Cluster
from console.tencent import CloudError, NotFound
from services.binding import clb, events, gate, gates, ledger, wanted
from services.binding import cluster as clusters
from services.binding.phases import Standing
from services.binding.run import report, stored_problems, took, topic
from services.models import Binding, Registration

# Less than the ticker's quarter second, else every second tick finds nothing due.
EAGER = timedelta(seconds=0.2)
TROUBLED = timedelta(seconds=2)
CALM = timedelta(seconds=10)
AFTER_ERROR = timedelta(seconds=1)
LONG = timedelta(seconds=30)
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
    # Before the CLB is asked: what is registered anew meanwhile is not what it speaks of.
    rows = {binding.pk: list(binding.registrations.all()) for binding in asked}
    try:
        said, missing = _said(asked[0].cluster.account, asked)
    except CloudError:
        _postpone(asked, now + AFTER_ERROR)
        return
    if missing:
        wanted.raise_wanted(Binding.objects.filter(lb_id__in=missing))
    found = [binding for binding in asked if binding.lb_id not in missing]
    changed = {binding.pk for binding in found if _note(binding, rows[binding.pk], said, now)}
    for cluster, group in groupby(sorted(found, key=_where), key=lambda b: b.cluster):
        if cluster.reachable:
            settle(cluster, list(group), now, changed=changed)
        else:
            _postpone(group, now + TROUBLED)
            _elsewhere(cluster)


def refresh(binding: Binding) -> bool:
    """Read the health of this one now; answers whether it is news."""
    rows = list(binding.registrations.all())
    said, missing = _said(binding.cluster.account, [binding])
    return not missing and _note(binding, rows, said, timezone.now())


type Said = dict[tuple[str, ledger.Place], str]


def _said(account: Account, bindings: Iterable[Binding]) -> tuple[Said, set[str]]:
    """The CLB's words by load balancer and target, and the load balancers it does not know."""
    ids, missing = sorted({binding.lb_id for binding in bindings}), set()
    try:
        found = list(clb.health(account, ids))
    except NotFound:
        # One that is gone must not hide all the others.
        found = []
        for lb_id in ids:
            try:
                found += clb.health(account, [lb_id])
            except NotFound:
                missing.add(lb_id)
    return {(lb, (listener, *target)): word for lb, listener, target, word in found}, missing


def _note(binding: Binding, rows: Iterable[Registration], said: Said, now: datetime) -> bool:
    """One transaction: a worker that dies after it has left its gates to be written."""
    with transaction.atomic():
        changed = ledger.note_health(rows, said, now)
        if changed:
            Binding.objects.filter(pk=binding.pk).update(gates_due=True)
    return bool(changed)


def _elsewhere(cluster: Cluster) -> None:
    """In a task of its own: waiting for this API server must not keep the others waiting."""
    from services import tasks

    tasks.deliver(tasks.settle_gates, cluster.pk, expires=60)


def settle(
    cluster: Cluster, bindings: Iterable[Binding], now: datetime, *, changed: Container[int] = ()
) -> None:
    """Write what gates these bindings of one cluster have to say."""
    is_reached = True
    for (_, namespace), group in groupby(sorted(bindings, key=_where), key=_where):
        some = list(group)
        pending = [b for b in some if b.pk in changed or _has_unsaid(b, now)]
        is_written = not pending or (is_reached and _settle(cluster, namespace, pending, now))
        is_reached &= is_written
        for binding in some:
            _after(binding, now, is_written=is_written, is_news=binding.pk in changed)


def settle_due(cluster: Cluster) -> None:
    """The gates of a cluster that were left to be written."""
    due = Binding.objects.filter(cluster=cluster, gates_due=True, lb_status="running")
    settle(cluster, list(due.select_related("cluster__account")), timezone.now())


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
    if is_written:
        # Unless a run has looked at Pods since we read it.
        rows.filter(observed_at=binding.observed_at).update(gates_due=False)
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
        max(row.registered_at + first_look, now + _patience(now - row.registered_at, first_look))
        for row in rows
        if row.registered_at and row.health in {"", "Unknown"}
    ]
    if waiting:
        return min(waiting)
    if retry_gates:
        return now
    return now + (TROUBLED if any(row.health == "Dead" for row in rows) else CALM)


def _patience(waited: timedelta, first_look: timedelta) -> timedelta:
    """A target that the CLB says nothing of for long is asked for less often."""
    return EAGER if waited < 3 * first_look + LONG else TROUBLED


def _with_partners(bindings: Iterable[Binding]) -> list[Binding]:
    """Also the bindings that share Pods with these: a gate wants all of them good at one moment."""
    ids = [binding.pk for binding in bindings]
    uids = Registration.objects.filter(binding__in=ids).values("pod_uid")
    partners = Registration.objects.filter(pod_uid__in=uids).values("binding")
    rows = Binding.objects.filter(pk__in=ids) | Binding.objects.filter(pk__in=partners)
    return list(rows.exclude(lb_id="").select_related("cluster__account").distinct())


def _settle(cluster: Cluster, namespace: str, bindings: Sequence[Binding], now: datetime) -> bool:
    """Write the gates of these bindings' Pods; answers whether all could be written."""
    uids = {binding.service_uid: binding for binding in bindings}
    try:
        kube = connect(cluster)
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
    row = Binding.objects.select_related("cluster").filter(pk=binding.pk).first()
    if row is None or row.phase not in HEALTH_PHASES:
        return
    standing = Standing(health=words(row), problems=stored_problems(row), has_load_balancer=True)
    if report(row, standing, is_run=False) and row.phase in {"Ready", "Degraded"}:
        who = {"namespace": row.namespace, "name": row.name, "uid": row.service_uid}
        events.on_service(connect(row.cluster), {"metadata": who}, row.phase, row.message)


def _postpone(bindings: Iterable[Binding], until: datetime) -> None:
    ids = [binding.pk for binding in bindings]
    Binding.objects.filter(pk__in=ids).update(health_due_at=until)
