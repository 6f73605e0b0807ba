"""Security groups: which rule decides whether a packet may come in; pure.

Rules are tried in order, the groups in the order in which they are bound; the first that matches
decides, and what no rule matches stays out.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, ip_network
from typing import Any

EVERYWHERE = "0.0.0.0/0"


@dataclass(frozen=True)
class Rule:
    """One ingress policy of a group, in CLB's words: protocol, port, source, ACCEPT or DROP."""

    index: int
    protocol: str
    port: str
    cidr: str
    action: str
    # A source or port that is named elsewhere: a template, another group.
    named: str = ""

    @property
    def accepts(self) -> bool:
        return self.action.upper() == "ACCEPT"

    def __str__(self) -> str:
        where = self.cidr or self.named
        return f"{self.action} {self.protocol}:{self.port or 'ALL'} {where}"


@dataclass(frozen=True)
class SecurityGroup:
    id: str
    name: str = ""
    rules: tuple[Rule, ...] = ()


@dataclass(frozen=True)
class Decision:
    """Whether traffic comes in, and by which rule; no rule: nothing matched, or no group at all.

    `partly` is a rule that decides otherwise for a part of the source; `unclear` one that might
    have decided before, had podgate known whom it names.
    """

    allowed: bool
    group_id: str = ""
    index: int | None = None
    rule: Rule | None = None
    partly: Rule | None = None
    unclear: Rule | None = None


def decide(groups: Sequence[SecurityGroup], source: str, protocol: str, port: int) -> Decision:
    """The first rule that matches decides; without any group nothing is held back."""
    if not groups:
        return Decision(allowed=True)
    network = _network(source)
    partly: Rule | None = None
    unclear: Rule | None = None
    for group, rule in _matching(groups, protocol, port):
        if rule.named:
            unclear = unclear or rule
            continue
        covers = _network(rule.cidr)
        if not covers.overlaps(network):
            continue
        if not network.subnet_of(covers):
            partly = partly or rule
            continue
        return _decided(rule.accepts, group.id, rule, partly, unclear)
    return _decided(False, groups[0].id, None, partly, unclear)


def _decided(
    allowed: bool, group_id: str, rule: Rule | None, partly: Rule | None, unclear: Rule | None
) -> Decision:
    return Decision(
        allowed,
        group_id,
        rule.index if rule else None,
        rule,
        partly if partly and partly.accepts is not allowed else None,
        unclear if unclear and unclear.accepts is not allowed else None,
    )


def _matching(
    groups: Sequence[SecurityGroup], protocol: str, port: int
) -> Iterator[tuple[SecurityGroup, Rule]]:
    for group in groups:
        for rule in group.rules:
            of_protocol = rule.protocol.upper() in {"ALL", "", protocol.upper()}
            # A rule with only an IPv6 source says nothing about IPv4.
            of_port = protocol.upper() == "ICMP" or _has_port(rule, port)
            if of_protocol and of_port and (rule.cidr or rule.named):
                yield group, rule


def _has_port(rule: Rule, port: int) -> bool:
    """`ALL`, `80`, `80,443` or `8000-8100`; a rule for every protocol has every port."""
    text = rule.port.strip().upper()
    if text in {"", "ALL"}:
        return True
    for part in text.split(","):
        first, _, last = part.strip().partition("-")
        if first.isdigit() and int(first) <= port <= int(last or first):
            return True
    return False


def _network(text: str) -> IPv4Network:
    found = ip_network(text, strict=False)
    if not isinstance(found, IPv4Network):
        raise ValueError(f"{text} is not IPv4")
    return found


def group(id: str, policies: Any, name: str = "") -> SecurityGroup:
    """From the Ingress of DescribeSecurityGroupPolicies, in the order it is given."""
    rules = tuple(
        _rule(number, policy) for number, policy in enumerate(policies) if isinstance(policy, dict)
    )
    return SecurityGroup(id, name, rules)


def _rule(number: int, policy: dict[str, Any]) -> Rule:
    index = policy.get("PolicyIndex")
    return Rule(
        index=number if index is None else int(index),
        protocol=str(policy.get("Protocol") or "ALL"),
        port=str(policy.get("Port") or "ALL"),
        cidr=str(policy.get("CidrBlock") or ""),
        action=str(policy.get("Action") or "DROP").upper(),
        named=_named(policy),
    )


def _named(policy: dict[str, Any]) -> str:
    for part, fields in (
        ("ServiceTemplate", ("ServiceId", "ServiceGroupId")),
        ("AddressTemplate", ("AddressId", "AddressGroupId")),
    ):
        inner = policy.get(part) or {}
        for field in fields:
            if inner.get(field):
                return str(inner[field])
    return str(policy.get("SecurityGroupId") or "")
