"""Which Services bind a Pod, for the pages of Pods and workloads."""

from collections.abc import Mapping, Sequence

from django.urls import reverse

from console.models import Cluster
from services.models import Binding, Phase
from services.printed.words import PHASE_TONES, phase_word
from workloads.binders import BoundBy
from workloads.models import Pod, Service


def services_of(cluster: Cluster, pods: Sequence[Pod]) -> Mapping[str, Sequence[BoundBy]]:
    """The claimed Services that select each Pod, by Pod uid."""
    namespaces = {pod.namespace for pod in pods}
    bindings = Binding.objects.filter(cluster=cluster, namespace__in=namespaces)
    bindings = bindings.exclude(phase=Phase.DELETING)
    told = bindings.values_list("namespace", "name", "phase")
    phases = {(namespace, name): phase for namespace, name, phase in told}
    if not phases:
        return {}
    rows = Service.objects.filter(cluster=cluster, namespace__in=namespaces, terminating=False)
    rows = rows.only("namespace", "name", "selector")
    claimed = [row for row in rows if (row.namespace, row.name) in phases and row.selector]
    return {
        pod.uid: [
            _bound_by(cluster, row, phases[row.namespace, row.name])
            for row in claimed
            if row.namespace == pod.namespace and row.selector.items() <= pod.labels.items()
        ]
        for pod in pods
    }


def _bound_by(cluster: Cluster, row: Service, phase: str) -> BoundBy:
    return BoundBy(
        namespace=row.namespace,
        name=row.name,
        url=reverse("service", args=[cluster.cluster_id, row.namespace, row.name]),
        word=phase_word(phase),
        tone=PHASE_TONES[phase],
    )
