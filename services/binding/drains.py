"""The end of each target, written down: weight 0 acknowledged, sockets closed, deregistered.

What it is for: a Pod whose sockets closed before the CLB let go of it has lost requests.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from console import live
from console.kinds import Pod
from services.binding.plan import Deregister, SetWeight, Step
from services.binding.pods import has_stopped
from services.binding.run import topic
from services.binding.state import Key, State, Target
from services.models import Binding, Drain, Registration
from workloads import stopping

KEPT = 200


def begin(
    binding: Binding, has: State, steps: Iterable[Step], pods: Iterable[Pod], now: datetime
) -> None:
    """Before these steps are taken: a row for each target whose Pod goes."""
    known = {pod.metadata.uid: pod for pod in pods}
    rows = []
    for step in steps:
        if not (isinstance(step, Deregister) or (isinstance(step, SetWeight) and not step.weight)):
            continue
        uid = has.listeners[step.key].targets[step.target].pod
        pod = known.get(uid)
        if uid and (pod is None or pod.metadata.deletion_timestamp):
            rows.append(_row(binding, step.key, step.target, uid, pod, now=now))
    if rows:
        Drain.objects.bulk_create(rows, ignore_conflicts=True)
        _prune(binding)


def note(binding: Binding, pods: Iterable[Pod], now: datetime) -> None:
    """After a look: what has become of the drains that are under way."""
    known = {pod.metadata.uid: pod for pod in pods}
    rows = list(binding.drains.filter(deregistered_at=None))
    if not rows:
        return
    registered = {(row.pod_uid, _target(row)): row for row in binding.registrations.all()}
    changed = [
        row
        for row in rows
        if _advance(row, registered.get((row.pod_uid, row.target)), known.get(row.pod_uid), now)
    ]
    if changed:
        fields = ["weight_zero_at", "stopped_at", "deregistered_at"]
        Drain.objects.bulk_update(changed, fields, batch_size=100)
        live.announce(topic(binding))


def _advance(row: Drain, target: Registration | None, pod: Pod | None, now: datetime) -> bool:
    before = (row.weight_zero_at, row.stopped_at, row.deregistered_at)
    if target and target.weight_zero_at:
        row.weight_zero_at = target.weight_zero_at
    if row.stopped_at is None and has_stopped(pod):
        row.stopped_at = _ended(pod) or now
    if target is None:
        row.deregistered_at = now
    return before != (row.weight_zero_at, row.stopped_at, row.deregistered_at)


def _row(
    binding: Binding, key: Key, target: Target, uid: str, pod: Pod | None, *, now: datetime
) -> Drain:
    deleted_at, closes_at = times(pod)
    name = pod.metadata.name if pod else _name(binding, uid)
    return Drain(
        binding=binding,
        pod_uid=uid,
        pod_name=name,
        target=f"{key} {target}",
        deleted_at=deleted_at,
        closes_at=closes_at,
        stopped_at=(_ended(pod) or now) if has_stopped(pod) else None,
        began_at=now,
    )


def times(pod: Pod | None) -> tuple[datetime | None, datetime | None]:
    """When a Pod's deletion was asked for, and the soonest its sockets may close; pure."""
    if pod is None or pod.metadata.deletion_timestamp is None:
        return None, None
    metadata = pod.metadata
    assert metadata.deletion_timestamp is not None
    grace = metadata.deletion_grace_period_seconds
    deleted_at = metadata.deletion_timestamp - timedelta(seconds=grace or 0)
    hooks = [stopping.pre_stop(one) for one in pod.spec.containers if one.ports]
    known = [hook for hook in hooks or [0.0] if hook is not None]
    if len(known) < len(hooks):
        return deleted_at, None
    stays = min([*known, *([] if grace is None else [float(grace)])])
    return deleted_at, deleted_at + timedelta(seconds=stays)


def _ended(pod: Pod | None) -> datetime | None:
    """When the last container had ended, in the cluster's own words."""
    ends = [
        status.state.terminated.finished_at
        for status in (pod.status.container_statuses if pod else ())
        if status.state.terminated and status.state.terminated.finished_at
    ]
    return max(ends, default=None)


def _name(binding: Binding, uid: str) -> str:
    found = binding.registrations.filter(pod_uid=uid).values_list("pod_name", flat=True)
    return found.first() or uid


def _target(row: Registration) -> str:
    return f"{row.protocol}:{row.listener_port} {row.ip}:{row.port}"


def _prune(binding: Binding) -> None:
    old = binding.drains.values_list("pk", flat=True)[KEPT : KEPT + 500]
    if pks := list(old):
        Drain.objects.filter(pk__in=pks).delete()
