"""Security groups: which rule decides whether a packet may come in; pure.

Rules are tried in order, the groups in the order in which they are bound; the first that matches
decides, and what no rule matches stays out.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto
from ipaddress import (
    IPv4Address,
    IPv4Network,
    collapse_addresses,
    ip_network,
    summarize_address_range,
)
from typing import Any

EVERYWHERE = "0.0.0.0/0"
# Where the CLB's health checks come from, unless a listener has them come from the VIP.
PROBES_FROM = "100.64.0.0/10"
SHOWN = 3


@dataclass(frozen=True)
class Rule:
    """One ingress policy of a group, in CLB's words: protocol, port, source, ACCEPT or DROP."""

    index: int
    protocol: str
    port: str
    cidr: str
    action: str
    # A template of addresses or ports.
    named: str = ""
    # The group whose members are the source: single addresses of network interfaces.
    members: str = ""
    # The addresses of the template; None where it was not looked into.
    addresses: tuple[str, ...] | None = None

    @property
    def accepts(self) -> bool:
        return self.action.upper() == "ACCEPT"

    @property
    def source(self) -> str:
        found = self.addresses or ()
        more = ", ..." if len(found) > SHOWN else ""
        inside = f" ({', '.join(found[:SHOWN])}{more})" if found else ""
        return self.cidr or self.members or f"{self.named}{inside}"

    @property
    def is_unclear(self) -> bool:
        return bool(self.named) and self.addresses is None

    def __str__(self) -> str:
        return f"{self.action} {self.protocol}:{self.port or 'ALL'} {self.source}"


class Reach(Enum):
    """How much of a source a rule is about."""

    NONE = auto()
    PART = auto()
    ALL = auto()


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
        if rule.is_unclear:
            unclear = unclear or rule
            continue
        reach = _reach(rule, network)
        if reach is Reach.ALL:
            return _decided(rule.accepts, group.id, rule, partly, unclear)
        if reach is Reach.PART:
            partly = partly or rule
    return _decided(False, groups[0].id, None, partly, unclear)


def _reach(rule: Rule, source: IPv4Network) -> Reach:
    if rule.members:
        # No network interface has an address that health checks come from.
        return Reach.NONE if source.subnet_of(_network(PROBES_FROM)) else Reach.PART
    covers = list(collapse_addresses(_networks(rule)))
    if any(source.subnet_of(one) for one in covers):
        return Reach.ALL
    return Reach.PART if any(one.overlaps(source) for one in covers) else Reach.NONE


def _networks(rule: Rule) -> Iterator[IPv4Network]:
    """`10.0.0.1`, `10.0.0.0/24` or `10.0.0.1-10.0.0.9`; an IPv6 source says nothing about IPv4."""
    for text in (rule.cidr,) if rule.addresses is None else rule.addresses:
        first, _, last = text.partition("-")
        if ":" in text:
            continue
        if last:
            ends = IPv4Address(first.strip()), IPv4Address(last.strip())
            yield from summarize_address_range(*ends)
        else:
            yield _network(text)


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
            if of_protocol and of_port and rule.source:
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


def with_templates(found: SecurityGroup, addresses: Mapping[str, tuple[str, ...]]) -> SecurityGroup:
    """With the addresses of the templates that its rules name, as far as they are known."""
    rules = (
        replace(rule, addresses=addresses.get(rule.named)) if rule.named else rule
        for rule in found.rules
    )
    return replace(found, rules=tuple(rules))


def _rule(number: int, policy: dict[str, Any]) -> Rule:
    index = policy.get("PolicyIndex")
    return Rule(
        index=number if index is None else int(index),
        protocol=str(policy.get("Protocol") or "ALL"),
        port=str(policy.get("Port") or "ALL"),
        cidr=str(policy.get("CidrBlock") or ""),
        action=str(policy.get("Action") or "DROP").upper(),
        named=_named(policy),
        members=str(policy.get("SecurityGroupId") or ""),
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
    return ""
