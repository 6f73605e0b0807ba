"""Security groups between a client and a Pod: the CLB's own, then those of the targets; pure.

A group is judged by its actual rules in order. "Allow traffic by default" at the CLB means that
only the CLB's own groups are asked.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from services.limits.facts import BalancerFacts, Facts, Interface, Unread
from services.limits.modes import modes
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
from services.limits.security import EVERYWHERE, PROBES_FROM, Decision, SecurityGroup, decide
from services.spec import Access, CheckType, Port, Protocol, ServiceSpec

POLICIES = "vpc DescribeSecurityGroupPolicies"
GROUP_CONSOLE = "https://console.cloud.tencent.com/vpc/security-group"

BALANCER_CLOSED = Limit(
    "BalancerSecurityGroup",
    Severity.WARNS,
    Sentence(
        "Security group %(group)s of %(lb)s does not let clients from %(source)s reach "
        "%(protocol)s %(port)s: %(because)s."
    ),
    Sentence("Let %(protocol)s %(port)s from %(source)s in."),
    source="clb DescribeLoadBalancers SecureGroups; vpc DescribeSecurityGroupPolicies Ingress[]",
    remedy="open-security-group",
    link=GROUP_CONSOLE,
)
CLIENTS_CLOSED = Limit(
    "ClientsSecurityGroup",
    Severity.WARNS,
    Sentence(
        "Security group %(group)s of %(whose)s does not let clients from %(source)s reach "
        "the target port %(protocol)s %(port)s: %(because)s."
    ),
    Sentence(
        'Let %(protocol)s %(port)s from %(source)s in, or turn on "Allow traffic by default" at '
        "the CLB."
    ),
    source="vpc DescribeNetworkInterfaces GroupSet[]; vpc DescribeSecurityGroupPolicies Ingress[]",
    remedy="open-security-group",
    link=GROUP_CONSOLE,
    instead="pass-to-target",
)
PROBES_CLOSED = Limit(
    "HealthCheckSecurityGroup",
    Severity.WARNS,
    Sentence(
        "Security group %(group)s of %(whose)s does not let the CLB's health checks from "
        "%(source)s reach %(protocol)s %(port)s: %(because)s. Every target would be Dead."
    ),
    Sentence(
        'Let %(protocol)s %(port)s from %(source)s in, or turn on "Allow traffic by default" at '
        "the CLB."
    ),
    source="vpc DescribeNetworkInterfaces GroupSet[]; vpc DescribeSecurityGroupPolicies Ingress[]",
    remedy="open-security-group",
    link=GROUP_CONSOLE,
    instead="pass-to-target",
)
PASSES = Limit(
    "AllowsByDefault",
    Severity.INFORMS,
    Sentence(
        '"Allow traffic by default" is on at %(lb)s: only its own security groups are asked, not '
        "those of the Pods or nodes."
    ),
    Sentence("Switch it off to have the groups of the Pods or nodes asked as well."),
    source="clb DescribeLoadBalancers LoadBalancerPassToTarget",
    remedy="withdraw-pass-to-target",
    link="https://console.cloud.tencent.com/clb",
)
GROUPS_UNKNOWN = Limit(
    "SecurityGroupsUnknown",
    Severity.INFORMS,
    Sentence("Whether security groups let traffic in is unknown: %(why)s."),
    source="vpc DescribeNetworkInterfaces, DescribeSecurityGroupPolicies",
)
GROUP_UNCLEAR = Limit(
    "SecurityGroupUnclear",
    Severity.INFORMS,
    Sentence(
        "Rule %(index)s of %(group)s names %(named)s, which podgate cannot look into: whether "
        "%(protocol)s %(port)s is open to %(source)s cannot be told."
    ),
    Sentence("Look at the rule in the VPC console."),
    source="vpc DescribeSecurityGroupPolicies ServiceTemplate, AddressTemplate; "
    "vpc DescribeAddressTemplates",
    link=GROUP_CONSOLE,
)

# Whose group it is.
NODES, INTERFACES = Sentence("the nodes"), Sentence("the Pods' network interfaces")
# Why a group lets something not in.
PARTLY = Sentence("rule %(index)s lets only %(cidr)s in")
DECIDES = Sentence("rule %(index)s decides (%(rule)s)")
NO_RULE = Sentence("no rule lets it in")


@dataclass(frozen=True)
class Way:
    """One packet that must come through: from where, to which port, and what to say if not."""

    limit: Limit
    source: str
    protocol: str
    port: int
    whose: str = ""
    lb: str = ""


def balancer_groups(spec: ServiceSpec, facts: Facts) -> Outcome:
    """Clients to the service port, through the CLB's own groups; a new CLB has none."""
    balancer = facts.balancer
    if not is_direct(spec) or not isinstance(balancer, BalancerFacts) or not balancer.groups:
        return None
    if (source := clients(spec, facts)) is None:
        return None
    ways = [
        Way(BALANCER_CLOSED, source, port.protocol.value, port.port, lb=balancer.id)
        for port in spec.ports
    ]
    problems = tuple(_closed(facts, [balancer.groups], ways))
    return problems or Passed(Sentence("The security groups of %(lb)s are open", lb=balancer.id))


