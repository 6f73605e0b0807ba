"""A rollout of GlobalRouter Pods under real traffic: nothing lost, and held while it would be.

The gates are the webhook's, the addresses the containers' own.
"""

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from ipaddress import ip_address, ip_network
from typing import Any

import pytest
from django.core.management import call_command

from bench.traffic import Traffic
from console import facts
from console.kinds import Condition, Pod
from console.kube import Kube, connect, path
from console.models import Account, Cluster
from services import rechecks
from services.admission import scope
from services.models import AccessLayer, Binding
from tests.conftest import register
from tests.services.admission import conftest as admission
from tests.services.admission.conftest import Webhook
from tests.services.binding import driver
from tests.services.binding.rolling import (
    APP,
    PORT,
    REPLICAS,
    bind,
    is_rolled,
    roll,
    start,
    traffic_to,
)
from tests.services.binding.test_global_router import in_the_ccn
from tests.services.diagnosis.world import index
from tests.wait import PATIENCE, until
from tests.world import World

pytestmark = [pytest.mark.sandbox, pytest.mark.django_db(transaction=True)]
ID, GROUP = "cls-router01", "sg-open0001"
ROUTE = {"ccn": "ccn-shop0001", "of": ID, "instance": "vpc-router01"}
DROPPED = {"protocol": "TCP", "port": str(PORT), "cidr": "100.64.0.0/10", "action": "DROP"}
webhook = admission.webhook


@pytest.fixture
def router(sandbox: World, account: Account, webhook: Webhook) -> Cluster:
    """Attached, registered and switched on, its nodes' group open, and the webhook answers."""
    sandbox.control("tencent", "POST", "groups", {"of": ID, "groups": [GROUP]})
    found = register(sandbox, ID)
    facts.refresh(found)
    in_the_ccn(found)
    webhook.start()
    until(lambda: AccessLayer.objects.filter(cluster=found, probe_ok=True).exists())
    return found


@pytest.fixture
def kube(router: Cluster) -> Kube:
    return connect(router)


def newest(kube: Kube) -> Pod:
    return max(driver.pods(kube, APP), key=lambda pod: pod.metadata.creation_timestamp or "")


@contextmanager
def served(
    kube: Kube, router: Cluster, *, patience: float = PATIENCE
) -> Iterator[tuple[Binding, Traffic]]:
    """The Service first: the Pods that come after it get their gate from the webhook."""
    binding = bind(kube, router, by="annotation")
    assert scope.reaches(router, "shop")
    start(kube, gate=False, eni=False)
    with traffic_to(kube, binding, patience=patience) as traffic:
        yield binding, traffic


def test_nothing_is_lost_and_targets_are_the_addresses_of_the_containers(
    kube: Kube, router: Cluster
) -> None:
    with served(kube, router) as (binding, traffic):
        before = {pod.metadata.uid for pod in driver.pods(kube, APP)}
        roll(kube, "1")
        until(lambda: is_rolled(kube, binding))
        pods = driver.pods(kube, APP)
    assert traffic.lost == {}, traffic.losses
    assert traffic.ok == traffic.sent > 100
    assert not before & {pod.metadata.uid for pod in pods}
    for pod in pods:
        assert [gate.condition_type for gate in pod.spec.readiness_gates] == [driver.GATE]
        assert pod.metadata.annotations["podgate.dev/injected-for"] == binding.service_uid
    ips = {ip for _, ip, _, _ in driver.targets(router.account)}
    assert ips == {pod.status.pod_ip for pod in pods}
    (cidr,) = router.facts["network"]["cluster_cidrs"]
    assert all(ip_address(ip) in ip_network(cidr) for ip in ips)


def held(kube: Kube, router: Cluster, words: str) -> Condition | None:
    """The gate of the one new Pod that the rollout waits for, once it says these words."""
    index(router, kube)
    rechecks.soon(router)
    rechecks.look(router)
    status = kube.get(path("Deployment", "shop", APP))["status"]
    if status.get("updatedReplicas") != 1 or status.get("readyReplicas") != REPLICAS:
        return None
    found = newest(kube).status.conditions
    return next((one for one in found if one.type == driver.GATE and words in one.message), None)


def findings(what: str, name: str) -> list[dict[str, Any]]:
    said = io.StringIO()
    with suppress(SystemExit):
        call_command("explain", ID, what, f"shop/{name}", json=True, stdout=said)
    found: list[dict[str, Any]] = json.loads(said.getvalue())["findings"]
    return found


def test_a_rollout_without_a_route_is_held_and_says_which_route(
    sandbox: World, kube: Kube, router: Cluster
) -> None:
    # What went the way without a route is never answered, and is not waited for at the end.
    with served(kube, router, patience=2) as (binding, _):
        sandbox.control("tencent", "DELETE", "ccn_route", ROUTE)
        facts.refresh(router)
        roll(kube, "1")
        words = "is not registered in ccn-shop0001: a CLB has no route to it"
        gate = until(lambda: held(kube, router, words))
        assert gate is not None
        assert (gate.status, gate.reason) == ("False", "NotRegistered")
        binding.refresh_from_db()
        assert "CcnNotRegistered" in {problem["code"] for problem in binding.problems}
        assert "CcnNotRegistered" in {one.code for one in rechecks.of(binding)}
        found = findings("pod", newest(kube).metadata.name)
        told = next(one for one in found if words in one["sentence"])
        assert (told["code"], told["remedy"]["name"]) == ("Excluded", "register-ccn")
        assert words in json.dumps(findings("deployment", APP))
        in_the_ccn(router)
        until(lambda: is_rolled(kube, binding))


def test_a_rollout_behind_a_closed_node_is_held_names_the_rule_and_loses_nothing(
    sandbox: World, kube: Kube, router: Cluster
) -> None:
    """Clients come in, only the health checks do not: what the CLB calls Dead serves on."""
    with served(kube, router) as (binding, traffic):
        sandbox.control("tencent", "POST", "rule", {"of": GROUP, "at": 0, **DROPPED})
        roll(kube, "1")
        words = f"{GROUP} of the nodes does not let the CLB's health checks from 100.64.0.0/10"
        gate = until(lambda: held(kube, router, words))
        assert gate is not None
        assert (gate.status, gate.reason) == ("False", "Unhealthy")
        assert "rule 0 decides (DROP TCP:8080 100.64.0.0/10)" in gate.message
        assert words in json.dumps(findings("deployment", APP))
        sandbox.control("tencent", "DELETE", "rule", {"of": GROUP, "at": 0})
        until(lambda: is_rolled(kube, binding))
    assert traffic.lost == {}, traffic.losses
    assert traffic.ok == traffic.sent > 100
