"""Limits of the account and the load balancer: quotas, subnet, protection, arrears; pure."""

from services.limits.facts import BalancerFacts, Facts, SubnetFacts, Unread
from services.limits.problem import (
    Evidence,
    Limit,
    Outcome,
    Passed,
    Problem,
    Sentence,
    Severity,
    is_direct,
)
from services.spec import Access, CheckType, Protocol, ServiceSpec

TARGETS = "TOTAL_TARGET_BIND_QUOTA"
LISTENERS = "TOTAL_LISTENER_QUOTA"
BALANCERS = {Access.PUBLIC: "TOTAL_OPEN_CLB_QUOTA", Access.PRIVATE: "TOTAL_INTERNAL_CLB_QUOTA"}
CLB_CONSOLE = "https://console.cloud.tencent.com/clb"
TICKET = "https://console.cloud.tencent.com/workorder/category"

SUBNET_UNKNOWN = Limit(
    "SubnetUnknown",
    Severity.INFORMS,
    Sentence("The free IPs of %(subnet)s are unknown: DescribeSubnets could not be read."),
    source="vpc DescribeSubnets AvailableIpAddressCount",
)
NO_SUCH_SUBNET = Limit(
    "NoSuchSubnet",
    Severity.BLOCKS,
    Sentence("%(subnet)s is not a subnet of this cluster's VPC."),
    Sentence("Choose another subnet."),
    source="vpc DescribeSubnets SubnetId",
)
SUBNET_FULL = Limit(
    "SubnetFull",
    Severity.BLOCKS,
    Sentence("%(subnet)s has no free IP."),
    Sentence("Choose another subnet."),
    source="vpc DescribeSubnets AvailableIpAddressCount",
)
QUOTA_UNKNOWN = Limit(
    "QuotaUnknown",
    Severity.INFORMS,
    Sentence("The target quota is unknown: DescribeQuota could not be read."),
    source="clb DescribeQuota TOTAL_TARGET_BIND_QUOTA",
)
TARGET_QUOTA = Limit(
    "TargetQuota",
    Severity.WARNS,
    Sentence("%(count)s Pods match, a listener takes %(limit)s targets. %(wait)s Pods will wait."),
    Sentence("Ask Tencent Cloud to raise TOTAL_TARGET_BIND_QUOTA, or split the workload."),
    source="clb DescribeQuota TOTAL_TARGET_BIND_QUOTA",
    link=TICKET,
)
TARGET_QUOTA_IN_ROLLOUTS = Limit(
    "TargetQuotaInRollouts",
    Severity.WARNS,
    Sentence(
        "A rollout runs up to %(count)s Pods (%(replicas)s and a maxSurge of %(surge)s), a "
        "listener takes %(limit)s targets. %(wait)s new Pods will wait until old ones are gone."
    ),
    Sentence(
        "Ask Tencent Cloud to raise TOTAL_TARGET_BIND_QUOTA, or lower the workload's maxSurge."
    ),
    source="clb DescribeQuota TOTAL_TARGET_BIND_QUOTA; workload spec.replicas, maxSurge",
    link=TICKET,
)
LISTENER_QUOTA = Limit(
    "ListenerQuota",
    Severity.BLOCKS,
    Sentence("%(count)s port mappings, a CLB takes %(limit)s listeners."),
    Sentence("Split the ports over several Services."),
    source="clb DescribeQuota TOTAL_LISTENER_QUOTA",
)
BALANCER_QUOTA = Limit(
    "BalancerQuota",
    Severity.BLOCKS,
    Sentence(
        "The account has %(count)s load balancers of this type in the region, its quota is "
        "%(limit)s: no other can be created."
    ),
    Sentence("Ask Tencent Cloud to raise %(quota)s, or delete a CLB that nobody uses."),
    source="clb DescribeQuota TOTAL_OPEN_CLB_QUOTA, TOTAL_INTERNAL_CLB_QUOTA; "
    "clb DescribeLoadBalancers TotalCount",
    link=TICKET,
)
BALANCER_QUOTA_UNKNOWN = Limit(
    "BalancerQuotaUnknown",
    Severity.INFORMS,
    Sentence("Whether another CLB may be created is unknown: %(why)s."),
    source="clb DescribeQuota; clb DescribeLoadBalancers TotalCount",
)
BALANCER_UNKNOWN = Limit(
    "BalancerUnknown",
    Severity.INFORMS,
    Sentence("The Service's load balancer is unknown: %(why)s."),
    source="clb DescribeLoadBalancers",
)
DELETION_PROTECTED = Limit(
    "DeletionProtected",
    Severity.WARNS,
    Sentence(
        "%(lb)s is protected against deletion: when the Service is deleted, the load balancer "
        "stays and the Service waits."
    ),
    Sentence("Turn the deletion protection off before you delete the Service."),
    source="clb DescribeLoadBalancers AttributeFlags[]",
    remedy="turn-off-deletion-protection",
    link=CLB_CONSOLE,
)
BALANCER_ISOLATED = Limit(
    "BalancerIsolated",
    Severity.BLOCKS,
    Sentence("%(lb)s is isolated: the account is in arrears, and the CLB forwards nothing."),
    Sentence("Top up the account."),
    source="clb DescribeLoadBalancers Isolation",
    link="https://console.cloud.tencent.com/expense/recharge",
)
BALANCER_BANNED = Limit(
    "BalancerBanned",
    Severity.BLOCKS,
    Sentence("The address of %(lb)s is banned by DDoS protection: nobody reaches it."),
    Sentence("Lift the ban in the Anti-DDoS console, or wait until it ends."),
    source="clb DescribeLoadBalancers IsBlock",
    link="https://console.cloud.tencent.com/ddos",
)
UDP_PING = Limit(
    "UdpPing",
    Severity.WARNS,
    Sentence(
        "UDP listeners are checked by PING, which only says that the Pod's network is up, "
        "not that the application answers."
    ),
    source="TkeServiceConfig healthCheck.checkType",
)
HEALTH_OFF = Limit(
    "HealthCheckOff",
    Severity.WARNS,
    Sentence(
        "The health check is off: every bound Pod counts as healthy and the gate opens "
        "without proof."
    ),
    Sentence("Turn the health check on."),
    source="TkeServiceConfig healthCheck.enable",
)


