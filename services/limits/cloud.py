"""Limits of the load balancer: ports, targets, subnet, quotas, health check; pure."""

from collections import Counter

from services.limits.facts import Facts
from services.limits.problem import (
    Outcome,
    Passed,
    Sentence,
    blocks,
    is_direct,
    unknown,
    warns,
)
from services.spec import Access, CheckType, Port, Protocol, ServiceSpec


def duplicate_ports(spec: ServiceSpec, facts: Facts) -> Outcome:
    twice = [key for key, n in Counter((p.protocol, p.port) for p in spec.ports).items() if n > 1]
    if twice:
        protocol, port = twice[0]
        return blocks(
            "DuplicatePort",
            Sentence("%(protocol)s %(port)s is mapped twice.", protocol=protocol, port=port),
            Sentence("Use another service port."),
        )
    return None


def duplicate_targets(spec: ServiceSpec, facts: Facts) -> Outcome:
    """A layer-4 CLB knows only VIP, protocol, target address and target port."""
    if not is_direct(spec) or not spec.ports:
        return None
    seen: dict[tuple[Protocol, int | str], Port] = {}
    for port in spec.ports:
        first = seen.setdefault((port.protocol, port.target), port)
        if first is not port:
            return blocks(
                "DuplicateTarget",
                Sentence(
                    "Ports %(first)s and %(second)s share the target %(protocol)s %(target)s. "
                    "A CLB cannot tell them apart.",
                    first=first.port,
                    second=port.port,
                    protocol=port.protocol,
                    target=port.target,
                ),
                Sentence("Give each service port a target port of its own."),
            )
    return Passed(Sentence("Every port has a target of its own"))


def free_subnet_ips(spec: ServiceSpec, facts: Facts) -> Outcome:
    """A private CLB takes one address of its subnet."""
    if spec.access is not Access.PRIVATE or not spec.subnet_id:
        return None
    if facts.subnets is None:
        return unknown(
            "SubnetUnknown",
            Sentence(
                "The free IPs of %(subnet)s are unknown: DescribeSubnets could not be read.",
                subnet=spec.subnet_id,
            ),
        )
    found = next((subnet for subnet in facts.subnets if subnet.id == spec.subnet_id), None)
    fix = Sentence("Choose another subnet.")
    if found is None:
        return blocks(
            "NoSuchSubnet",
            Sentence("%(subnet)s is not a subnet of this cluster's VPC.", subnet=spec.subnet_id),
            fix,
        )
    if found.free_ips < 1:
        return blocks("SubnetFull", Sentence("%(subnet)s has no free IP.", subnet=found.id), fix)
    return Passed(
        Sentence("%(subnet)s has %(free)s free IPs", subnet=found.id, free=found.free_ips)
    )


def target_quota(spec: ServiceSpec, facts: Facts) -> Outcome:
    if not is_direct(spec) or not facts.pods:
        return None
    limit = (facts.quotas or {}).get("TOTAL_TARGET_BIND_QUOTA")
    count = len(facts.pods)
    if limit is None:
        return unknown(
            "QuotaUnknown",
            Sentence("The target quota is unknown: DescribeQuota could not be read."),
        )
    if count > limit:
        return warns(
            "TargetQuota",
            Sentence(
                "%(count)s Pods match, a listener takes %(limit)s targets. "
                "%(wait)s Pods will wait.",
                count=count,
                limit=limit,
                wait=count - limit,
            ),
            Sentence("Ask Tencent Cloud to raise TOTAL_TARGET_BIND_QUOTA, or split the workload."),
        )
    return Passed(Sentence("%(count)s of %(limit)s targets per listener", count=count, limit=limit))


def listener_quota(spec: ServiceSpec, facts: Facts) -> Outcome:
    limit = (facts.quotas or {}).get("TOTAL_LISTENER_QUOTA")
    if not is_direct(spec) or limit is None or len(spec.ports) <= limit:
        return None
    return blocks(
        "ListenerQuota",
        Sentence(
            "%(count)s port mappings, a CLB takes %(limit)s listeners.",
            count=len(spec.ports),
            limit=limit,
        ),
        Sentence("Split the ports over several Services."),
    )


def udp_ping(spec: ServiceSpec, facts: Facts) -> Outcome:
    udp = any(port.protocol is Protocol.UDP for port in spec.ports)
    if not is_direct(spec) or not udp or not spec.health.enabled:
        return None
    if spec.health.type is CheckType.CUSTOM:
        return None
    return warns(
        "UdpPing",
        Sentence(
            "UDP listeners are checked by PING, which only says that the Pod's network is up, "
            "not that the application answers."
        ),
    )


def health_off(spec: ServiceSpec, facts: Facts) -> Outcome:
    if not is_direct(spec) or spec.health.enabled:
        return None
    return warns(
        "HealthCheckOff",
        Sentence(
            "The health check is off: every bound Pod counts as healthy and the gate opens "
            "without proof."
        ),
        Sentence("Turn the health check on."),
    )
