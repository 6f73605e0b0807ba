"""Security groups: which packets are asked for, and which rule is offered."""

from dataclasses import replace

from services.limits import (
    Facts,
    judge,
)
from services.limits.security import EVERYWHERE, Rule
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


def test_allow_traffic_by_default_asks_only_the_clbs_own_groups() -> None:
    passes = ours(pass_to_target=True)
    assert closed(replace(GOOD, groups=groups(), balancer=passes)) == []
    facts = replace(GOOD, groups=groups(), balancer=replace(passes, groups=("sg-1",)))
    # The CLB is asked for its own port, not for the Pods'.
    assert closed(facts) == [("BalancerSecurityGroup", opening(EVERYWHERE, "80"))]


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
