"""Gate coverage: Pods behind claimed Services that carry the gate, and those that do not."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from console.models import Cluster
from services.models import Binding, Phase
from workloads.models import Pod, Service

ROLLS = ("Deployment", "StatefulSet", "DaemonSet")
ENDED = ("Succeeded", "Failed", "Completed", "Evicted", "Error")


@dataclass(frozen=True)
class Covered:
    """One workload behind claimed Services; `without` are the names of Pods that lack the gate."""

    kind: str
    namespace: str
    name: str
    services: tuple[str, ...]
    total: int
    without: tuple[str, ...]
    # How many of those Kubernetes calls Ready.
    ready_without: int = 0
    # The oldest of them, and the Services that select it.
    oldest: Pod | None = None
    selected_by: tuple[Service, ...] = ()

    @property
    def covered(self) -> int:
        return self.total - len(self.without)

    @property
    def can_roll(self) -> bool:
        return self.kind in ROLLS


def coverage(cluster: Cluster) -> list[Covered]:
    """From the index; workloads with uncovered Pods first."""
    claimed = _claimed(cluster)
    pods = Pod.objects.filter(
        cluster=cluster,
        namespace__in={service.namespace for service in claimed},
        terminating=False,
        host_network=False,
    ).exclude(status__in=ENDED)
    groups: dict[tuple[str, str, str], list[tuple[Pod, list[Service]]]] = defaultdict(list)
    for pod in pods.order_by("name"):
        if selecting := [service for service in claimed if _selects(service, pod)]:
            owner = (pod.workload_kind or "Pod", pod.namespace, pod.workload_name or pod.name)
            groups[owner].append((pod, selecting))
    rows = [_covered(*owner, members, cluster.gate_type) for owner, members in groups.items()]
    return sorted(rows, key=lambda row: (not row.without, row.namespace, row.name))


def _claimed(cluster: Cluster) -> list[Service]:
    bindings = Binding.objects.filter(cluster=cluster).exclude(phase=Phase.DELETING)
    bound = set(bindings.values_list("namespace", "name"))
    rows = Service.objects.filter(cluster=cluster, terminating=False)
    return [row for row in rows if (row.namespace, row.name) in bound and row.selector]


def _selects(service: Service, pod: Pod) -> bool:
    same = service.namespace == pod.namespace
    return same and bool(service.selector.items() <= pod.labels.items())


def _covered(
    kind: str,
    namespace: str,
    name: str,
    members: Sequence[tuple[Pod, list[Service]]],
    gate_type: str,
) -> Covered:
    bare = [(pod, services) for pod, services in members if not _has_gate(pod, gate_type)]
    oldest = min(bare, key=lambda member: member[0].created_at, default=None)
    return Covered(
        kind,
        namespace,
        name,
        tuple(sorted({service.name for _, services in members for service in services})),
        len(members),
        tuple(pod.name for pod, _ in bare),
        sum(pod.ready for pod, _ in bare),
        oldest[0] if oldest else None,
        tuple(oldest[1]) if oldest else (),
    )


def _has_gate(pod: Pod, gate_type: str) -> bool:
    return any(gate.get("type") == gate_type for gate in pod.gates)