def free_subnet_ips(spec: ServiceSpec, facts: Facts) -> Outcome:
    """A private CLB takes one address of its subnet."""
    if spec.access is not Access.PRIVATE or not spec.subnet_id:
        return None
    if facts.subnets is None or isinstance(facts.subnets, Unread):
        return SUBNET_UNKNOWN(subnet=spec.subnet_id)
    found = next((subnet for subnet in facts.subnets if subnet.id == spec.subnet_id), None)
    if found is None:
        seen = Evidence("vpc DescribeSubnets", "SubnetId", _ids(facts.subnets))
        return NO_SUCH_SUBNET(seen, subnet=spec.subnet_id)
    if found.free_ips < 1 and not isinstance(facts.balancer, BalancerFacts):
        return SUBNET_FULL(
            Evidence("vpc DescribeSubnets", "AvailableIpAddressCount", str(found.free_ips)),
            subnet=found.id,
        )
    return Passed(
        Sentence("%(subnet)s has %(free)s free IPs", subnet=found.id, free=found.free_ips)
    )


def _ids(subnets: tuple[SubnetFacts, ...]) -> str:
    return ", ".join(subnet.id for subnet in subnets[:5]) or "-"


def target_quota(spec: ServiceSpec, facts: Facts) -> Outcome:
    """What fits is bound, the others wait; during a rollout there are more Pods than replicas."""
    workloads = facts.workloads or ()
    count = max(len(facts.pods or ()), sum(one.replicas for one in workloads))
    if not is_direct(spec) or not count:
        return None
    limit = (facts.quotas or {}).get(TARGETS)
    if limit is None:
        return QUOTA_UNKNOWN()
    seen = Evidence("clb DescribeQuota", TARGETS, str(limit))
    if count > limit:
        return TARGET_QUOTA(seen, count=count, limit=limit, wait=count - limit)
    surge = sum(one.surge for one in workloads)
    if count + surge > limit:
        replicas = Evidence("workloads", "spec.replicas + maxSurge", str(count + surge))
        return TARGET_QUOTA_IN_ROLLOUTS(
            seen,
            replicas,
            count=count + surge,
            replicas=count,
            surge=surge,
            limit=limit,
            wait=count + surge - limit,
        )
    return Passed(Sentence("%(count)s of %(limit)s targets per listener", count=count, limit=limit))


