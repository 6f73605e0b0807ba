"""Writes the gates of Pods: reads the claimed Services and Pods live, patches only differences."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from datetime import UTC, datetime

from console import kinds, live
from console.kube import Conflict, Kube, NotFound, path
from console.models import Cluster
from services.binding import cluster as clusters
from services.binding import events
from services.binding.gate import Backing, Reason, gate_condition
from services.binding.pods import has_gate, selects, target_port
from services.binding.state import excluded
from services.models import Binding, Registration
from services.spec import ServiceSpec, claim

WRITERS, FEW_WRITERS = 8, 2


@dataclass(frozen=True)
class Claimed:
    uid: str
    spec: ServiceSpec
    binding: Binding | None


@dataclass(frozen=True)
class Change:
    pod: kinds.Pod
    condition: kinds.Condition


def settle(
    cluster: Cluster,
    kube: Kube,
    namespace: str,
    pods: Sequence[kinds.Pod],
    *,
    now: datetime,
    claims: Sequence[Claimed] | None = None,
    may_open: bool = True,
    leaving: str = "",
) -> list[Change]:
    """Patch what differs on these Pods, and tell which gates were written.

    Only who has just read the CLB's health may open a gate, except one that nobody holds any more.
    `leaving` is the uid of a Service whose binding ends: it counts no more. Raises the first
    KubeError after all Pods were tried.
    """
    gated = [pod for pod in pods if has_gate(pod, cluster.gate_type)]
    if not gated:
        return []
    if claims is None:
        claims = claimed(cluster, kube, namespace)
    counting = [one for one in claims if one.uid != leaving]
    rows = _rows(cluster, gated)
    changes = []
    for pod in gated:
        backings = _backings(pod, counting, rows[pod.metadata.uid], clusters.add_on(cluster))
        condition = gate_condition(
            cluster.gate_type,
            backings,
            _current(pod, cluster.gate_type),
            now=now,
            removed=bool(leaving),
        )
        holds = condition and condition.status == "False"
        if condition and (may_open or holds or condition.reason == Reason.BINDING_REMOVED):
            changes.append(Change(pod, condition))
    return _write(cluster, kube, namespace, changes)


def claimed(cluster: Cluster, kube: Kube, namespace: str) -> list[Claimed]:
    """The claimed Services of a namespace, live; what of one cannot be read holds nobody."""
    bindings = {b.service_uid: b for b in Binding.objects.filter(cluster=cluster)}
    found = []
    for service in kube.get(path("Service", namespace))["items"]:
        if claim(service, cluster) and not clusters.is_deleting(service):
            uid, spec = service["metadata"]["uid"], clusters.last_spec(service)
            if spec:
                found.append(Claimed(uid, spec, bindings.get(uid)))
    return found


def _current(pod: kinds.Pod, gate_type: str) -> kinds.Condition | None:
    return next((c for c in pod.status.conditions if c.type == gate_type), None)


def _rows(cluster: Cluster, pods: Iterable[kinds.Pod]) -> Mapping[str, list[Registration]]:
    uids = [pod.metadata.uid for pod in pods]
    rows: dict[str, list[Registration]] = defaultdict(list)
    for row in Registration.objects.filter(binding__cluster=cluster, pod_uid__in=uids):
        rows[row.pod_uid].append(row)
    return rows


def _backings(
    pod: kinds.Pod, claims: Iterable[Claimed], rows: Iterable[Registration], add_on: str
) -> list[Backing]:
    """One per listener of every claimed Service that selects the Pod."""
    at = {(row.binding_id, row.protocol, row.listener_port, row.ip, row.port): row for row in rows}
    backings = []
    for claimed_service in claims:
        spec, binding = claimed_service.spec, claimed_service.binding
        if not selects(spec, pod):
            continue
        for port in spec.ports:
            place = (port.protocol.value, port.port, pod.status.pod_ip, target_port(port, pod) or 0)
            row = at.get((binding.pk, *place)) if binding else None
            backings.append(
                Backing(
                    service=f"{spec.namespace}/{spec.name}",
                    listener=f"{port.protocol}:{port.port}",
                    lb_id=binding.lb_id if binding else "",
                    health=_health(row),
                    because="" if row else _because(pod, binding, add_on),
                )
            )
    return backings


def _health(row: Registration | None) -> str:
    if row is None or row.registered_at is None:
        return ""
    return row.health or "Unknown"


def _because(pod: kinds.Pod, binding: Binding | None, add_on: str) -> str:
    if why := excluded(pod, add_on=add_on):
        return why[1].rstrip(".")
    if binding and binding.phase == "Blocked":
        return binding.message.rstrip(".")
    return ""


def _write(cluster: Cluster, kube: Kube, namespace: str, changes: Sequence[Change]) -> list[Change]:
    """Each Pod on its own: one that is gone meanwhile is nobody's trouble."""
    if not changes:
        return []
    # Those that open go first; where none does, nobody waits, and others have more to do.
    changes = sorted(changes, key=_only_explains)
    writers = FEW_WRITERS if _only_explains(changes[0]) else WRITERS
    with ThreadPoolExecutor(min(writers, len(changes))) as pool:
        asked = [pool.submit(copy_context().run, _patch, kube, change) for change in changes]
        results = [one.exception() or one.result() for one in asked]
    written = [change for change, result in zip(changes, results, strict=True) if result is True]
    _tell(cluster, kube, namespace, written)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return written


def _only_explains(change: Change) -> bool:
    return change.condition.status == "False"


def _patch(kube: Kube, change: Change) -> bool:
    """Our condition only, merged by type, and only on the Pod that was looked at."""
    pod, condition = change.pod, change.condition
    body = {
        "metadata": {"uid": pod.metadata.uid},
        "status": {
            "conditions": [
                {
                    "type": condition.type,
                    "status": condition.status,
                    "reason": condition.reason,
                    "message": condition.message,
                    "lastTransitionTime": _time(condition.last_transition_time),
                    "lastProbeTime": _time(condition.last_probe_time),
                }
            ]
        },
    }
    where = path("Pod", pod.metadata.namespace, pod.metadata.name, "status")
    try:
        kube.patch(where, body, kind="strategic")
    except (NotFound, Conflict):
        # Gone, or another Pod has its name: the uid is a precondition.
        return False
    return True


def _time(when: datetime | None) -> str | None:
    if when is None:
        return None
    return when.astimezone(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")


def _tell(cluster: Cluster, kube: Kube, namespace: str, written: Sequence[Change]) -> None:
    live.announce(
        *(f"{cluster.cluster_id}/pods/{namespace}/{c.pod.metadata.name}" for c in written)
    )
    opened = [change for change in written if change.condition.status == "True"]
    if len(opened) > events.POD_EVENTS:
        return
    for change in opened:
        metadata = change.pod.metadata
        events.on_pod(
            kube, namespace, metadata.name, metadata.uid, "GateOpened", change.condition.message
        )
