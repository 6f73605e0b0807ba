"""The end of a binding: gates released, our marks taken off the Service, the row deleted.

The engine comes here when nothing of ours is left at the CLB; a user may, to leave the cloud as it
is instead of waiting. Each part may have been done before.
"""

from django.utils import timezone

from console import activity, live
from console.doors import recording
from console.kinds import Pod
from console.kube import Kube, connect
from services.binding import cluster, gates
from services.binding.run import topic
from services.models import Binding
from services.spec import VIP, ClaimBy, ServiceSpec, from_manifest


def release(binding: Binding, *, message: str = "") -> None:
    """Forget this binding; what it still has in the cloud stays there."""
    kube = connect(binding.cluster)
    service = cluster.service(kube, binding.namespace, binding.name, binding.service_uid)
    with recording() as calls:
        _release_gates(binding, kube, service)
        _forget_service(binding, kube, service)
    activity.record(
        None,
        "unbind",
        cluster=binding.cluster.cluster_id,
        kind="Service",
        namespace=binding.namespace,
        name=binding.name,
        message=message,
        calls=[call for call in calls if call.write],
    )
    where = topic(binding)
    binding.delete()
    live.announce(where)


def _release_gates(binding: Binding, kube: Kube, service: cluster.Service | None) -> None:
    """With reason BindingRemoved, of Pods that no other claimed Service selects."""
    known = binding.registrations.values_list("pod_name", "pod_uid").distinct()
    pods = cluster.pods(kube, binding.namespace, _last_spec(service), known)
    gates.settle(
        binding.cluster,
        kube,
        binding.namespace,
        [pod for pod in pods if not _is_open(pod, binding.cluster.gate_type)],
        now=timezone.now(),
        leaving=binding.service_uid,
    )


def _forget_service(binding: Binding, kube: Kube, service: cluster.Service | None) -> None:
    if service and not cluster.is_deleting(service):
        if VIP in (service["metadata"].get("annotations") or {}):
            cluster.publish(kube, service, "", claim=ClaimBy.ANNOTATION, ip_mode=False)
        service = cluster.service(kube, binding.namespace, binding.name, binding.service_uid)
    if service and cluster.has_finalizer(service):
        cluster.remove_finalizer(kube, service)


def _last_spec(service: cluster.Service | None) -> ServiceSpec | None:
    """What the Service that goes selects: its Pods that still wait are released too."""
    try:
        return from_manifest(service) if service else None
    except (ValueError, TypeError, KeyError):
        return None


def _is_open(pod: Pod, gate_type: str) -> bool:
    return any(c.type == gate_type and c.status == "True" for c in pod.status.conditions)
