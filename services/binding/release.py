"""The end of a binding: gates released, our marks taken off the Service, the row deleted.

The engine comes here when nothing of ours is left at the CLB; a user may, to leave the cloud as it
is instead of waiting. Each part may have been done before.
"""

from django.utils import timezone

from console import activity, live
from console.doors import recording
from console.kube import Kube, connect
from services.binding import cluster, gates, leases
from services.binding.pods import is_open
from services.binding.run import topic
from services.models import Binding, Registration, Token
from services.spec import VIP, ClaimBy


def release_alone(binding: Binding, *, message: str = "") -> bool:
    """Release it unless a worker is at it; answers whether it was."""
    with leases.held(binding.lb_id or binding.service_uid) as lease:
        if lease:
            release(binding, message=message)
        return lease is not None


def release(binding: Binding, *, message: str = "") -> None:
    """Forget this binding, whose lease is held; what it still has in the cloud stays there."""
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
    if binding.lb_id:
        Token.objects.update_or_create(
            service_uid=binding.service_uid, defaults={"released": binding.lb_id}
        )
        cluster.note_released(kube, binding.lb_id, binding.service_uid)
    binding.delete()
    live.announce(where)


def _release_gates(binding: Binding, kube: Kube, service: cluster.Service | None) -> None:
    """With reason BindingRemoved, of Pods that no other claimed Service selects."""
    known = binding.registrations.values_list("pod_name", "pod_uid").distinct()
    pods = cluster.pods(kube, binding.namespace, cluster.last_spec(service), known)
    gates.settle(
        binding.cluster,
        kube,
        binding.namespace,
        [pod for pod in pods if not is_open(pod, binding.cluster.gate_type)],
        now=timezone.now(),
        may_open=False,
        leaving=binding.service_uid,
    )
    # Other Services may hold these Pods no more: who reads their health decides.
    uids = {uid for _, uid in known}
    others = Registration.objects.filter(pod_uid__in=uids).exclude(binding=binding)
    Binding.objects.filter(pk__in=others.values("binding")).update(gates_due_at=timezone.now())


def _forget_service(binding: Binding, kube: Kube, service: cluster.Service | None) -> None:
    if service and not cluster.is_deleting(service):
        if VIP in (service["metadata"].get("annotations") or {}):
            cluster.publish(kube, service, "", claim=ClaimBy.ANNOTATION, ip_mode=False)
        service = cluster.service(kube, binding.namespace, binding.name, binding.service_uid)
    if service and cluster.has_finalizer(service):
        cluster.remove_finalizer(kube, service)
