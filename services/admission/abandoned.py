"""Gates that we injected and whose Service is gone: released, so that no Pod waits for ever."""

from collections import defaultdict

from django.utils import timezone

from console import kinds
from console.kube import Kube, connect, path
from console.models import Cluster
from services.admission.injection import INJECTED_FOR
from services.binding import gates


def release(cluster: Cluster) -> int:
    """Open the closed gates of Pods that no claimed Service selects any more; how many."""
    kube = connect(cluster)
    waiting = _waiting(kube, cluster.gate_type) if cluster.binder == "console" else {}
    released = 0
    for namespace, pods in waiting.items():
        claims = gates.claimed(cluster, kube, namespace)
        alive = {one.uid for one in claims}
        left = [pod for pod in pods if pod.metadata.annotations[INJECTED_FOR] not in alive]
        if left:
            uid = left[0].metadata.annotations[INJECTED_FOR]
            # Whether another claimed Service selects such a Pod is for the gate's function to say.
            changes = gates.settle(
                cluster, kube, namespace, left, now=timezone.now(), claims=claims, leaving=uid
            )
            released += sum(change.condition.status == "True" for change in changes)
    return released


def _waiting(kube: Kube, gate_type: str) -> dict[str, list[kinds.Pod]]:
    found: dict[str, list[kinds.Pod]] = defaultdict(list)
    for page in kube.pages(path("Pod"), kinds.PodList):
        for pod in page.items:
            if INJECTED_FOR in pod.metadata.annotations and not _is_open(pod, gate_type):
                found[pod.metadata.namespace].append(pod)
    return found


def _is_open(pod: kinds.Pod, gate_type: str) -> bool:
    return any(c.type == gate_type and c.status == "True" for c in pod.status.conditions)
