"""Opening a security group by exactly the rule that is missing."""

import re
from ipaddress import AddressValueError, IPv4Network, NetmaskValueError
from typing import Any

from django.utils.translation import gettext as _

from console import tencent
from console.models import Cluster
from services.facts.cloud import looked_into
from services.limits import security
from services.remedies.remedy import Call, NotDone, Parameters, Prepared, Refused

CREATE = "CreateSecurityGroupPolicies"
GROUP = re.compile(r"sg-[a-z0-9]{1,32}")
DESCRIPTION = "Added by podgate for CLB-to-Pod direct access"
EVERYWHERE = IPv4Network("0.0.0.0/0")


def open_security_group(cluster: Cluster, parameters: Parameters) -> Prepared:
    """One ACCEPT rule, in front of the rule that drops now; at the end where none matches."""
    group, source, protocol, port = _checked(parameters)
    policies = _policies(cluster, group)
    rules = policies.get("Ingress") or []
    found = looked_into(cluster.account, security.group(group, rules))
    decision = security.decide([found], str(source), protocol, port)
    rule: dict[str, Any] = {
        "Protocol": protocol,
        "CidrBlock": str(source),
        "Action": "ACCEPT",
        "PolicyDescription": DESCRIPTION,
    }
    if port:
        rule["Port"] = str(port)
    at = _place(rules, decision)
    if at < len(rules):
        rule["PolicyIndex"] = at
    call = {
        "SecurityGroupId": group,
        "SecurityGroupPolicySet": {"Version": policies.get("Version"), "Ingress": [rule]},
    }
    words = [_words(policy) for policy in rules]
    values = {"group": group, "protocol": protocol, "port": port or "ALL", "source": source}
    return Prepared(
        title=_("Open %(group)s for %(protocol)s %(port)s from %(source)s") % values,
        what=_("One ingress rule is added to %(group)s; all its other rules stay as they are.")
        % values,
        button=_("Add the rule"),
        done=_("%(group)s lets %(protocol)s %(port)s from %(source)s in now.") % values,
        kind="SecurityGroup",
        name=group,
        calls=(Call(f"vpc {CREATE}", call),),
        before=words,
        after=[*words[:at], _words(rule), *words[at:]],
        act=lambda: _add(cluster, call, source, protocol, port),
        warnings=tuple(_warnings(source)),
        nothing=_("It is open already.") if decision.allowed else "",
    )


def _checked(parameters: Parameters) -> tuple[str, IPv4Network, str, int]:
    """Group, source, protocol and port; a UDP port's health check is a ping and has port 0."""
    group, protocol = parameters.get("group", ""), parameters.get("protocol", "").upper()
    if not GROUP.fullmatch(group):
        raise Refused(_("%(value)s is not a security group.") % {"value": group or "–"})
    if protocol not in {"TCP", "UDP", "ICMP"}:
        raise Refused(_("The protocol is TCP or UDP."))
    try:
        source = IPv4Network(parameters.get("source", ""))
    except (AddressValueError, NetmaskValueError, ValueError):
        raise Refused(_("The source is not an IPv4 range.")) from None
    port = parameters.get("port", "")
    if protocol == "ICMP":
        return group, source, protocol, 0
    if not port.isascii() or not port.isdigit() or not 1 <= int(port) <= 65535:
        raise Refused(_("The port must be 1~65535."))
    return group, source, protocol, int(port)


def _policies(cluster: Cluster, group: str) -> dict[str, Any]:
    asked = {"SecurityGroupId": group}
    answer = tencent.call(cluster.account, "vpc", "DescribeSecurityGroupPolicies", asked)
    found: dict[str, Any] = answer["SecurityGroupPolicySet"]
    return found


def _place(rules: list[Any], decision: security.Decision) -> int:
    """Before what decides now: rules are tried in order."""
    indexes = [rule.index for rule in (decision.rule, decision.partly) if rule and not rule.accepts]
    return min(indexes, default=len(rules))


def _words(policy: dict[str, Any]) -> str:
    template = (policy.get("AddressTemplate") or {}).get("AddressId")
    source = policy.get("CidrBlock") or policy.get("SecurityGroupId") or template or "–"
    port = policy.get("Port") or "ALL"
    note = policy.get("PolicyDescription")
    return f"{policy['Action']} {policy['Protocol']}:{port} {source}" + (
        f" ({note})" if note else ""
    )


def _warnings(source: IPv4Network) -> list[str]:
    words = "The rule holds for everything that this security group is in front of."
    if source == EVERYWHERE:
        return ["0.0.0.0/0 is everybody: the port is open to the Internet then.", words]
    return [words]


def _add(
    cluster: Cluster, call: dict[str, Any], source: IPv4Network, protocol: str, port: int
) -> None:
    tencent.call(cluster.account, "vpc", CREATE, call)
    group = call["SecurityGroupId"]
    rules = _policies(cluster, group).get("Ingress") or []
    found = looked_into(cluster.account, security.group(group, rules))
    if not security.decide([found], str(source), protocol, port).allowed:
        raise NotDone(_("The rule was added, but another one still decides."))
