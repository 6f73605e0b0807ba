"""Limits of GlobalRouter: account type, TKE's switch, a route to the container network; pure."""

from collections.abc import Mapping

from console.container_routes import Ccn
from services.limits.facts import BalancerFacts, Facts, Unread
from services.limits.modes import by_router
from services.limits.problem import (
    Evidence,
    Limit,
    Outcome,
    Passed,
    Sentence,
    Severity,
)
from services.spec import ServiceSpec

CONTROLLER = "ConfigMap kube-system/tke-service-controller-config"
SWITCH = "GlobalRouteDirectAccess"
CCN_CONSOLE = "https://console.cloud.tencent.com/vpc/ccn"
UPGRADE = "https://www.tencentcloud.com/document/product/684/15246"
# The first version of TKE's service-controller that knows the switch.
LEAST_CONTROLLER = (1, 6, 0)

LEGACY_ACCOUNT = Limit(
    "LegacyAccount",
    Severity.BLOCKS,
    Sentence(
        "The account is billed by CVM (%(type)s). Direct access to GlobalRouter Pods needs a "
        "bill-by-IP account (STANDARD)."
    ),
    Sentence(
        "Upgrade the account to bill-by-IP in the console (Account Center, Network account type), "
        "which cannot be undone; or use VPC-CNI Pods."
    ),
    source="vpc DescribeNetworkAccountType NetworkAccountType",
    link=UPGRADE,
)
ACCOUNT_UNKNOWN = Limit(
    "AccountTypeUnknown",
    Severity.INFORMS,
    Sentence("Whether the account is bill-by-IP is unknown: %(why)s."),
    source="vpc DescribeNetworkAccountType",
)
SWITCH_OFF = Limit(
    "GlobalRouteSwitchOff",
    Severity.BLOCKS,
    Sentence(
        "GlobalRouteDirectAccess is %(value)s in tke-service-controller-config: direct access to "
        "GlobalRouter Pods is switched off on this cluster."
    ),
    Sentence('Set GlobalRouteDirectAccess to "true"; TKE reads it at once.'),
    source=f"{CONTROLLER} {SWITCH}",
    remedy="enable-global-route-direct-access",
)
SWITCH_OFF_FOR_TKE = Limit(
    "GlobalRouteSwitchOffForTke",
    Severity.WARNS,
    Sentence(
        "GlobalRouteDirectAccess is %(value)s in tke-service-controller-config. podgate binds all "
        "the same; TKE's service-controller would not bind these Pods directly."
    ),
    Sentence('Set GlobalRouteDirectAccess to "true", so that both agree.'),
    source=f"{CONTROLLER} {SWITCH}",
    remedy="enable-global-route-direct-access",
)
SWITCH_MISSING = Limit(
    "GlobalRouteSwitchMissing",
    Severity.INFORMS,
    Sentence(
        "There is no tke-service-controller-config in kube-system: TKE has no switch for direct "
        "access here, podgate binds without it."
    ),
    source=f"{CONTROLLER} {SWITCH}",
)
SWITCH_UNKNOWN = Limit(
    "GlobalRouteSwitchUnknown",
    Severity.INFORMS,
    Sentence("Whether GlobalRouteDirectAccess is switched on is unknown: %(why)s."),
    source=f"{CONTROLLER} {SWITCH}",
)
CONTROLLER_TOO_OLD = Limit(
    "TkeControllerTooOld",
    Severity.BLOCKS,
    Sentence(
        "TKE's service-controller is %(version)s; it binds GlobalRouter Pods directly from v1.6.0 "
        "on."
    ),
    Sentence("Upgrade the cluster's components in the TKE console."),
    source=f"{CONTROLLER} VERSION",
)
CCN_NOT_ATTACHED = Limit(
    "CcnNotAttached",
    Severity.BLOCKS,
    Sentence(
        "%(vpc)s is attached to no Cloud Connect Network, so a CLB has no route to the container "
        "network %(cidrs)s."
    ),
    Sentence(
        "Attach the VPC to a CCN, then register the container network; or have Tencent Cloud "
        "route it by ticket and declare that in the cluster's Basic Information."
    ),
    source="vpc DescribeCcnAttachedInstances State",
    remedy="attach-ccn",
    link=CCN_CONSOLE,
)
CCN_NOT_READY = Limit(
    "CcnNotReady",
    Severity.BLOCKS,
    Sentence("%(vpc)s is %(vpc_state)s in %(ccn)s, which is %(state)s: nothing is routed yet."),
    Sentence("Accept the attachment, or settle the CCN's bill, in the VPC console."),
    source="vpc DescribeCcnAttachedInstances State; vpc DescribeCcns State",
    link=CCN_CONSOLE,
)
CCN_NOT_REGISTERED = Limit(
    "CcnNotRegistered",
    Severity.BLOCKS,
    Sentence(
        "The container network %(cidrs)s is not registered in %(ccn)s: a CLB has no route to it."
    ),
    Sentence("Switch CCN registration on in the cluster's Basic Information."),
    source="vpc DescribeCcnRoutes DestinationCidrBlock",
    remedy="register-ccn",
    link=CCN_CONSOLE,
)
CCN_ROUTE_DISABLED = Limit(
    "CcnRouteDisabled",
    Severity.BLOCKS,
    Sentence("The route to %(cidrs)s is registered in %(ccn)s but not enabled."),
    Sentence("Enable the route: switch CCN registration on in the cluster's Basic Information."),
    source="vpc DescribeCcnRoutes Enabled",
    remedy="register-ccn",
    link=CCN_CONSOLE,
)
CCN_CONFLICT = Limit(
    "CcnRouteConflict",
    Severity.BLOCKS,
    Sentence(
        "The container network %(cidrs)s overlaps the route %(other)s of %(instance)s in %(ccn)s, "
        "so its own route stays disabled."
    ),
    Sentence("Take the other network out of the CCN, or use VPC-CNI Pods."),
    source="vpc DescribeCcnRoutes DestinationCidrBlock, InstanceId, Enabled",
    link=CCN_CONSOLE,
)
CCN_UNKNOWN = Limit(
    "CcnUnknown",
    Severity.INFORMS,
    Sentence("Whether a CCN routes the container network is unknown: %(why)s."),
    source="vpc DescribeCcnAttachedInstances, DescribeCcnRoutes",
)
TICKET_ROUTE = Limit(
    "TicketRoute",
    Severity.WARNS,
    Sentence(
        "An operator declared that Tencent Cloud routes the container network by ticket. The CLB "
        "does not verify target addresses then: a wrong or recycled IP gets traffic, and a Pod "
        "cannot reach itself through the CLB."
    ),
    Sentence("Register the container network in a CCN and withdraw the declaration."),
    source="podgate: declared by the operator (Activity)",
)
SNAT_PRO = Limit(
    "SnatPro",
    Severity.INFORMS,
    Sentence(
        "Some accounts need the CLB SNAT Pro whitelist for direct access to GlobalRouter Pods; no "
        "API tells whether this account is on it."
    ),
    Sentence("If the CLB refuses the targets, ask for SNAT Pro by ticket."),
    source="clb DescribeLoadBalancers SnatPro",
    link="https://console.cloud.tencent.com/workorder/category",
)


