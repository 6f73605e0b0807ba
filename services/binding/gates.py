"""What the gates of Pods should say, by the claimed Services and Pods as they are now."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from console import kinds
from console.kube import Kube, path
from console.models import Cluster
from services.binding import cluster as clusters
from services.binding import conditions
from services.binding.conditions import Change
from services.binding.gate import Backing, Reason, gate_condition, held_back
from services.binding.pods import has_gate, selects, target_port
from services.binding.rows import Row, rows_of_pods
from services.binding.state import excluded
from services.limits import firewall, restored, router
from services.models import Binding
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


@dataclass(frozen=True)
class Claimed:
    uid: str
    spec: ServiceSpec
    binding: Binding | None


class Decided(NamedTuple):
    """What to write now, and when words that are held back may be said."""

    changes: list[Change]
    says_at: datetime | None


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
        changes = [change for change in changes if not change.opens or _is_released(change)]
    return conditions.write(kube, namespace, changes).changes


def look(cluster: Cluster, kube: Kube, bindings: Sequence[Binding], *, now: datetime) -> Decided:
    """What the gates of these bindings' Pods should say, read live; all of one namespace."""
    namespace, uids = bindings[0].namespace, {binding.service_uid for binding in bindings}
    claims = claimed(cluster, kube, namespace)
    pods: dict[str, kinds.Pod] = {}
    for one in claims:
        if one.uid in uids:
            found = clusters.pods(kube, namespace, one.spec, ())
            pods |= {pod.metadata.uid: pod for pod in found}
    return decide(cluster, list(pods.values()), claims, now=now)


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


def _rows(cluster: Cluster, pods: Iterable[kinds.Pod]) -> Mapping[str, list[Row]]:
    rows: dict[str, list[Row]] = defaultdict(list)
    for row in rows_of_pods(cluster, [pod.metadata.uid for pod in pods]):
        rows[row.pod_uid].append(row)
    return rows


def _backings(
    pod: kinds.Pod, claims: Iterable[Claimed], rows: Iterable[Row], add_on: str
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


def _health(row: Row | None) -> str:
    if row is None or row.registered_at is None:
        return ""
    return row.health or "Unknown"


def _because(pod: kinds.Pod, binding: Binding | None, row: Row | None, add_on: str) -> str:
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
