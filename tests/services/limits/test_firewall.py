"""Security groups: which packets are asked for, and which rule is offered."""

from dataclasses import replace

import pytest

from services.limits import (
    Facts,
    judge,
    kept,
    restored,
)
from services.limits.security import EVERYWHERE, Rule, SecurityGroup
from services.spec import HealthCheck, ServiceSpec
from tests.services.limits.cases import found
from tests.services.limits.good import (
    CLOSED,
    GOOD,
    OPEN,
    PRIVATE,
    PROBES,
    ROUTER,
    SPEC,
    UDP,
    groups,
    ours,
)


def closed(facts: Facts, spec: ServiceSpec = SPEC) -> list[tuple[str, dict[str, str]]]:
    return [
        (one.code, dict(one.remedy.parameters))
        for one in judge(spec, facts).problems
        if one.remedy and one.remedy.name == "open-security-group"
    ]


def opening(source: str, port: str, protocol: str = "TCP") -> dict[str, str]:
    return {"group": "sg-1", "source": source, "protocol": protocol, "port": port}


def test_exactly_the_missing_rules_are_offered() -> None:
    facts = replace(GOOD, groups=groups())
    assert closed(facts) == [
        ("ClientsSecurityGroup", opening(EVERYWHERE, "8080")),
        ("HealthCheckSecurityGroup", opening("100.64.0.0/10", "8080")),
    ]
    assert closed(facts, PRIVATE)[0] == ("ClientsSecurityGroup", opening("10.0.0.0/16", "8080"))
    half = replace(GOOD, groups=groups(PROBES))
    assert closed(half) == [("ClientsSecurityGroup", opening(EVERYWHERE, "8080"))]


def test_the_rule_that_decides_is_named() -> None:
    problem = found("HealthCheckSecurityGroup", SPEC, replace(GOOD, groups=groups(CLOSED, OPEN)))
    assert problem is not None
    assert "rule 3 decides (DROP TCP:8080 0.0.0.0/0)" in problem.message
    assert problem.evidence[0].field == "sg-1 Ingress[3]"


def test_a_group_that_lets_only_some_clients_in_says_whom() -> None:
    home = Rule(0, "TCP", "ALL", "10.0.0.0/8", "ACCEPT")
    problem = found("ClientsSecurityGroup", SPEC, replace(GOOD, groups=groups(home, PROBES)))
    assert problem is not None
    assert "rule 0 lets only 10.0.0.0/8 in" in problem.message
    assert closed(replace(GOOD, groups=groups(home, PROBES)), PRIVATE) == []


NOT_PROBES = Rule(0, "TCP", "8080", "100.64.0.0/10", "DROP")
OF_CLB, OF_CLIENTS, OF_CHECKS = (
    "BalancerSecurityGroup",
    "ClientsSecurityGroup",
    "HealthCheckSecurityGroup",
)


@pytest.mark.parametrize("world", [GOOD, ROUTER], ids=["over an ENI", "by GlobalRouter"])
@pytest.mark.parametrize(
    ("passes", "balancers", "targets", "said"),
    [
        (False, (OPEN,), (), {OF_CLIENTS, OF_CHECKS}),
        (False, (OPEN,), (PROBES,), {OF_CLIENTS}),
        (False, (OPEN,), (NOT_PROBES, OPEN), {OF_CHECKS}),
        (False, (OPEN,), (OPEN,), set()),
        (False, (), (OPEN,), {OF_CLB}),
        (False, (), (), {OF_CLB, OF_CLIENTS, OF_CHECKS}),
        # Only the CLB's own are asked, and they for clients alone.
        (True, (OPEN,), (), set()),
        (True, (OPEN,), (NOT_PROBES, OPEN), set()),
        (True, (NOT_PROBES, OPEN), (), set()),
        (True, (), (OPEN,), {OF_CLB}),
        (True, (), (), {OF_CLB}),
    ],
)
def test_allow_traffic_by_default_decides_whose_groups_are_asked(
    world: Facts,
    passes: bool,
    balancers: tuple[Rule, ...],
    targets: tuple[Rule, ...],
    said: set[str],
) -> None:
    found = {**groups(*targets), "sg-2": SecurityGroup("sg-2", "", balancers)}
    lb = ours(pass_to_target=passes, groups=("sg-2",))
    facts = replace(world, groups=found, balancer=lb)
    assert {code for code, _ in closed(facts)} == said
    noted = "AllowsByDefault" in {one.code for one in judge(SPEC, facts).problems}
    assert noted is passes


def test_the_clb_is_asked_for_its_own_port_and_not_for_the_pods() -> None:
    lb = ours(pass_to_target=True, groups=("sg-1",))
    facts = replace(GOOD, groups=groups(), balancer=lb)
    assert closed(facts) == [("BalancerSecurityGroup", opening(EVERYWHERE, "80"))]


def test_the_other_way_out_is_offered_where_there_is_a_load_balancer_of_ours() -> None:
    def offered(facts: Facts) -> set[str]:
        problem = found("HealthCheckSecurityGroup", SPEC, replace(facts, groups=groups()))
        assert problem is not None
        assert restored(kept(problem)) == problem
        return {f"{one.name} {one.parameters['lb']}" for one in (problem.instead,) if one}

    assert offered(GOOD) == set()
    assert offered(replace(GOOD, balancer=ours())) == {"pass-to-target lb-1"}
    assert offered(replace(GOOD, balancer=ours(), console_binds=False)) == set()


def test_health_checks_from_the_vip_are_asked_from_there() -> None:
    lb = ours(probed_from_vip=frozenset({"TCP:80"}))
    facts = replace(GOOD, groups=groups(PROBES), balancer=lb)
    assert closed(facts)[1] == (OF_CHECKS, opening("1.2.3.4/32", "8080"))
    own = Rule(0, "TCP", "8080", "1.2.3.4/32", "ACCEPT")
    assert OF_CHECKS not in dict(closed(replace(facts, groups=groups(own))))
    assert OF_CHECKS in dict(closed(replace(facts, groups=groups(own), balancer=ours())))


def test_nodes_are_asked_where_pods_are_global_routers() -> None:
    problem = found("ClientsSecurityGroup", SPEC, replace(ROUTER, groups=groups()))
    assert problem is not None
    assert "sg-1 of the nodes" in problem.message


def test_a_ping_of_a_udp_port_is_icmp_and_needs_no_port() -> None:
    pinged = replace(UDP, health=HealthCheck())
    facts = replace(GOOD, groups=groups(Rule(0, "UDP", "53", EVERYWHERE, "ACCEPT")))
    assert closed(facts, pinged) == [
        ("HealthCheckSecurityGroup", opening("100.64.0.0/10", "ALL", "ICMP"))
    ]
    assert closed(facts, UDP) == []


def test_a_check_that_is_off_needs_no_probes() -> None:
    quiet = replace(SPEC, health=HealthCheck(enabled=False))
    facts = replace(GOOD, groups=groups(Rule(0, "TCP", "8080", "0.0.0.0/0", "ACCEPT")))
    assert closed(facts, quiet) == []
