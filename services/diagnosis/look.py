"""One object and what is wrong with it: for a page from the index, for `explain` read now."""

from dataclasses import dataclass
from typing import Any

from console import kinds, kube
from console.models import Cluster
from services.diagnosis import gather, serving
from services.diagnosis.finding import Finding
from services.diagnosis.pods import diagnose_pod
from services.diagnosis.reads import NOW, Patience
from services.diagnosis.services import diagnose_service
from services.diagnosis.workloads import diagnose_workload
from services.facts import add_on
from workloads import pods as pod_rows
from workloads import rollouts
from workloads.index.services import service_row
from workloads.models import Pod, Service, Workload

WORKLOADS = rollouts.KINDS
KINDS = ("Pod", "Service", *WORKLOADS)
MODELS: dict[str, Any] = {"Pod": Pod, "Service": Service}


@dataclass(frozen=True)
class Look:
    """`facts` are what the findings were made from: PodFacts, WorkloadFacts or ServiceFacts."""

    kind: str
    namespace: str
    name: str
    facts: Any
    findings: tuple[Finding, ...]


def look(cluster: Cluster, kind: str, namespace: str, name: str, patience: Patience) -> Look | None:
    """None when there is no such object. With NOW the object itself is read live as well."""
    row = _live(cluster, kind, namespace, name) if patience is NOW else None
    if patience is not NOW:
        row = indexed(cluster, kind, namespace, name)
    if kind == "Service":
        serves = serving.of_service(cluster, namespace, name, row, patience)
        if serves is None:
            return None
        return Look(kind, namespace, name, serves, diagnose_service(serves))
    if row is None:
        return None
    if kind == "Pod":
        pod = gather.of_pod(cluster, row, patience)
        return Look(kind, namespace, name, pod, diagnose_pod(pod))
    rollout = gather.of_workload(cluster, row, patience)
    return Look(kind, namespace, name, rollout, diagnose_workload(rollout))


def indexed(cluster: Cluster, kind: str, namespace: str, name: str) -> Any:
    model = MODELS.get(kind, Workload)
    rows = model.objects.filter(cluster=cluster, namespace=namespace, name=name)
    if model is Workload:
        rows = rows.filter(kind=kind)
    return rows.order_by("-created_at").first()


def _live(cluster: Cluster, kind: str, namespace: str, name: str) -> Any:
    """A row as the watcher would write it now; the index's where the API server is away."""
    try:
        return _read(kube.connect(cluster), cluster, kind, namespace, name)
    except kube.NotFound:
        return None
    except kube.KubeError:
        return indexed(cluster, kind, namespace, name)


def _read(door: kube.Kube, cluster: Cluster, kind: str, namespace: str, name: str) -> Any:
    where = kube.path(kind, namespace, name)
    if kind == "Service":
        return _made(Service, cluster, service_row(door.get(where, kinds.Service)))
    if kind == "Pod":
        pod = door.get(where, kinds.Pod)
        return _made(Pod, cluster, pod_rows.row(pod, add_on=add_on(cluster)))
    found = door.get(where, kinds.Workload)
    return _made(Workload, cluster, rollouts.row(kind, found, add_on=add_on(cluster)))


def _made(model: Any, cluster: Cluster, row: Any) -> Any:
    return model(cluster=cluster, **{name: getattr(row, name) for name in row.__struct_fields__})
