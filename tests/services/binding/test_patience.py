"""What fails again and again: backed off from, told of, and good again once it stops."""

import pytest

from console.kube import Kube
from console.models import Account, Cluster
from services.binding.reconcile import reconcile
from services.models import Binding
from tests.services.binding.driver import (
    all_ready,
    blocked,
    create,
    drive,
    drive_some,
    service,
    targets,
)
from tests.world import World

pytestmark = [pytest.mark.sandbox, pytest.mark.django_db(transaction=True)]
SUBNET = "service.kubernetes.io/qcloud-loadbalancer-internal-subnetid"


def test_a_success_that_never_happens_is_not_tried_all_the_time(
    cluster: Cluster, kube: Kube, sandbox: World
) -> None:
    binding = create(kube, cluster, service())
    sandbox.fault("tencent", "silent", action="BatchRegisterTargets")
    for _ in range(60):
        reconcile(binding.pk)
        row = Binding.objects.get()
        if row.attempts > 3:
            break
    tries = row.steps.filter(api_call="BatchRegisterTargets").count()
    assert [problem["code"] for problem in row.problems] == ["FailedOperation.NoEffect"]
    assert tries <= 5
    sandbox.heal()
    drive(binding, until=lambda: all_ready(kube))


def test_what_fails_again_and_again_backs_off_and_is_told(
    cluster: Cluster, kube: Kube, account: Account
) -> None:
    # A CLB refuses the same protocol and target on a second listener.
    ports: list[tuple[str, int, int | str]] = [("TCP", 80, 8080), ("TCP", 81, 8080)]
    binding = create(kube, cluster, service(ports=ports))
    for _ in range(60):
        reconcile(binding.pk)
        row = Binding.objects.get()
        if row.attempts > 3:
            break
    assert row.attempts > 3
    assert [problem["code"] for problem in row.problems] == ["FailedOperation.Partial"]
    assert row.message.endswith("podgate tries again by itself, within 30 s.")
    assert len(targets(account)) == 3


def test_a_cloud_out_of_reach_is_told_of_a_binding_that_was_ready(
    cluster: Cluster, kube: Kube, sandbox: World
) -> None:
    binding = create(kube, cluster, service())
    drive(binding, until=lambda: Binding.objects.get().phase == "Ready")
    sandbox.fault("tencent", "error_500", action="DescribeLoadBalancers")
    for _ in range(4):
        reconcile(binding.pk)
    row = Binding.objects.get()
    assert row.message == (
        "Tencent Cloud answers HTTP 500 (Internal Server Error)."
        " podgate tries again by itself, within 30 s."
    )
    sandbox.heal()
    drive(binding, until=lambda: Binding.objects.get().message == "All 3 targets are Alive.")
    assert Binding.objects.get().problems == []


def test_a_load_balancer_that_stays_busy_is_told_of_and_left_in_peace(
    cluster: Cluster, kube: Kube, sandbox: World
) -> None:
    binding = create(kube, cluster, service())
    sandbox.fault("tencent", "busy", action="CreateListener")
    drive_some(binding, lambda: Binding.objects.get().attempts > 0)
    Binding.objects.update(attempts=20)
    reconcile(binding.pk)
    row = Binding.objects.get()
    assert [p["code"] for p in row.problems] == ["FailedOperation.ResourceInOperating"]
    assert row.message.startswith("Tencent Cloud says FailedOperation.ResourceInOperating")
    assert not row.steps.filter(result__contains="ResourceInOperating").exists()
    sandbox.heal()
    drive(binding, until=lambda: all_ready(kube))


def test_a_cloud_that_asks_to_slow_down_is_named(
    cluster: Cluster, kube: Kube, sandbox: World
) -> None:
    binding = create(kube, cluster, service())
    sandbox.fault("tencent", "throttle", action="CreateListener")
    drive_some(binding, lambda: "slow down" in Binding.objects.get().message)
    sandbox.heal()
    drive(binding, until=lambda: all_ready(kube))


def test_a_step_that_failed_reads_as_tried(cluster: Cluster, kube: Kube, sandbox: World) -> None:
    binding = create(kube, cluster, service(annotations={SUBNET: "subnet-full01"}))
    blocked(binding, "ResourceInsufficient")
    (step,) = Binding.objects.get().steps.filter(ok=False)
    assert step.text == "Create a private load balancer"


def test_what_fits_is_bound_when_the_quota_shrank(
    cluster: Cluster, kube: Kube, account: Account, sandbox: World
) -> None:
    binding = create(kube, cluster, service())
    reconcile(binding.pk)
    sandbox.control("tencent", "POST", "quota", {"TOTAL_TARGET_BIND_QUOTA": 2})
    drive_some(binding, lambda: len(targets(account)) == 2)
    assert "LimitExceeded" in {problem["code"] for problem in Binding.objects.get().problems}
    drive_some(binding, lambda: Binding.objects.get().problems == [])
    (left,) = Binding.objects.get().excluded
    assert left["reason"] == "OverQuota"
