"""Allow traffic by default, on and off: what the CLB does over the wire, and what is said of it."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User

from console import facts, tencent
from console.kube import Kube, connect
from console.models import Account, Cluster
from services import facts as known
from services import remedies
from services.limits import judge
from services.models import Binding
from services.remedies import Refused
from services.spec import ServiceSpec, from_manifest
from tests.conftest import register
from tests.sandbox.tencent.pods import get
from tests.sandbox.tencent.test_security_groups import is_silent
from tests.services.binding.driver import create, drive, pods, service
from tests.services.binding.test_global_router import in_the_ccn
from tests.wait import until
from tests.world import World

pytestmark = [pytest.mark.sandbox, pytest.mark.django_db(transaction=True)]
ID, STRICT, PORT = "cls-router01", "sg-strict01", 8080
BODY = service(by="annotation")
SPEC: ServiceSpec = from_manifest(BODY)


@pytest.fixture
def router(sandbox: World, account: Account) -> Cluster:
    """Its container network is registered; its nodes' group drops what comes to the target port."""
    found = register(sandbox, ID)
    facts.refresh(found)
    in_the_ccn(found)
    return found


@pytest.fixture
def kube(router: Cluster) -> Kube:
    door = connect(router)
    until(lambda: len([pod for pod in pods(door) if pod.status.pod_ip]) == 2)
    return door


def press(router: Cluster, name: str, **parameters: str) -> None:
    prepared = remedies.prepare(name, router, parameters, User(is_superuser=True))
    assert not prepared.nothing
    prepared.act()


def all_are(binding: Binding, word: str) -> Callable[[], bool]:
    return lambda: set(binding.registrations.values_list("health", flat=True)) == {word}


def said(router: Cluster, binding: Binding) -> set[str]:
    """Codes about groups, from facts read live; what takes a cloud too long to tell is missing."""
    found = judge(SPEC, known.live(router, SPEC, lb_id=binding.lb_id)).problems
    about = ("SecurityGroup", "AllowsByDefault")
    return {one.code for one in found if one.code.endswith(about)}


def test_clients_and_health_checks_pass_as_the_switch_and_the_groups_say(
    sandbox: World, router: Cluster, kube: Kube
) -> None:
    binding = create(kube, router, BODY)
    # Off, and the nodes' group is closed to both.
    drive(binding, until=all_are(binding, "Dead"))
    binding.refresh_from_db()
    lb, vip = binding.lb_id, binding.vip
    assert is_silent(vip, PORT)
    until(lambda: said(router, binding) == {"ClientsSecurityGroup", "HealthCheckSecurityGroup"})

    # Off, and open to health checks alone.
    probes = {"of": STRICT, "at": 0, "protocol": "TCP", "port": str(PORT), "action": "ACCEPT"}
    sandbox.control("tencent", "POST", "rule", {**probes, "cidr": "100.64.0.0/10"})
    drive(binding, until=all_are(binding, "Alive"))
    assert is_silent(vip, PORT)
    until(lambda: said(router, binding) == {"ClientsSecurityGroup"})
    sandbox.control("tencent", "DELETE", "rule", {"of": STRICT, "at": 0})
    drive(binding, until=all_are(binding, "Dead"))

    # On: the nodes' group, still closed, is asked for neither.
    press(router, "pass-to-target", lb=lb)
    drive(binding, until=all_are(binding, "Alive"))
    assert get(vip, PORT) is not None
    until(lambda: said(router, binding) == {"AllowsByDefault"})

    # On, and the CLB's own group is closed: to clients alone.
    closed = {"LoadBalancerId": lb, "SecurityGroups": [STRICT]}
    tencent.call(router.account, "clb", "SetLoadBalancerSecurityGroups", closed)
    until(lambda: is_silent(vip, PORT))
    until(lambda: said(router, binding) == {"AllowsByDefault", "BalancerSecurityGroup"})
    drive(binding, until=all_are(binding, "Alive"))

    # Off again.
    press(router, "withdraw-pass-to-target", lb=lb)
    drive(binding, until=all_are(binding, "Dead"))
    every = {"BalancerSecurityGroup", "ClientsSecurityGroup", "HealthCheckSecurityGroup"}
    until(lambda: said(router, binding) == every)


def test_a_load_balancer_that_tke_binds_is_not_switched(
    sandbox: World, router: Cluster, kube: Kube
) -> None:
    binding = create(kube, router, BODY)
    Binding.objects.filter(pk=binding.pk).update(lb_id="lb-ofTke001", watched=True)
    for name in ("pass-to-target", "withdraw-pass-to-target", "turn-off-deletion-protection"):
        with pytest.raises(Refused, match=r"not a load balancer of podgate"):
            remedies.prepare(name, router, {"lb": "lb-ofTke001"}, User(is_superuser=True))
