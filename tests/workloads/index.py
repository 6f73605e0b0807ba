"""Index rows made through the watcher's own tables, so that pages see what they would see."""

from typing import Any

from django.utils import timezone

from console import kinds
from console.models import Cluster
from tests.workloads.manifests import GATE, pod, workload
from workloads import pods, rollouts
from workloads.index import tables
from workloads.models import Pod, Watch, Workload


def listed(cluster: Cluster, *kinds_listed: str) -> None:
    for kind in kinds_listed or tuple(kind.name for kind in tables.FOLLOWED):
        Watch.objects.update_or_create(
            cluster=cluster, kind=kind, defaults={"synced_at": timezone.now()}
        )


def put_pod(cluster: Cluster, name: str = "web-6f7c9d8b5-q2v7m", **changes: Any) -> Pod:
    found: kinds.Pod = pod(name, **changes)
    tables.store(cluster.pk, Pod, [pods.row(found)])
    return Pod.objects.get(cluster=cluster, uid=found.metadata.uid)


def put_gated_pod(cluster: Cluster, name: str, *conditions: dict[str, str]) -> Pod:
    spec = {
        "nodeName": "node-1",
        "containers": [{"name": "web", "image": "web:1"}],
        "readinessGates": [{"conditionType": GATE}],
    }
    found = [{"type": "Ready", "status": "False", "reason": "ReadinessGatesNotReady"}]
    return put_pod(cluster, name, spec=spec, status={"conditions": [*found, *conditions]})


def put_deployment(cluster: Cluster, name: str = "web", **status: int) -> Workload:
    template = {
        "metadata": {"labels": {"app": name}},
        "spec": {
            "containers": [{"name": "web", "image": "web:1"}],
            "readinessGates": [{"conditionType": GATE}],
        },
    }
    counts = {"replicas": 3, "updatedReplicas": 3, "readyReplicas": 0, "availableReplicas": 0}
    found = workload(
        name,
        spec={"replicas": 3, "template": template, "strategy": {"type": "RollingUpdate"}},
        status=counts | status,
    )
    tables.store(cluster.pk, Workload, [rollouts.row("Deployment", found)])
    return Workload.objects.get(cluster=cluster, uid=found.metadata.uid)
