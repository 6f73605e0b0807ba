"""A Deployment behind a Service, the engine at work all the time, and traffic through the VIP."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bench.traffic import Traffic, flowing
from console.kube import Kube, path
from console.models import Cluster
from services.binding.reconcile import reconcile
from services.models import Binding
from tests.services.binding import driver
from tests.wait import PATIENCE, until

APP, PORT, REPLICAS = "rolled", 8080, 2
RATE = 60.0
# Emulated: the sandbox is twenty times as fast, and podgate is not. Five real seconds.
PRE_STOP = 100
ON_ENI = {"tke.cloud.tencent.com/networks": "tke-route-eni"}


def deployment(*, gate: bool, pre_stop: int, eni: bool) -> dict[str, Any]:
    container: dict[str, Any] = {
        "name": "web",
        "image": "web:1",
        "ports": [{"containerPort": PORT}],
    }
    if eni:
        asked = {"tke.cloud.tencent.com/eni-ip": "1"}
        container["resources"] = {"limits": asked, "requests": asked}
    if pre_stop:
        container["lifecycle"] = {"preStop": {"sleep": {"seconds": pre_stop}}}
    spec: dict[str, Any] = {
        "containers": [container],
        "terminationGracePeriodSeconds": PRE_STOP + 80,
    }
    if gate:
        spec["readinessGates"] = [{"conditionType": driver.GATE}]
    return {
        "metadata": {"name": APP, "namespace": "shop"},
        "spec": {
            "replicas": REPLICAS,
            "selector": {"matchLabels": {"app": APP}},
            "strategy": {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
            "template": {
                "metadata": {"labels": {"app": APP}, "annotations": ON_ENI if eni else {}},
                "spec": spec,
            },
        },
    }


@contextmanager
def engine(binding: Binding) -> Iterator[None]:
    """Looks all the time, as watcher, ticker and worker together would have it."""
    ended = threading.Event()

    def work() -> None:
        from django.db import connection

        while not ended.wait(0.05):
            reconcile(binding.pk)
            driver.poll(Binding.objects.filter(pk=binding.pk, lb_status="running"))
        connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def bind(kube: Kube, cluster: Cluster, *, interval: int = 5, by: str = "class") -> Binding:
    """The Service; a check takes twice the interval."""
    check = {
        "enable": True,
        "intervalTime": interval,
        "timeout": 2,
        "healthNum": 2,
        "unHealthNum": 2,
    }
    listener = {"protocol": "TCP", "port": PORT, "healthCheck": check}
    config = {
        "metadata": {"name": "quick", "namespace": "shop"},
        "spec": {"loadBalancer": {"l4Listeners": [listener]}},
    }
    kube.create(path("TkeServiceConfig", "shop"), config)
    said = {"service.cloud.tencent.com/tke-service-config": "quick"}
    return driver.create(kube, cluster, driver.service(APP, app=APP, annotations=said, by=by))


def start(kube: Kube, *, gate: bool = True, pre_stop: int = PRE_STOP, eni: bool = True) -> None:
    body = deployment(gate=gate, pre_stop=pre_stop, eni=eni)
    kube.create(path("Deployment", "shop"), body)


@contextmanager
def traffic_to(kube: Kube, binding: Binding, *, patience: float = PATIENCE) -> Iterator[Traffic]:
    with engine(binding):
        until(lambda: is_served(binding))
        with flowing(Binding.objects.get().vip, PORT, rate=RATE, timeout=patience) as traffic:
            until(lambda: traffic.ok > 10)
            yield traffic


def roll(kube: Kube, number: str) -> None:
    body = {"spec": {"template": {"metadata": {"annotations": {"rolled": number}}}}}
    kube.patch(path("Deployment", "shop", APP), body)


def is_served(binding: Binding, replicas: int = REPLICAS) -> bool:
    rows = list(binding.registrations.all())
    return len(rows) == replicas and {(row.health, row.weight) for row in rows} == {("Alive", 10)}


def is_rolled(kube: Kube, binding: Binding, replicas: int = REPLICAS) -> bool:
    status = kube.get(path("Deployment", "shop", APP))
    observed = status["status"]
    counts = {observed.get(f"{word}Replicas") for word in ("updated", "ready", "available")}
    return (
        observed.get("observedGeneration") == status["metadata"]["generation"]
        and counts == {replicas} == {observed.get("replicas")}
        and len(driver.pods(kube, APP)) == replicas
        and is_served(binding, replicas)
    )
