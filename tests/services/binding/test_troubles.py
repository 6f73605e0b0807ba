"""What only the user can mend is Blocked with its fix, and heals by itself once it is mended."""

from collections.abc import Callable
from typing import Any

import pytest

from console import secrets, tencent
from console.kube import Kube, KubeError, path
from console.models import Account, Cluster
from services.binding import troubles
from services.binding.reconcile import reconcile
from services.binding.run import Again
from services.models import Binding
from tests.services.binding.driver import all_ready, balancers, create, drive, service, targets
from tests.wait import until
from tests.world import World

pytestmark = [pytest.mark.sandbox, pytest.mark.django_db(transaction=True)]
SUBNET = "service.kubernetes.io/qcloud-loadbalancer-internal-subnetid"
CONFIG = "service.cloud.tencent.com/tke-service-config"


def blocked(binding: Binding, code: str) -> Any:
    """One look is enough to say so; the next one is not soon."""
    outcome = reconcile(binding.pk)
    for _ in range(20):
        if Binding.objects.get().phase == "Blocked":
            break
        outcome = reconcile(binding.pk)
    row = Binding.objects.get()
    assert (row.phase, [problem["code"] for problem in row.problems]) == ("Blocked", [code])
    assert isinstance(outcome, Again)
    assert row.due_at is not None
    assert row.observed_at is None or (row.due_at - row.observed_at).total_seconds() > 20
    return row.problems[0]


@pytest.mark.parametrize(
    ("code", "is_blocked"),
    [
        ("ResourceInsufficient.Subnet", True),
        ("LimitExceeded", True),
        ("FailedOperation.InsufficientBalance", True),
        ("UnauthorizedOperation", True),
        ("AuthFailure.SecretIdNotFound", True),
        ("InvalidParameterValue.Range", True),
        (troubles.TOKEN_USED, False),
        ("InvalidParameter.LBIdNotFound", False),
        ("InternalError", False),
        ("NetworkError", False),
        ("FailedOperation", False),
    ],
)
def test_the_code_says_whether_the_user_must_act(code: str, is_blocked: bool) -> None:
    problem = troubles.for_the_user(tencent.error_for(code, "no", "r-1"), "Create it")
    assert (problem is not None) == is_blocked
    if problem:
        assert problem.fix
        assert "Create it" in problem.message


@pytest.mark.parametrize(("status", "is_blocked"), [(401, True), (403, True), (500, False)])
def test_so_does_the_status_of_an_api_server(status: int, is_blocked: bool) -> None:
    problem = troubles.for_the_user(KubeError(status, "Forbidden", "you cannot list Pods"))
    assert (problem is not None) == is_blocked


def test_a_full_subnet_blocks_until_another_one_is_chosen(
    cluster: Cluster, kube: Kube, account: Account
) -> None:
    binding = create(kube, cluster, service(annotations={SUBNET: "subnet-full01"}))
    problem = blocked(binding, "ResourceInsufficient")
    assert "subnet" in problem["fix"]
    chosen = {"metadata": {"annotations": {SUBNET: "subnet-clb01"}}}
    kube.patch(path("Service", "shop", "bar"), chosen, kind="merge")
    drive(binding, until=lambda: all_ready(kube))
    assert len(balancers(account)) == 1


def test_keys_without_rights_block_until_they_have_them(
    cluster: Cluster, kube: Kube, account: Account, sandbox: World
) -> None:
    reader = {
        name: secrets.encrypt(sandbox.tencent[f"readonly_{name}"])
        for name in ("secret_id", "secret_key")
    }
    Account.objects.update(**reader)
    binding = create(kube, cluster, service())
    assert "docs/permissions.md" in blocked(binding, "UnauthorizedOperation")["fix"]
    Account.objects.update(secret_id=account.secret_id, secret_key=account.secret_key)
    drive(binding, until=lambda: all_ready(kube))
    assert len(balancers(account)) == 1


def test_a_refused_deletion_says_so_and_takes_nothing_for_gone(
    cluster: Cluster, kube: Kube, account: Account, sandbox: World
) -> None:
    binding = create(kube, cluster, service())
    drive(binding, until=lambda: all_ready(kube))
    Account.objects.update(
        secret_id=secrets.encrypt(sandbox.tencent["readonly_secret_id"]),
        secret_key=secrets.encrypt(sandbox.tencent["readonly_secret_key"]),
    )
    kube.delete(path("Service", "shop", "bar"))
    blocked(binding, "UnauthorizedOperation")
    Account.objects.update(secret_id=account.secret_id, secret_key=account.secret_key)
    drive(binding, until=lambda: not Binding.objects.exists())
    assert balancers(account) == []


