"""GlobalRouter all the way: bound, healthy, gated as over an ENI, and stopped by what stops it."""

import pytest

from console import ccn, facts
from console.kube import Kube, connect
from console.models import Account, Cluster
from services.limits import firewall, kept
from services.models import Binding
from tests.conftest import register
from tests.services.binding.driver import (
    GATE,
    balancers,
    blocked,
    create,
    drive,
    pods,
    service,
    targets,
)
from tests.wait import until
from tests.world import World

pytestmark = [pytest.mark.sandbox, pytest.mark.django_db(transaction=True)]
CLOSED = {"of": "cls-router01", "groups": ["sg-strict01"]}
OPEN = {"of": "cls-router01", "groups": ["sg-open0001"]}


@pytest.fixture
def router(sandbox: World, account: Account) -> Cluster:
    found = register(sandbox, "cls-router01")
    facts.refresh(found)
    return found


@pytest.fixture
def kube(router: Cluster) -> Kube:
    kube = connect(router)
    until(lambda: len([pod for pod in pods(kube) if pod.status.pod_ip]) == 2)
    return kube


def in_the_ccn(router: Cluster) -> None:
    """The toggle of Basic Information, and what the next refresh sees of it."""
    network = router.facts["network"]
    connected = ccn.read(router.account, network["vpc_id"], network["cluster_cidrs"])
    ccn.register(router.account, connected)
    facts.refresh(router)


def health(binding: Binding) -> set[str]:
    return set(binding.registrations.values_list("health", flat=True))


def test_without_a_route_nothing_is_made_in_the_cloud_until_the_ccn_has_one(
    sandbox: World, router: Cluster, kube: Kube
) -> None:
    sandbox.control("tencent", "POST", "groups", OPEN)
    binding = create(kube, router, service(by="annotation"))
    assert "is not registered in ccn-shop0001" in blocked(binding, "CcnNotRegistered")["message"]
    assert balancers(router.account) == []
    in_the_ccn(router)
    drive(binding, until=lambda: health(binding) == {"Alive"})
    binding.refresh_from_db()
    assert binding.phase == "Ready"
    ips = {pod.status.pod_ip for pod in pods(kube)}
    assert {ip for _, ip, _, _ in targets(router.account)} == ips


def test_a_legacy_account_binds_no_global_router_pod(
    sandbox: World, router: Cluster, kube: Kube
) -> None:
    in_the_ccn(router)
    sandbox.control("tencent", "POST", "account_type", {"type": "LEGACY"})
    facts.refresh(router)
    binding = create(kube, router, service(by="annotation"))
    assert "bill-by-IP" in blocked(binding, "LegacyAccount")["message"]


def test_a_closed_security_group_leaves_targets_dead_until_it_is_opened(
    sandbox: World, router: Cluster, kube: Kube
) -> None:
    sandbox.control("tencent", "POST", "groups", CLOSED)
    in_the_ccn(router)
    binding = create(kube, router, service(by="annotation"))
    drive(binding, until=lambda: health(binding) == {"Dead"})
    sandbox.control("tencent", "POST", "groups", OPEN)
    drive(binding, until=lambda: health(binding) == {"Alive"})


def test_a_declared_ticket_route_binds_without_a_ccn(
    sandbox: World, router: Cluster, kube: Kube
) -> None:
    sandbox.control("tencent", "POST", "ticket_route", {"vpc": "vpc-router01", "on": True})
    sandbox.control("tencent", "POST", "groups", OPEN)
    Cluster.objects.filter(pk=router.pk).update(ticket_route=True)
    binding = create(kube, router, service(by="annotation"))
    drive(binding, until=lambda: health(binding) == {"Alive"})


def test_a_dead_targets_gate_names_the_rule_that_drops_its_health_check(
    sandbox: World, cluster: Cluster
) -> None:
    for interface in ("eni-eni01", "eni-eni02"):
        closed = {"of": interface, "groups": ["sg-strict01"]}
        sandbox.control("tencent", "POST", "groups", closed)
    door = connect(cluster)
    until(lambda: len([pod for pod in pods(door) if pod.status.pod_ip]) == 3)
    binding = create(door, cluster, service())
    found = {"group": "sg-strict01", "whose": "nodes", "source": "100.64.0.0/10"}
    found |= {"protocol": "TCP", "port": "8080", "because": "rule 2 decides"}
    binding.limits = [kept(firewall.PROBES_CLOSED(**found))]
    binding.save(update_fields=["limits"])

    def told() -> bool:
        conditions = [c for pod in pods(door) for c in pod.status.conditions if c.type == GATE]
        return bool(conditions) and all(
            c.reason == "Unhealthy" and "sg-strict01" in c.message for c in conditions
        )

    drive(binding, until=told)
