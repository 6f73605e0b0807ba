"""A cluster leaves podgate: finalizers, gates, objects of ours and, if asked, load balancers go.

With the load balancers it is the engine's own way: nothing is claimed any more, so every binding
is led to an empty state. Without, each binding is released, and nobody adopts it again.
"""

import time
from collections.abc import Callable, Iterator

from console import kinds
from console.kube import Kube, NotFound, connect, path
from console.models import Binder, Cluster
from services.admission import configuration
from services.binding import clb, release, sweeping, watching
from services.binding import cluster as clusters
from services.binding.reconcile import reconcile
from services.models import AccessLayer, Binding

type Tell = Callable[[str], None]

WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet")
EVERY = 0.25
LET_GO = 1.5
REMOVED = "the cluster was removed from podgate"


class Stuck(Exception):
    """Something did not go; the cluster stays registered, and a second run goes on from here."""


def leave(cluster: Cluster, *, with_load_balancers: bool, patience: float, tell: Tell) -> None:
    """Take what is ours out of the cluster, and out of the cloud if asked; raises Stuck.

    `patience` in seconds is for the bindings: a load balancer takes some to go.
    """
    kube, deadline = connect(cluster), time.monotonic() + patience
    Cluster.objects.filter(pk=cluster.pk).update(leaving=True)
    # Claims count no more: for the gates here, and when load balancers go for the workers too.
    cluster.binder = Binder.TKE
    if with_load_balancers:
        Cluster.objects.filter(pk=cluster.pk).update(binder=Binder.TKE)
        _unbind(cluster, kube, deadline, tell)
    else:
        _release(cluster, deadline, tell)
    for service in _finalized(kube):
        clusters.remove_finalizer(kube, service)
        tell(f"finalizer taken off Service {_name(service)}")
    _unregister(cluster, kube, tell)
    _disown(kube, cluster, tell)


def _unregister(cluster: Cluster, kube: Kube, tell: Tell) -> None:
    """The webhook's registration and serving pair."""
    if AccessLayer.objects.filter(cluster=cluster).exists():
        # Its process lets go of a cluster that leaves; until then it would rebuild all of it.
        time.sleep(LET_GO)
    for where in (
        path("MutatingWebhookConfiguration", name=configuration.name(cluster.cluster_id)),
        path("Secret", configuration.SYSTEM_NAMESPACE, configuration.SECRET),
        path("Namespace", name=configuration.PROBE_NAMESPACE),
    ):
        try:
            kube.delete(where)
        except NotFound:
            continue
        tell(f"{where.rsplit('/', 1)[-1]} deleted")


def _finalized(kube: Kube) -> list[clusters.Service]:
    return [each for each in kube.get(path("Service"))["items"] if clusters.has_finalizer(each)]


def _name(service: clusters.Service) -> str:
    return f"{service['metadata']['namespace']}/{service['metadata']['name']}"


def _unbind(cluster: Cluster, kube: Kube, deadline: float, tell: Tell) -> None:
    """Lead every binding to an empty state, those among them that the database had lost."""
    watching.forget(cluster)
    for service in _finalized(kube):
        sweeping.bind(cluster, service)
    left = dict(cluster.bindings.values_list("pk", "name"))
    while left:
        for pk in list(left):
            reconcile(pk)
            if not Binding.objects.filter(pk=pk).exists():
                tell(f"Service {left.pop(pk)}: load balancer deleted, gates released")
        if left and time.monotonic() > deadline:
            raise Stuck("; ".join(_troubles(left)))
        time.sleep(EVERY if left else 0)


def _troubles(pks: dict[int, str]) -> Iterator[str]:
    for binding in Binding.objects.filter(pk__in=pks):
        yield f"Service {binding}: {binding.message or binding.due_because or binding.phase}"


def _release(cluster: Cluster, deadline: float, tell: Tell) -> None:
    watching.forget(cluster)
    for binding in cluster.bindings.all():
        binding.cluster = cluster
        while not release.release_alone(binding, message=REMOVED):
            if time.monotonic() > deadline:
                raise Stuck(f"Service {binding}: another worker is at it and does not end")
            time.sleep(EVERY)
        stays = f", {binding.lb_id} stays" if binding.lb_id else ""
        tell(f"Service {binding}: finalizer taken off, gates released{stays}")


def _disown(kube: Kube, cluster: Cluster, tell: Tell) -> None:
    """Take our name off the cluster; another installation's stays."""
    owner = clusters.owner(kube, cluster.cluster_id, claim=False)
    if not clusters.is_ours(owner, cluster.cluster_id):
        return
    try:
        kube.delete(path("ConfigMap", clusters.OWNER_NAMESPACE, clusters.OWNER))
    except NotFound:
        return
    tell(f"ConfigMap {clusters.OWNER_NAMESPACE}/{clusters.OWNER} deleted")


def left(cluster: Cluster) -> Iterator[str]:
    """What of ours is still there, each with what to do about it."""
    for lb_id in load_balancers(cluster):
        yield f"load balancer {lb_id}, which carries podgate's tags: delete it at the CLB"
    kube = connect(cluster)
    for kind in WORKLOADS:
        for page in kube.pages(path(kind), kinds.WorkloadList):
            for workload in page.items:
                if _is_gated(workload, cluster.gate_type):
                    meta = workload.metadata
                    yield (
                        f"{kind} {meta.namespace}/{meta.name} asks for the gate "
                        f"{cluster.gate_type}: take it out of the Pod template, or new Pods wait "
                        "for ever"
                    )
    try:
        kube.get(path("Namespace", name=clusters.OWNER_NAMESPACE))
        yield f"namespace {clusters.OWNER_NAMESPACE}: delete it if nothing else is in it"
    except NotFound:
        pass


def _is_gated(workload: kinds.Workload, gate_type: str) -> bool:
    gates = workload.spec.template.spec.readiness_gates
    return any(gate.condition_type == gate_type for gate in gates)


def load_balancers(cluster: Cluster) -> list[str]:
    """Ids of the load balancers that carry our tags for this cluster."""
    return [one.lb_id for one in clb.tagged(cluster.account, cluster.cluster_id)]