def test_a_cluster_that_forbids_reading_blocks(
    cluster: Cluster, kube: Kube, sandbox: World
) -> None:
    binding = create(kube, cluster, service())
    sandbox.fault("kubernetes", "forbidden", action="list", match={"resource": "pods"})
    assert "check_access" in blocked(binding, "Forbidden")["fix"]
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
    assert "Trying again" in row.message
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
    assert row.message.startswith("Trying again")
    sandbox.heal()
    drive(binding, until=lambda: Binding.objects.get().message == "All 3 targets are Alive.")
    assert Binding.objects.get().problems == []


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


def test_no_load_balancer_left_in_the_quota_blocks(
    cluster: Cluster, kube: Kube, sandbox: World
) -> None:
    sandbox.control("tencent", "POST", "quota", {"TOTAL_OPEN_CLB_QUOTA": 0})
    binding = create(kube, cluster, service())
    assert "quota" in blocked(binding, "LimitExceeded")["fix"]


def test_a_cluster_the_cloud_does_not_know_blocks(
    cluster: Cluster, kube: Kube, account: Account
) -> None:
    binding = create(kube, cluster, service())
    Cluster.objects.update(cluster_id="cls-unknown1")
    blocked(binding, "UnknownCluster")
    assert balancers(account) == []


def test_a_health_check_that_cannot_be_read_stops_no_target(
    cluster: Cluster, kube: Kube, account: Account
) -> None:
    binding = create(kube, cluster, service(annotations={CONFIG: "bar-config"}))
    kube.create(path("TkeServiceConfig", "shop"), config({"enable": True}))
    drive(binding, until=lambda: Binding.objects.get().phase == "Ready")
    bad = {"spec": config({"enable": True, "checkType": "GRPC"})["spec"]}
    kube.patch(path("TkeServiceConfig", "shop", "bar-config"), bad, kind="merge")
    where = path("Deployment", "shop", "storefront")
    kube.patch(where, {"spec": {"replicas": 4}}, kind="merge")
    drive(binding, until=lambda: len(targets(account)) == 4 and all_ready(kube))
    row = Binding.objects.get()
    assert (row.phase, row.problems[0]["code"]) == ("Blocked", "BadServiceConfig")


def config(check: dict[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": "cloud.tencent.com/v1alpha1",
        "kind": "TkeServiceConfig",
        "metadata": {"name": "bar-config", "namespace": "shop"},
        "spec": {
            "loadBalancer": {
                "l4Listeners": [{"protocol": "TCP", "port": 8080, "healthCheck": check}]
            }
        },
    }


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


def drive_some(binding: Binding, outcome: Callable[[], bool]) -> None:
    def seen() -> bool:
        reconcile(binding.pk)
        return outcome()

    until(seen)


def test_a_port_no_clb_has_stops_no_target(cluster: Cluster, kube: Kube, account: Account) -> None:
    binding = create(kube, cluster, service())
    drive(binding, until=lambda: all_ready(kube))
    ports = [{"name": "p0", "port": 8080}, {"name": "s", "port": 9090, "protocol": "SCTP"}]
    kube.patch(path("Service", "shop", "bar"), {"spec": {"ports": ports}}, kind="merge")
    where = path("Deployment", "shop", "storefront")
    kube.patch(where, {"spec": {"replicas": 4}}, kind="merge")
    drive(binding, until=lambda: len(targets(account)) == 4 and all_ready(kube))
    row = Binding.objects.get()
    assert (row.phase, row.problems[0]["code"]) == ("Blocked", "Unreadable")


def test_keys_of_another_account_make_nothing(
    cluster: Cluster, kube: Kube, account: Account
) -> None:
    Account.objects.update(uin="100099999999")
    binding = create(kube, cluster, service())
    blocked(binding, "AccountMismatch")
    Account.objects.update(uin=account.uin)
    assert balancers(account) == []


def test_a_cluster_that_lost_owner_and_service_blocks(
    cluster: Cluster, kube: Kube, account: Account
) -> None:
    binding = create(kube, cluster, service())
    drive(binding, until=lambda: all_ready(kube))
    kube.delete(path("ConfigMap", "podgate-system", "podgate-owner"))
    bare: dict[str, Any] = {"metadata": {"finalizers": []}}
    kube.patch(path("Service", "shop", "bar"), bare, kind="merge")
    kube.delete(path("Service", "shop", "bar"))
    blocked(binding, "NoOwner")
    assert len(targets(account)) == 3


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
    assert row.message.startswith("Trying again")
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
