"""Every limit of docs/use-limits.md found, and gone when its reason is: the check is what finds it.

A check taken out of `CHECKS` fails the cases of its codes here.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from console.container_routes import Ccn, CcnRoute
from services.limits import (
    CHECKS,
    OF_CLUSTER,
    BalancerFacts,
    Facts,
    Interface,
    Ipamd,
    Mode,
    PodFacts,
    PortFacts,
    Problem,
    ServiceFacts,
    Severity,
    SubnetFacts,
    Unread,
    WorkloadFacts,
    catalogue,
    judge,
    kept,
    readiness,
    restored,
)
from services.limits.security import EVERYWHERE, Rule, SecurityGroup
from services.limits.sentence import Sentence
from services.spec import Access, CheckType, ClaimBy, HealthCheck, Port, Protocol, ServiceSpec

SPEC = ServiceSpec(
    namespace="shop",
    name="bar",
    access=Access.PUBLIC,
    ports=(Port(Protocol.TCP, 80, 8080),),
    selector=(("app", "web"),),
    claim=ClaimBy.ANNOTATION,
)
PRIVATE = replace(SPEC, access=Access.PRIVATE, subnet_id="subnet-1")
UDP = replace(SPEC, ports=(Port(Protocol.UDP, 53, 53),), health=HealthCheck(type=CheckType.CUSTOM))
POD = PodFacts(
    "web-1",
    "eni",
    gated=True,
    ports=(PortFacts("http", "TCP", 8080), PortFacts("dns", "UDP", 53)),
    workload=("Deployment", "web"),
    ip="10.0.1.5",
    node="10.0.0.5",
    labels=frozenset({("app", "web"), ("tier", "front")}),
    probes=("http", 53),
    pre_stop=10.0,
    grace=40,
    eni_annotation=True,
    eni_resource=True,
)
OPEN = Rule(0, "ALL", "ALL", EVERYWHERE, "ACCEPT")
CLOSED = Rule(3, "TCP", "8080", EVERYWHERE, "DROP")
PROBES = Rule(0, "ALL", "ALL", "100.64.0.0/10", "ACCEPT")
OURS = CcnRoute("r-1", "10.8.0.0/16", "vpc-1", enabled=True)
CCN = Ccn("vpc-1", ("10.8.0.0/16",), "ccn-1", "shop", "AVAILABLE", "ACTIVE", (OURS,))
LB = BalancerFacts("lb-1", "1.2.3.4")
QUOTAS = {
    "TOTAL_TARGET_BIND_QUOTA": 200,
    "TOTAL_LISTENER_QUOTA": 50,
    "TOTAL_OPEN_CLB_QUOTA": 100,
    "TOTAL_INTERNAL_CLB_QUOTA": 100,
}
# A cluster on which all is well; each case breaks one thing.
GOOD = Facts(
    kubernetes=(1, 30),
    add_on="VPC_CNI_SHARED",
    add_on_word="VPC-CNI",
    gate_type="podgate.dev/clb-ready",
    cluster_status="Running",
    vpc_id="vpc-1",
    vpc_cidr="10.0.0.0/16",
    controller=None,
    pods=(POD,),
    workloads=(WorkloadFacts("Deployment", "web", 1, 1),),
    services=(),
    subnets=(SubnetFacts("subnet-1", 9),),
    eni_subnets=(SubnetFacts("subnet-eni", 9),),
    quotas=QUOTAS,
    balancers=3,
    balancer=None,
    ipamd=Ipamd(enabled=True, phase="running", progress="Succeed"),
    interfaces=(Interface("10.0.1.5", "eni-1", "vpc-1", ("sg-1",)),),
    sample=frozenset({"10.0.1.5"}),
    groups={"sg-1": SecurityGroup("sg-1", "", (OPEN,))},
    account_type="STANDARD",
    balance=100,
    ccn=CCN,
)
ROUTE_POD = replace(POD, network_mode="route", ip="10.8.1.5")
ROUTER = replace(
    GOOD,
    add_on="GLOBAL_ROUTER",
    add_on_word="GR",
    pods=(ROUTE_POD,),
    controller={"GlobalRouteDirectAccess": "true", "VERSION": "v2.3.1"},
    interfaces=(Interface("10.0.0.5", "eni-n", "vpc-1", ("sg-1",), is_node=True),),
    sample=frozenset({"10.0.0.5"}),
)
WHY = Unread(Sentence("no permission for %(what)s", what="vpc:DescribeX"))


def groups(*rules: Rule) -> dict[str, SecurityGroup]:
    return {"sg-1": SecurityGroup("sg-1", "", rules)}


def own(**changes: Any) -> tuple[PodFacts, ...]:
    return (replace(POD, **changes),)


def ours(**changes: Any) -> BalancerFacts:
    return replace(LB, **changes)


def ccn(**changes: Any) -> dict[str, Any]:
    return {"ccn": replace(CCN, **changes)}


OTHER = replace(POD, name="job-1", workload=("Deployment", "job"))
OFF = replace(OURS, enabled=False)
THEIRS = CcnRoute("r-2", "10.8.4.0/24", "vpc-2", enabled=True)
TEMPLATE = Rule(0, "TCP", "8080", "", "DROP", named="ipm-1")
NAMED = replace(SPEC, ports=(Port(Protocol.TCP, 80, "web"),))

# (code, facts that are fine otherwise, what is changed, the Service)
CASES: tuple[tuple[str, Facts, dict[str, Any], ServiceSpec], ...] = (
    ("KubernetesVersionUnknown", GOOD, {"kubernetes": WHY}, SPEC),
    ("KubernetesTooOld", GOOD, {"kubernetes": (1, 11)}, SPEC),
    ("CiliumOverlay", GOOD, {"add_on": "CILIUM_OVERLAY"}, SPEC),
    ("AddOnUnsupported", GOOD, {"add_on": "UNKNOWN", "add_on_word": "CiliumBGP"}, SPEC),
    ("AddOnUnknown", GOOD, {"add_on": "UNKNOWN", "add_on_word": ""}, SPEC),
    ("TkeControllerPresent", GOOD, {"controller": {}}, replace(SPEC, claim=ClaimBy.CLASS)),
    ("ServerlessNotHeadless", GOOD, {"serverless": True}, SPEC),
    ("NotClaimed", GOOD, {}, replace(SPEC, claim=None)),
    ("TkeBinds", GOOD, {"console_binds": False}, SPEC),
    ("ClusterIsolated", GOOD, {"cluster_status": "Isolated"}, SPEC),
    ("AccountInArrears", GOOD, {"balance": -3450}, SPEC),
    ("AccountInArrearsSoon", GOOD, {"balance": -3450, "balancer": LB}, SPEC),
    ("ArrearsUnknown", GOOD, {"balance": WHY}, SPEC),
    ("VpcCniOff", GOOD, {"ipamd": Ipamd(enabled=False)}, SPEC),
    ("VpcCniEnabling", GOOD, {"ipamd": Ipamd(True, progress="Running")}, SPEC),
    ("VpcCniFailed", GOOD, {"ipamd": Ipamd(False, progress="Failed", error="no quota.")}, SPEC),
    ("VpcCniUnknown", GOOD, {"ipamd": WHY}, SPEC),
    (
        "EniRequestIncomplete",
        replace(GOOD, add_on="MIXED"),
        {"pods": own(eni_resource=False)},
        SPEC,
    ),
    ("PodNotOnEni", GOOD, {"interfaces": ()}, SPEC),
    (
        "NodeAddress",
        GOOD,
        {"interfaces": (Interface("10.0.1.5", "eni-1", "vpc-1", ("sg-1",), is_node=True),)},
        SPEC,
    ),
    ("EniUnknown", GOOD, {"interfaces": WHY}, SPEC),
    ("EniSubnetsFull", GOOD, {"eni_subnets": (SubnetFacts("subnet-eni", 0),)}, SPEC),
    ("LegacyAccount", ROUTER, {"account_type": "LEGACY"}, SPEC),
    ("AccountTypeUnknown", ROUTER, {"account_type": WHY}, SPEC),
    (
        "GlobalRouteSwitchOff",
        replace(ROUTER, console_binds=False),
        {"controller": {"GlobalRouteDirectAccess": "false", "VERSION": "v2.3.1"}},
        SPEC,
    ),
    ("GlobalRouteSwitchOffForTke", ROUTER, {"controller": {"VERSION": "v2.3.1"}}, SPEC),
    ("GlobalRouteSwitchMissing", ROUTER, {"controller": None}, SPEC),
    ("GlobalRouteSwitchUnknown", ROUTER, {"controller": WHY}, SPEC),
    (
        "TkeControllerTooOld",
        replace(ROUTER, console_binds=False),
        {"controller": {"GlobalRouteDirectAccess": "true", "VERSION": "v1.5.9"}},
        SPEC,
    ),
    ("CcnNotAttached", ROUTER, {"ccn": Ccn("vpc-1", ("10.8.0.0/16",))}, SPEC),
    ("CcnNotReady", ROUTER, ccn(vpc_state="PENDING"), SPEC),
    ("CcnNotRegistered", ROUTER, ccn(routes=()), SPEC),
    ("CcnRouteDisabled", ROUTER, ccn(routes=(OFF,)), SPEC),
    ("CcnRouteConflict", ROUTER, ccn(routes=(OFF, THEIRS)), SPEC),
    ("CcnUnknown", ROUTER, {"ccn": WHY}, SPEC),
    ("TicketRoute", ROUTER, ccn(routes=()) | {"ticket_route": True}, SPEC),
    ("SnatPro", replace(ROUTER, balancer=ours(snat_pro=True)), {"balancer": LB}, SPEC),
    (
        "BalancerSecurityGroup",
        GOOD,
        {
            "balancer": ours(groups=("sg-2",)),
            "groups": {**groups(OPEN), "sg-2": SecurityGroup("sg-2")},
        },
        SPEC,
    ),
    ("ClientsSecurityGroup", GOOD, {"groups": groups(PROBES)}, SPEC),
    ("HealthCheckSecurityGroup", GOOD, {"groups": groups(CLOSED, OPEN)}, SPEC),
    ("SecurityGroupsUnknown", GOOD, {"groups": {"sg-1": WHY}}, SPEC),
    ("SecurityGroupUnclear", GOOD, {"groups": groups(TEMPLATE, OPEN)}, SPEC),
    ("NoSelector", GOOD, {}, replace(SPEC, selector=())),
    ("PodsUnknown", GOOD, {"pods": WHY}, SPEC),
    ("NoPods", GOOD, {"pods": ()}, SPEC),
    ("SeveralWorkloads", GOOD, {"pods": (POD, OTHER)}, SPEC),
    ("PodsOfOtherServices", GOOD, {"services": (ServiceFacts("x", (("tier", "front"),)),)}, SPEC),
    (
        "PodsOfBothControllers",
        GOOD,
        {"services": (ServiceFacts("x", (("tier", "front"),), by_tke=True),)},
        SPEC,
    ),
    ("WrongNetworkMode", GOOD, {"pods": own(network_mode="overlay")}, SPEC),
    ("SomeWrongNetworkMode", GOOD, {"pods": (POD, replace(POD, network_mode="overlay"))}, SPEC),
    ("MixedNetworkModes", GOOD, {"pods": (POD, ROUTE_POD)}, SPEC),
    ("HostNetwork", GOOD, {"pods": own(host_network=True)}, SPEC),
    ("SomeHostNetwork", GOOD, {"pods": (POD, replace(POD, host_network=True))}, SPEC),
    ("PodsWithoutGate", GOOD, {"pods": own(gated=False)}, SPEC),
    ("NoSuchPortName", GOOD, {}, NAMED),
    (
        "PortNameMissing",
        GOOD,
        {"pods": (POD, replace(POD, ports=(PortFacts("web", "TCP", 8080),)))},
        NAMED,
    ),
    ("ContainerPortMissing", GOOD, {"pods": own(ports=(PortFacts("x", "TCP", 9090),))}, SPEC),
    ("NoReadinessProbe", GOOD, {"pods": own(probes=())}, SPEC),
    ("ProbeOnAnotherPort", GOOD, {"pods": own(probes=(9999,))}, SPEC),
    (
        "DuplicatePort",
        GOOD,
        {},
        replace(SPEC, ports=(Port(Protocol.TCP, 80, 8080), Port(Protocol.TCP, 80, 8081))),
    ),
    (
        "DuplicateTarget",
        GOOD,
        {},
        replace(SPEC, ports=(Port(Protocol.TCP, 80, 8080), Port(Protocol.TCP, 81, "http"))),
    ),
    (
        "ProtocolMix",
        GOOD,
        {},
        replace(
            SPEC,
            claim=None,
            direct=False,
            ports=(Port(Protocol.TCP, 80, 8080), Port(Protocol.UDP, 53, 53)),
        ),
    ),
    ("PortTaken", GOOD, {"balancer": ours(foreign={"TCP:80": "by-hand"})}, SPEC),
    ("SubnetUnknown", GOOD, {"subnets": WHY}, PRIVATE),
    ("NoSuchSubnet", GOOD, {}, replace(PRIVATE, subnet_id="subnet-x")),
    ("SubnetFull", GOOD, {"subnets": (SubnetFacts("subnet-1", 0),)}, PRIVATE),
    ("QuotaUnknown", GOOD, {"quotas": WHY}, SPEC),
    ("TargetQuota", GOOD, {"quotas": QUOTAS | {"TOTAL_TARGET_BIND_QUOTA": 0}}, SPEC),
    ("TargetQuotaInRollouts", GOOD, {"quotas": QUOTAS | {"TOTAL_TARGET_BIND_QUOTA": 1}}, SPEC),
    ("ListenerQuota", GOOD, {"quotas": QUOTAS | {"TOTAL_LISTENER_QUOTA": 0}}, SPEC),
    ("BalancerQuota", GOOD, {"balancers": 100}, SPEC),
    ("BalancerQuotaUnknown", GOOD, {"balancers": WHY}, SPEC),
    ("BalancerUnknown", GOOD, {"balancer": WHY}, SPEC),
    ("DeletionProtected", GOOD, {"balancer": ours(delete_protected=True)}, SPEC),
    ("BalancerIsolated", GOOD, {"balancer": ours(isolated=True)}, SPEC),
    ("BalancerBanned", GOOD, {"balancer": ours(blocked=True)}, SPEC),
    ("UdpPing", GOOD, {}, replace(UDP, health=HealthCheck())),
    ("HealthCheckOff", GOOD, {}, replace(SPEC, health=HealthCheck(enabled=False))),
    ("PreStopTooShort", GOOD, {"pods": own(pre_stop=0.0)}, SPEC),
    ("GraceTooShort", GOOD, {"pods": own(pre_stop=10.0, grace=11)}, SPEC),
    ("PreStopUnknown", GOOD, {"pods": own(pre_stop=None)}, SPEC),
)
OF_READINESS = {"NotVpcCni", "NotGlobalRouter"}


def found(code: str, spec: ServiceSpec, facts: Facts) -> Problem | None:
    return next((one for one in judge(spec, facts).problems if one.code == code), None)


@pytest.mark.parametrize(
    ("code", "facts", "broken", "spec"), CASES, ids=[case[0] for case in CASES]
)
def test_a_limit_is_found_with_its_evidence_and_only_when_it_is_there(
    code: str, facts: Facts, broken: dict[str, Any], spec: ServiceSpec
) -> None:
    limit = next(one for one in catalogue.LIMITS if one.code == code)
    problem = found(code, spec, replace(facts, **broken))
    assert problem is not None
    assert problem.severity is limit.severity
    assert "%(" not in problem.message
    assert "%(" not in problem.fix
    if problem.severity is not Severity.INFORMS and code != "NoSelector":
        assert problem.evidence
    assert restored(kept(problem)) == problem
    if broken:
        assert found(code, spec, facts) is None
    else:
        fits = replace(SPEC, access=spec.access, subnet_id="subnet-1" if spec.subnet_id else "")
        assert found(code, fits, facts) is None


def test_every_limit_has_a_case() -> None:
    codes = [one.code for one in catalogue.LIMITS]
    assert len(codes) == len(set(codes))
    assert set(codes) == {case[0] for case in CASES} | OF_READINESS


def test_every_check_of_the_list_finds_something_in_these_cases() -> None:
    silent = [
        check.__name__
        for check in CHECKS
        if not any(
            _problems(check(spec, replace(facts, **broken))) for _, facts, broken, spec in CASES
        )
    ]
    assert silent == []


def _problems(outcome: object) -> bool:
    return isinstance(outcome, Problem) or (isinstance(outcome, tuple) and bool(outcome))


@pytest.mark.parametrize("spec", [SPEC, PRIVATE, UDP])
@pytest.mark.parametrize("facts", [GOOD, replace(GOOD, balancer=LB)])
def test_where_all_is_well_nothing_is_said(spec: ServiceSpec, facts: Facts) -> None:
    assert judge(spec, facts).problems == ()


def test_a_router_cluster_in_order_gets_only_the_note_on_snat_pro() -> None:
    assert [one.code for one in judge(SPEC, ROUTER).problems] == ["SnatPro"]


@pytest.mark.parametrize("access", [Access.CLUSTER_IP, Access.NODE_PORT])
def test_a_service_without_a_load_balancer_has_no_limits(access: Access) -> None:
    facts = replace(ROUTER, account_type="LEGACY", balance=-1, kubernetes=(1, 10), groups={})
    assert judge(replace(SPEC, access=access, claim=None), facts).problems == ()


# Security groups: which packets are asked for.


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


# Readiness: the cluster alone.


def test_readiness_is_for_one_mode_and_of_an_absent_one_says_only_that() -> None:
    assert not readiness(GOOD, Mode.VPC_CNI).is_blocked
    absent = readiness(GOOD, Mode.GLOBAL_ROUTER).problems
    assert [one.code for one in absent] == ["NotGlobalRouter"]
    assert not readiness(ROUTER, Mode.GLOBAL_ROUTER).is_blocked
    assert [one.code for one in readiness(ROUTER, Mode.VPC_CNI).problems] == ["NotVpcCni"]


@pytest.mark.parametrize("mode", Mode)
def test_a_mixed_cluster_is_ready_in_both_modes(mode: Mode) -> None:
    mixed = replace(ROUTER, add_on="MIXED")
    assert not readiness(mixed, mode).is_blocked


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize(
    "broken", [{"add_on": "CILIUM_OVERLAY"}, {"kubernetes": (1, 10)}, {"balance": -1}]
)
def test_what_no_mode_survives_blocks_both(mode: Mode, broken: dict[str, Any]) -> None:
    assert readiness(replace(GOOD, **{"add_on": "MIXED"} | broken), mode).is_blocked


def test_readiness_judges_a_part_of_what_a_service_is_judged_by() -> None:
    extra = {check.__name__ for check in OF_CLUSTER} - {check.__name__ for check in CHECKS}
    assert extra == {"has_mode"}


# The page.


def test_the_page_says_what_the_code_does() -> None:
    page = (Path(__file__).parents[2] / "docs" / "use-limits.md").read_text()
    assert catalogue.page(page) == page, "run: python -m services.limits --write"
    assert all(f"`{one.code}`" in page for one in catalogue.LIMITS)


def test_every_limit_names_its_source_and_what_blocks_says_what_to_do() -> None:
    for limit in catalogue.LIMITS:
        assert limit.source, limit.code
        if limit.severity is Severity.BLOCKS and limit.code != "NotGlobalRouter":
            assert limit.fix, limit.code