def account_type(spec: ServiceSpec, facts: Facts) -> Outcome:
    if not by_router(spec, facts) or facts.account_type is None:
        return None
    if isinstance(facts.account_type, Unread):
        return ACCOUNT_UNKNOWN(why=facts.account_type.why)
    if facts.account_type == "STANDARD":
        return Passed(Sentence("The account is bill-by-IP (STANDARD)"))
    seen = Evidence("vpc DescribeNetworkAccountType", "NetworkAccountType", facts.account_type)
    return LEGACY_ACCOUNT(seen, type=facts.account_type)


def switch(spec: ServiceSpec, facts: Facts) -> Outcome:
    """TKE's own switch; where podgate binds, a missing ConfigMap stands in nobody's way."""
    if not by_router(spec, facts):
        return None
    settings = facts.controller
    if isinstance(settings, Unread):
        return SWITCH_UNKNOWN(why=settings.why)
    if not isinstance(settings, Mapping):
        return SWITCH_MISSING()
    version = settings.get("VERSION", "")
    if not facts.console_binds and _numbers(version) < LEAST_CONTROLLER:
        return CONTROLLER_TOO_OLD(Evidence(CONTROLLER, "VERSION", version), version=version)
    value = settings.get(SWITCH, "")
    if value.lower() != "true":
        seen = Evidence(CONTROLLER, SWITCH, value or "-")
        limit = SWITCH_OFF_FOR_TKE if facts.console_binds else SWITCH_OFF
        return limit(seen, remedy={}, value=f'"{value}"' if value else "-")
    return Passed(Sentence("GlobalRouteDirectAccess is switched on"))


