"""From a change in a cluster to the bindings it concerns."""

from typing import Any

from console import kinds
from console.models import Cluster
from services import guard
from services.binding import wanted
from services.models import Binding, Registration
from services.spec import CLAIM, CLASS, FINALIZER
from workloads import rollouts
from workloads.models import Service


def on_change(cluster: Cluster, kind: str, namespace: str, name: str, obj: Any | None) -> None:
    """Called by the watcher for every event; does no more than mark rows and send messages."""
    if kind == "Service":
        _service(cluster, namespace, name, obj)
    elif kind == "Pod":
        _pod(cluster, namespace, name, obj)
    elif kind in rollouts.KINDS and obj is not None:
        guard.wake(cluster, kind, namespace, obj)
    elif kind == "TkeServiceConfig":
        wanted.raise_wanted(Binding.objects.filter(cluster=cluster, namespace=namespace))


def _service(cluster: Cluster, namespace: str, name: str, service: kinds.Service | None) -> None:
    bindings = Binding.objects.filter(cluster=cluster, namespace=namespace, name=name)
    wanted.raise_wanted(bindings)
    # One of that name may still be on its way out.
    is_new = service and not bindings.filter(service_uid=service.metadata.uid).exists()
    if service and is_new and _concerns(cluster, service):
        wanted.adopt(cluster, namespace, name)


def _concerns(cluster: Cluster, service: kinds.Service) -> bool:
    """Whether it may need a Binding: claimed, or TKE's where TKE binds."""
    if cluster.binder == "tke":
        return service.spec.type == "LoadBalancer"
    return (
        service.spec.load_balancer_class == CLASS
        or CLAIM in service.metadata.annotations
        or FINALIZER in service.metadata.finalizers
    )


def _pod(cluster: Cluster, namespace: str, name: str, pod: kinds.Pod | None) -> None:
    """Bindings whose selector matches, by the index, and those it is registered with."""
    bindings = Binding.objects.filter(cluster=cluster, namespace=namespace)
    names = set(
        Registration.objects.filter(binding__in=bindings, pod_name=name).values_list(
            "binding__name", flat=True
        )
    )
    if pod is not None:
        services = Service.objects.filter(cluster=cluster, namespace=namespace)
        names |= {s.name for s in services if _selects(s.selector, pod.metadata.labels)}
    wanted.raise_wanted(bindings.filter(name__in=names))


def _selects(selector: dict[str, str], labels: dict[str, str]) -> bool:
    return bool(selector) and all(labels.get(key) == value for key, value in selector.items())
