"""Pods that come and go behind one address, and workers that meet on one binding."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection

from console import doors
from console.kinds import Pod
from console.kube import Kube, path
from console.models import Account, Cluster
from services.models import Binding, Registration
from tests.services.binding.driver import (
    GATE,
    all_ready,
    balancers,
    condition,
    create,
    drive,
    is_gone,
    pods,
    poll,
    service,
    targets,
)
from tests.wait import until
from tests.world import World

pytestmark = [pytest.mark.sandbox, pytest.mark.django_db(transaction=True)]

SANDBOX = "sandbox.podgate.dev/"


def put_pod(kube: Kube, name: str, ip: str) -> Pod:
    """A Pod like those of `storefront`, with this address as soon as nobody else has it."""
    deployment = kube.get(path("Deployment", "shop", "storefront"))
    metadata = {
        "name": name,
        "namespace": "shop",
        "labels": {"app": "lone"},
        "annotations": {SANDBOX + "ip": ip},
    }
    spec = deployment["spec"]["template"]["spec"]
    kube.create(path("Pod", "shop"), {"metadata": metadata, "spec": spec})
    until(lambda: [pod.status.pod_ip for pod in pods(kube, "lone")] == [ip])
    (pod,) = pods(kube, "lone")
    return pod


def free_address(kube: Kube) -> str:
    network, _, _ = pods(kube)[0].status.pod_ip.rpartition(".")
    taken = {pod["status"].get("podIP") for pod in kube.get(path("Pod"))["items"]}
    return next(ip for n in range(250, 1, -1) if (ip := f"{network}.{n}") not in taken)


def ready(binding: Binding) -> bool:
    return Binding.objects.get(pk=binding.pk).phase == "Ready"


def test_a_pod_that_gets_the_address_of_a_deleted_one_is_checked_anew(
    cluster: Cluster, kube: Kube, account: Account
) -> None:
    ip = free_address(kube)
    put_pod(kube, "first", ip)
    binding = create(kube, cluster, service(app="lone"))
    drive(binding, until=lambda: all_ready(kube, "lone"))
    kube.delete(path("Pod", "shop", "first"), {"gracePeriodSeconds": 0})
    second = put_pod(kube, "second", ip)
    # The CLB still says Alive of the address: that was said of another Pod.
    poll(Binding.objects.filter(pk=binding.pk))
    assert condition(pods(kube, "lone")[0], GATE) != "True"
    with doors.recording() as calls:
        drive(binding, until=lambda: all_ready(kube, "lone") and ready(binding))
    writes = [call.action for call in calls if call.door == "tencent" and call.write]
    assert writes == ["BatchDeregisterTargets", "BatchRegisterTargets"]
    assert targets(account) == {(("TCP", 8080), ip, 8080, 10)}
    assert [row.pod_uid for row in Registration.objects.all()] == [second.metadata.uid]


def test_a_container_that_crashes_in_place_keeps_its_target_and_its_gate(
    cluster: Cluster, kube: Kube, account: Account
) -> None:
    binding = create(kube, cluster, service())
    drive(binding, until=lambda: all_ready(kube) and ready(binding))
    before = targets(account)
    name = pods(kube)[0].metadata.name
    said = {
        "metadata": {"annotations": {SANDBOX + "crash-after": "0", SANDBOX + "crash-times": "1"}}
    }
    kube.patch(path("Pod", "shop", name), said, kind="merge")

    def came_back() -> bool:
        pod = kube.get(path("Pod", "shop", name), Pod)
        restarts = sum(container.restart_count for container in pod.status.container_statuses)
        return restarts == 1 and all_ready(kube) and ready(binding)

    with doors.recording() as calls:
        drive(binding, until=came_back)
    # Weight 0 while it was unready, at most.
    writes = {call.action for call in calls if call.door == "tencent" and call.write}
    assert writes <= {"BatchModifyTargetWeight"}
    assert targets(account) == before
    assert condition(kube.get(path("Pod", "shop", name), Pod), GATE) == "True"


def test_two_workers_on_one_binding_do_everything_once(
    cluster: Cluster, kube: Kube, account: Account, sandbox: World
) -> None:
    binding = create(kube, cluster, service())
    together(binding, lambda: all_ready(kube) and ready(binding))
    assert targets(account) == {(("TCP", 8080), p.status.pod_ip, 8080, 10) for p in pods(kube)}
    assert len(balancers(account)) == 1
    kube.delete(path("Service", "shop", "bar"))
    together(binding, lambda: is_gone(kube))
    assert balancers(account) == []
    assert not Binding.objects.exists()
    writes = [c for c in sandbox.control("tencent", "GET", "calls") if c["write"]]
    assert {c["code"] for c in writes} == {""}
    counted = Counter(c["action"] for c in writes)
    assert counted["CreateLoadBalancer"] == counted["CreateListener"] == 1
    assert once(writes, "BatchRegisterTargets") == once(writes, "BatchDeregisterTargets")


def together(binding: Binding, outcome: Any) -> None:
    """Two workers, each as if it were alone, until both have seen the outcome."""

    def work() -> None:
        try:
            drive(binding, until=outcome)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as workers:
        for done in [workers.submit(work) for _ in range(2)]:
            done.result()


def once(writes: list[dict[str, Any]], action: str) -> set[str]:
    """The addresses of these calls, none of them named twice."""
    counted = Counter(
        target["EniIp"]
        for call in writes
        if call["action"] == action
        for target in call["params"]["Targets"]
    )
    assert set(counted.values()) == {1}
    return set(counted)
