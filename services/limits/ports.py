"""Limits of the port mappings: each listener and target once, protocols that may meet; pure."""

from collections import Counter

from services.limits.facts import BalancerFacts, Facts
from services.limits.problem import (
    Evidence,
    Limit,
    Outcome,
    Passed,
    Sentence,
    Severity,
    is_direct,
)
from services.spec import Port, Protocol, ServiceSpec

DUPLICATE_PORT = Limit(
    "DuplicatePort",
    Severity.BLOCKS,
    Sentence("%(protocol)s %(port)s is mapped twice."),
    Sentence("Use another service port."),
    source="Service spec.ports[].port",
)
DUPLICATE_TARGET = Limit(
    "DuplicateTarget",
    Severity.BLOCKS,
    Sentence(
        "Ports %(first)s and %(second)s share the target %(protocol)s %(target)s. "
        "A CLB cannot tell them apart."
    ),
    Sentence("Give each service port a target port of its own."),
    source="Service spec.ports[].targetPort",
)
PROTOCOL_MIX = Limit(
    "ProtocolMix",
    Severity.BLOCKS,
    Sentence("Without direct access a CLB does not mix TCP and UDP in one Service."),
    Sentence("Turn direct access on, or split the ports over two Services."),
    source="Service spec.ports[].protocol",
)
PORT_TAKEN = Limit(
    "PortTaken",
    Severity.BLOCKS,
    Sentence("%(lb)s already has a listener on %(key)s that is not podgate's: %(name)s."),
    Sentence("Delete it at the CLB, or give the Service another port."),
    source="clb DescribeListeners Listeners[].ListenerName",
    link="https://console.cloud.tencent.com/clb",
)


def duplicate_ports(spec: ServiceSpec, facts: Facts) -> Outcome:
    twice = [key for key, n in Counter((p.protocol, p.port) for p in spec.ports).items() if n > 1]
    if not twice:
        return None
    protocol, port = twice[0]
    seen = Evidence("Service", "spec.ports[].port", f"{protocol} {port}")
    return DUPLICATE_PORT(seen, protocol=protocol, port=port)


def duplicate_targets(spec: ServiceSpec, facts: Facts) -> Outcome:
    """A layer-4 CLB knows only VIP, protocol, target address and target port."""
    if not is_direct(spec) or not spec.ports:
        return None
    seen: dict[tuple[Protocol, int | str], Port] = {}
    for port in spec.ports:
        first = seen.setdefault((port.protocol, _number(port, facts)), port)
        if first is not port:
            return DUPLICATE_TARGET(
                Evidence("Service", "spec.ports[].targetPort", f"{port.protocol} {port.target}"),
                first=first.port,
                second=port.port,
                protocol=port.protocol,
                target=port.target,
            )
    return Passed(Sentence("Every port has a target of its own"))


def _number(port: Port, facts: Facts) -> int | str:
    """A name and a number may be the same port of the Pods."""
    if isinstance(port.target, int):
        return port.target
    found = {
        one.number
        for pod in facts.pods or ()
        for one in pod.ports
        if (one.name, one.protocol) == (port.target, port.protocol)
    }
    return found.pop() if len(found) == 1 else port.target


def protocol_mix(spec: ServiceSpec, facts: Facts) -> Outcome:
    """Direct access mixes any protocols; through node ports a CLB does not."""
    protocols = {port.protocol for port in spec.ports}
    if not spec.has_load_balancer or is_direct(spec) or len(protocols) < 2:
        return None
    return PROTOCOL_MIX(Evidence("Service", "spec.ports[].protocol", ", ".join(sorted(protocols))))


def port_taken(spec: ServiceSpec, facts: Facts) -> Outcome:
    balancer = facts.balancer
    if not isinstance(balancer, BalancerFacts):
        return None
    for port in spec.ports:
        key = f"{port.protocol}:{port.port}"
        if key in balancer.foreign:
            name = balancer.foreign[key]
            seen = Evidence("clb DescribeListeners", "ListenerName", name)
            return PORT_TAKEN(seen, lb=balancer.id, key=key, name=name or "-")
    return None