def listener_quota(spec: ServiceSpec, facts: Facts) -> Outcome:
    limit = (facts.quotas or {}).get(LISTENERS)
    if not is_direct(spec) or limit is None or len(spec.ports) <= limit:
        return None
    seen = Evidence("clb DescribeQuota", LISTENERS, str(limit))
    return LISTENER_QUOTA(seen, count=len(spec.ports), limit=limit)


def balancer_quota(spec: ServiceSpec, facts: Facts) -> Outcome:
    """A Service that has its load balancer needs no other."""
    has_one = isinstance(facts.balancer, BalancerFacts)
    if not spec.has_load_balancer or has_one or facts.balancers is None:
        return None
    quota = BALANCERS[spec.access]
    if isinstance(facts.balancers, Unread):
        return BALANCER_QUOTA_UNKNOWN(why=facts.balancers.why)
    limit = (facts.quotas or {}).get(quota)
    if limit is None:
        why = facts.quotas.why if isinstance(facts.quotas, Unread) else Unread().why
        return BALANCER_QUOTA_UNKNOWN(why=why)
    if facts.balancers >= limit:
        return BALANCER_QUOTA(
            Evidence("clb DescribeQuota", quota, str(limit)),
            Evidence("clb DescribeLoadBalancers", "TotalCount", str(facts.balancers)),
            count=facts.balancers,
            limit=limit,
            quota=quota,
        )
    return Passed(
        Sentence("%(count)s of %(limit)s load balancers", count=facts.balancers, limit=limit)
    )


def balancer_state(spec: ServiceSpec, facts: Facts) -> Outcome:
    """What the API says of a load balancer that is there already."""
    balancer = facts.balancer
    if isinstance(balancer, Unread):
        return BALANCER_UNKNOWN(why=balancer.why)
    if balancer is None:
        return None
    where, problems = "clb DescribeLoadBalancers", list[Problem]()
    if balancer.isolated:
        problems.append(BALANCER_ISOLATED(Evidence(where, "Isolation", "1"), lb=balancer.id))
    if balancer.blocked:
        problems.append(BALANCER_BANNED(Evidence(where, "IsBlock", "true"), lb=balancer.id))
    if balancer.delete_protected:
        seen = Evidence(where, "AttributeFlags[]", "DeleteProtect")
        remedy = {"lb": balancer.id} if facts.console_binds else None
        problems.append(DELETION_PROTECTED(seen, remedy=remedy, lb=balancer.id))
    return tuple(problems) or Passed(Sentence("%(lb)s is in order", lb=balancer.id))


def udp_ping(spec: ServiceSpec, facts: Facts) -> Outcome:
    udp = any(port.protocol is Protocol.UDP for port in spec.ports)
    if not is_direct(spec) or not udp or not spec.health.enabled:
        return None
    if spec.health.type is CheckType.CUSTOM:
        return None
    return UDP_PING(Evidence("TkeServiceConfig", "healthCheck.checkType", "PING"))


def health_off(spec: ServiceSpec, facts: Facts) -> Outcome:
    if not is_direct(spec) or spec.health.enabled:
        return None
    return HEALTH_OFF(Evidence("TkeServiceConfig", "healthCheck.enable", "false"))
