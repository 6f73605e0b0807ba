"""Writes the gates of Pods: reads the claimed Services and Pods live, patches only differences."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum, auto
from typing import NamedTuple

from console import kinds, live
from console.kube import Conflict, Kube, NotFound, path
from console.models import Cluster
from services.binding import cluster as clusters
from services.binding import events
from services.binding.gate import Backing, Reason, gate_condition, held_back
from services.binding.pods import has_gate, selects, target_port
from services.binding.state import excluded
from services.limits import firewall, restored, router
from services.models import Binding, Registration
from services.spec import ServiceSpec, claim

# Limits that keep a health check from arriving at a Pod.
CLOSED = frozenset(
    limit.code
    for limit in (
        firewall.PROBES_CLOSED,
        router.CCN_NOT_ATTACHED,
        router.CCN_NOT_READY,
        router.CCN_NOT_REGISTERED,
        router.CCN_ROUTE_DISABLED,
        router.CCN_CONFLICT,
    )
)

# They live as long as the process, so their connections do too.
_opening = ThreadPoolExecutor(8, thread_name_prefix="gates")
_explaining = ThreadPoolExecutor(2, thread_name_prefix="explaining")


class Outcome(Enum):
    WRITTEN = auto()
    GONE = auto()
    BEHIND = auto()


@dataclass(frozen=True)
class Claimed:
    uid: str
    spec: ServiceSpec
    binding: Binding | None


@dataclass(frozen=True)
class Change:
    pod: kinds.Pod
    condition: kinds.Condition


class Decided(NamedTuple):
    """What to write now, and when words that are held back may be said."""

    changes: list[Change]
    says_at: datetime | None


class Written(NamedTuple):
    """The gates that were written; `is_behind`: of some, something newer was there already."""

    changes: list[Change]
    is_behind: bool


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
    changes = decide(cluster, gated, claims, now=now, leaving=leaving).changes
    if not may_open:
        changes = [change for change in changes if _only_explains(change) or _is_released(change)]
    return write(cluster, kube, namespace, changes).changes


def decide(
    cluster: Cluster,
    pods: Sequence[kinds.Pod],
    claims: Sequence[Claimed],
    *,
    now: datetime,
    leaving: str = "",
) -> Decided:
    """What the gates of these Pods should say, where that differs from what they say."""
    gated = [pod for pod in pods if has_gate(pod, cluster.gate_type)]
    counting = [one for one in claims if one.uid != leaving]
    rows, add_on = _rows(cluster, gated), clusters.add_on(cluster)
    changes, says_at = [], None
    for pod in gated:
        backings = _backings(pod, counting, rows[pod.metadata.uid], add_on)
        current = _current(pod, cluster.gate_type)
        condition = gate_condition(
            cluster.gate_type, backings, current, now=now, removed=bool(leaving)
        )
        if condition:
            changes.append(Change(pod, condition))
        elif later := held_back(backings, current, now):
            says_at = min(says_at or later, later)
    return Decided(changes, says_at)


def _is_released(change: Change) -> bool:
    return change.condition.reason == Reason.BINDING_REMOVED


def claimed(cluster: Cluster, kube: Kube, namespace: str) -> list[Claimed]:
    """The claimed Services of a namespace, live; what of one cannot be read holds nobody."""
    known = Binding.objects.filter(cluster=cluster, namespace=namespace)
    bindings = {binding.service_uid: binding for binding in known}
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
                    because=_because(pod, binding, row, add_on),
                )
            )
    return backings


def _health(row: Registration | None) -> str:
    if row is None or row.registered_at is None:
        return ""
    return row.health or "Unknown"


def _because(pod: kinds.Pod, binding: Binding | None, row: Registration | None, add_on: str) -> str:
    """What the CLB's word alone does not say, without its full stop."""
    if row:
        dead = binding if row.health == "Dead" else None
        return (_closed(dead) or row.health_message).rstrip(".") if dead else ""
    if why := excluded(pod, add_on=add_on):
        return why[1].rstrip(".")
    if binding and binding.phase == "Blocked":
        return binding.message.rstrip(".")
    left_out = binding.excluded if binding else ()
    said = (entry["message"] for entry in left_out if entry["pod"] == pod.metadata.name)
    return str(next(said, "")).rstrip(".")


def _closed(binding: Binding) -> str:
    """The use limit that keeps health checks from arriving, as it was found last."""
    return next((str(p.message) for p in map(restored, binding.limits) if p.code in CLOSED), "")


def write(cluster: Cluster, kube: Kube, namespace: str, changes: Sequence[Change]) -> Written:
    """Each Pod on its own: one that is gone meanwhile is nobody's trouble."""
    asked = [
        # Those that open have their own threads: where none does, nobody waits.
        (_explaining if _only_explains(change) else _opening).submit(
            copy_context().run, _patch, kube, change
        )
        for change in sorted(changes, key=_only_explains)
    ]
    results = [one.exception() or one.result() for one in asked]
    pairs = zip(sorted(changes, key=_only_explains), results, strict=True)
    written = [change for change, result in pairs if result is Outcome.WRITTEN]
    _tell(cluster, kube, namespace, written)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return Written(written, Outcome.BEHIND in results)


def _only_explains(change: Change) -> bool:
    return change.condition.status == "False"


def _patch(kube: Kube, change: Change) -> Outcome:
    """Our condition only, merged by type, and only on the Pod that was looked at."""
    pod, condition = change.pod, change.condition
    metadata = {"uid": pod.metadata.uid}
    if _only_explains(change):
        # Another worker may have opened it since: what is open never closes.
        metadata["resourceVersion"] = pod.metadata.resource_version
    body = {
        "metadata": metadata,
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
    except NotFound:
        return Outcome.GONE
    except Conflict:
        # It changed, or another Pod has its name: the uid is a precondition.
        return Outcome.BEHIND if _only_explains(change) else Outcome.GONE
    return Outcome.WRITTEN


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