def target_groups(spec: ServiceSpec, facts: Facts) -> Outcome:
    """Clients and health checks to the target port, through the ENIs' or the nodes' groups."""
    if not is_direct(spec) or facts.interfaces is None or not spec.ports or not modes(facts):
        return None
    if isinstance(facts.balancer, BalancerFacts) and facts.balancer.pass_to_target:
        return _passes(facts, facts.balancer)
    if isinstance(facts.interfaces, Unread):
        return GROUPS_UNKNOWN(why=facts.interfaces.why)
    if not facts.interfaces:
        ips = ", ".join(sorted(facts.sample)[:3])
        return GROUPS_UNKNOWN(why=Sentence("no network interface holds %(ips)s", ips=ips))
    bound = list(dict.fromkeys(one.groups for one in facts.interfaces))
    whose = _whose(facts.interfaces)
    problems = tuple(_closed(facts, bound, list(_ways(spec, facts, whose))))
    words = Sentence("The security groups of %(whose)s are open", whose=whose)
    return problems or Passed(words)


def _passes(facts: Facts, balancer: BalancerFacts) -> Problem:
    seen = Evidence("clb DescribeLoadBalancers", "LoadBalancerPassToTarget", "true")
    return PASSES(seen, remedy=_switchable(facts), lb=balancer.id)


def _switchable(facts: Facts) -> dict[str, str] | None:
    """The load balancer that podgate may switch: never one that TKE binds."""
    balancer = facts.balancer
    if isinstance(balancer, BalancerFacts) and facts.console_binds:
        return {"lb": balancer.id}
    return None


def clients(spec: ServiceSpec, facts: Facts) -> str | None:
    """Who calls: everybody a public load balancer, the VPC a private one."""
    if spec.access is Access.PUBLIC:
        return EVERYWHERE
    return facts.vpc_cidr or None


def _whose(interfaces: Iterable[Interface]) -> Sentence:
    if all(one.is_node for one in interfaces):
        return NODES
    return INTERFACES


def _ways(spec: ServiceSpec, facts: Facts, whose: str) -> Iterator[Way]:
    source = clients(spec, facts)
    for port in spec.ports:
        for number in sorted(_numbers(port, facts)):
            protocol = port.protocol.value
            if source:
                yield Way(CLIENTS_CLOSED, source, protocol, number, whose)
            check = spec.check_of(port)
            if check.enabled:
                # A UDP port is pinged unless its check is a real exchange.
                pings = port.protocol is Protocol.UDP and check.type is not CheckType.CUSTOM
                probes = "ICMP" if pings else protocol
                yield Way(PROBES_CLOSED, _probes_from(port, facts), probes, number, whose)


def _probes_from(port: Port, facts: Facts) -> str:
    balancer = facts.balancer
    if not isinstance(balancer, BalancerFacts):
        return PROBES_FROM
    is_vip = f"{port.protocol.value}:{port.port}" in balancer.probed_from_vip
    return f"{balancer.vip}/32" if is_vip else PROBES_FROM


def _numbers(port: Port, facts: Facts) -> set[int]:
    if isinstance(port.target, int):
        return {port.target}
    return {
        one.number
        for pod in facts.pods or ()
        for one in pod.ports
        if (one.name, one.protocol) == (port.target, port.protocol)
    }


def _closed(
    facts: Facts, bound: Sequence[tuple[str, ...]], ways: Iterable[Way]
) -> Iterator[Problem]:
    """At most one problem for each way; what is unknown is said once."""
    said = set[str]()
    for way in ways:
        for ids in bound:
            found = [facts.groups.get(id, Unread()) for id in ids]
            unread = next((one for one in found if isinstance(one, Unread)), None)
            if unread is not None:
                if unread.why not in said:
                    yield GROUPS_UNKNOWN(why=unread.why)
                said.add(unread.why)
                continue
            groups = [one for one in found if isinstance(one, SecurityGroup)]
            decision = decide(groups, way.source, way.protocol, way.port)
            if decision.unclear:
                yield _unclear(way, groups, decision)
                break
            if not decision.allowed:
                yield _problem(way, decision, _switchable(facts))
                break


def _problem(way: Way, decision: Decision, instead: dict[str, str] | None) -> Problem:
    rule = f"{decision.rule}" if decision.rule else "-"
    field = (
        f"{decision.group_id} Ingress[{decision.index}]"
        if decision.rule
        else (f"{decision.group_id} Ingress[]")
    )
    opening = {
        "group": decision.group_id,
        "source": way.source,
        "protocol": way.protocol,
        "port": "ALL" if way.protocol == "ICMP" else str(way.port),
    }
    return way.limit(
        Evidence(POLICIES, field, rule),
        remedy=opening,
        instead=instead,
        **opening,
        because=_because(decision),
        whose=way.whose,
        lb=way.lb,
    )


def _because(decision: Decision) -> Sentence:
    if decision.partly:
        rule = decision.partly
        return Sentence(PARTLY.template, index=rule.index, cidr=rule.source)
    if decision.rule:
        return Sentence(DECIDES.template, index=decision.index, rule=str(decision.rule))
    return NO_RULE


def _unclear(way: Way, groups: Sequence[SecurityGroup], decision: Decision) -> Problem:
    rule = decision.unclear
    assert rule is not None
    owner = next((one.id for one in groups if rule in one.rules), decision.group_id)
    return GROUP_UNCLEAR(
        Evidence(POLICIES, f"{owner} Ingress[{rule.index}]", str(rule)),
        index=rule.index,
        group=owner,
        named=rule.named,
        protocol=way.protocol,
        port=way.port,
        source=way.source,
    )
