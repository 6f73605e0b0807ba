"""Every limit of docs/use-limits.md as facts that are broken in one place."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from console.container_routes import Ccn
from services.limits import (
    CHECKS,
    Facts,
    Interface,
    Ipamd,
    PortFacts,
    Problem,
    ServiceFacts,
    SubnetFacts,
    judge,
)
from services.limits.security import SecurityGroup
from services.spec import ClaimBy, HealthCheck, Port, Protocol, ServiceSpec
from tests.services.limits.good import (
    CLOSED,
    GOOD,
    LB,
    NAMED,
    OFF,
    OPEN,
    OTHER,
    POD,
    PRIVATE,
    PROBES,
    QUOTAS,
    ROUTE_POD,
    ROUTER,
    SPEC,
    TEMPLATE,
    THEIRS,
    UDP,
    WHY,
    ccn,
    groups,
    ours,
    own,
)

type Case = tuple[str, Facts, dict[str, Any], ServiceSpec]
# (code, facts that are fine otherwise, what is changed, the Service)
CASES: tuple[Case, ...] = (
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
    ("AllowsByDefault", GOOD, {"balancer": ours(pass_to_target=True)}, SPEC),
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
PAGE = Path(__file__).parents[3] / "docs" / "use-limits.md"
OF_READINESS = {"NotVpcCni", "NotGlobalRouter"}


def found(code: str, spec: ServiceSpec, facts: Facts) -> Problem | None:
    return next((one for one in judge(spec, facts).problems if one.code == code), None)


def problems(outcome: object) -> tuple[Problem, ...]:
    """Of what one check answers."""
    parts = outcome if isinstance(outcome, tuple) else (outcome,)
    return tuple(one for one in parts if isinstance(one, Problem))


def checks_of(case: Case) -> set[str]:
    """Names of the checks that find the case's code."""
    code, facts, broken, spec = case
    return {
        check.__name__
        for check in CHECKS
        if any(one.code == code for one in problems(check(spec, replace(facts, **broken))))
    }
