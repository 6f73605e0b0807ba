"""Facts on which all is well, and the parts they are made of; each case breaks one thing."""

from dataclasses import replace
from typing import Any

from console.container_routes import Ccn, CcnRoute
from services.limits import (
    BalancerFacts,
    Facts,
    Interface,
    Ipamd,
    PodFacts,
    PortFacts,
    SubnetFacts,
    Unread,
    WorkloadFacts,
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
