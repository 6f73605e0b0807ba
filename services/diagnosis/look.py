"""One object and what is wrong with it: for a page from the index, for `explain` read now."""

from dataclasses import dataclass, replace
from typing import Any

from console.models import Cluster
from services.diagnosis import around, gather, rows, serving
from services.diagnosis.finding import Finding
from services.diagnosis.pods import diagnose_pod
from services.diagnosis.reads import NOW, Patience
from services.diagnosis.services import diagnose_service
from services.diagnosis.workloads import diagnose_workload
from workloads import rollouts

WORKLOADS = rollouts.KINDS
KINDS = ("Pod", "Service", *WORKLOADS)


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
    row = rows.one(cluster, kind, namespace, name, is_live=patience is NOW)
    if kind == "Service":
        serves = serving.of_service(cluster, namespace, name, row, patience)
        if serves is None:
            return None
        return Look(
            kind, namespace, name, serves, _said(diagnose_service(serves), serves, patience)
        )
    if row is None:
        return None
    if kind == "Pod":
        pod = gather.of_pod(cluster, row, patience)
        return Look(kind, namespace, name, pod, _said(diagnose_pod(pod), pod, patience))
    rollout = gather.of_workload(cluster, row, patience)
    return Look(
        kind, namespace, name, rollout, _said(diagnose_workload(rollout), rollout, patience)
    )


def _said(found: tuple[Finding, ...], facts: Any, patience: Patience) -> tuple[Finding, ...]:
    """Who asks for a live look is told that there was none, also where all was well before."""
    if patience is NOW and not found and facts.around.unreachable:
        return tuple(around.findings(replace(facts.around, silent={})))
    return found