def _numbers(version: str) -> tuple[int, ...]:
    """v2.3.1 as (2, 3, 1); what is no version counts as new."""
    parts = version.removeprefix("v").split("-")[0].split(".")
    return tuple(int(part) for part in parts) if all(map(str.isdigit, parts)) else (99,)


def route(spec: ServiceSpec, facts: Facts) -> Outcome:
    """By CCN, which verifies addresses, or by ticket, which does not."""
    if not by_router(spec, facts) or facts.ccn is None:
        return None
    ccn = facts.ccn
    if not isinstance(ccn, Unread) and ccn.enabled:
        cidrs = ", ".join(ccn.cidrs)
        return Passed(Sentence("%(ccn)s routes %(cidrs)s", ccn=ccn.ccn_id, cidrs=cidrs))
    if facts.ticket_route:
        return TICKET_ROUTE(Evidence("podgate", "ticket route", "declared"))
    return CCN_UNKNOWN(why=ccn.why) if isinstance(ccn, Unread) else _unrouted(facts)


def _unrouted(facts: Facts) -> Outcome:
    ccn = facts.ccn
    assert isinstance(ccn, Ccn)
    values = {"vpc": facts.vpc_id, "cidrs": ", ".join(ccn.cidrs) or "-", "ccn": ccn.ccn_id or "-"}
    attached = "vpc DescribeCcnAttachedInstances"
    if not ccn.ccn_id:
        seen = Evidence(attached, f"instance-id={facts.vpc_id}", "-")
        return CCN_NOT_ATTACHED(seen, remedy={}, **values)
    if not ccn.attached:
        seen = Evidence(attached, "State", ccn.vpc_state or "-")
        return CCN_NOT_READY(seen, vpc_state=ccn.vpc_state or "-", state=ccn.state or "-", **values)
    where = f"vpc DescribeCcnRoutes {ccn.ccn_id}"
    if not ccn.registered:
        seen = Evidence(where, "DestinationCidrBlock", _routes(facts))
        return CCN_NOT_REGISTERED(seen, remedy={}, **values)
    if ccn.conflicts:
        other = ccn.conflicts[0]
        seen = Evidence(where, f"{other.cidr} InstanceId", other.instance_id)
        return CCN_CONFLICT(seen, other=other.cidr, instance=other.instance_id, **values)
    return CCN_ROUTE_DISABLED(Evidence(where, "Enabled", "false"), remedy={}, **values)


def _routes(facts: Facts) -> str:
    ccn = facts.ccn
    assert isinstance(ccn, Ccn)
    return ", ".join(one.cidr for one in ccn.routes[:5]) or "-"


def snat_pro(spec: ServiceSpec, facts: Facts) -> Outcome:
    """Noted, as no API tells; a load balancer that has it needs no note."""
    if not by_router(spec, facts) or facts.account_type == "LEGACY":
        return None
    if isinstance(facts.balancer, BalancerFacts) and facts.balancer.snat_pro:
        return Passed(Sentence("SNAT Pro is on for %(lb)s", lb=facts.balancer.id))
    return SNAT_PRO()
