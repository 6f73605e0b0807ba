"""What only the user can mend is Blocked with its fix, and heals by itself once it is mended."""

from typing import Any

import pytest

from console import doors, secrets, tencent
from console.kube import Kube, KubeError, path
from console.models import Account, Cluster
from services.binding import troubles
from services.binding.reconcile import reconcile
from services.models import Binding
from tests.services.binding.driver import (
    all_ready,
    balancers,
    blocked,
    create,
    drive,
    service,
    targets,
)
from tests.world import World

pytestmark = [pytest.mark.sandbox, pytest.mark.django_db(transaction=True)]
SUBNET = "service.kubernetes.io/qcloud-loadbalancer-internal-subnetid"
CONFIG = "service.cloud.tencent.com/tke-service-config"


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


def test_a_blocked_binding_stays_so_while_it_is_tried_again(cluster: Cluster, kube: Kube) -> None:
    binding = create(kube, cluster, service(annotations={SUBNET: "subnet-full01"}))
    blocked(binding, "ResourceInsufficient")
    since = Binding.objects.get().phase_since
    seen = []

    def look(call: doors.Call) -> None:
        if call.action == "CreateLoadBalancer":
            seen.append(Binding.objects.get().phase)

    with doors.listening(look):
        reconcile(binding.pk)
    assert seen == ["Blocked"]
    assert Binding.objects.get().phase_since == since


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
