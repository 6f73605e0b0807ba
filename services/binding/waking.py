"""From a change in a cluster to the bindings it concerns."""

import json
from collections.abc import Collection, Iterator
from functools import lru_cache
from typing import Any

from django.db.models import TextField
from django.db.models.functions import Cast

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
    """Bindings whose selector matches, by the index, and those it is registered with.

    Called for tens of thousands of Pods in a row: where nothing is bound it is one query, and no
    Service is read that is not bound.
    """
    bindings = list(
        Binding.objects.filter(cluster=cluster, namespace=namespace).values_list("pk", "name")
    )
    if not bindings:
        return
    found = set(_registered(pod, name, [pk for pk, _name in bindings]))
    if pod is not None:
        selecting = set(_selecting(cluster, namespace, pod, {name for _pk, name in bindings}))
        found |= {pk for pk, name in bindings if name in selecting}
    if found:
        wanted.raise_wanted(Binding.objects.filter(pk__in=found))


def _registered(pod: kinds.Pod | None, name: str, bindings: Collection[int]) -> Iterator[int]:
    """By the uid, which is found without a look at all targets; of what is gone only the name."""
    if pod is not None:
        rows = Registration.objects.filter(pod_uid=pod.metadata.uid)
    else:
        rows = Registration.objects.filter(binding__in=bindings, pod_name=name)
    known = set(bindings)
    return (pk for pk in rows.values_list("binding", flat=True) if pk in known)


def _selecting(
    cluster: Cluster, namespace: str, pod: kinds.Pod, names: Collection[str]
) -> Iterator[str]:
    services = Service.objects.filter(cluster=cluster, namespace=namespace, name__in=names)
    texts = services.values_list("name", Cast("selector", TextField()))
    return (name for name, text in texts if _selects(text, pod.metadata.labels))


def _selects(selector: str, labels: dict[str, str]) -> bool:
    wanted_labels = _pairs(selector)
    return bool(wanted_labels) and wanted_labels <= labels.items()


@lru_cache(maxsize=10_000)
def _pairs(selector: str) -> frozenset[tuple[str, str]]:
    """Read once: Services by the hundred are compared with every Pod that changes."""
    return frozenset((json.loads(selector) or {}).items())
