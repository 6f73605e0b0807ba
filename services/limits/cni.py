"""Limits of VPC-CNI: the cluster has it, enabling it is over, the Pods are on ENIs; pure."""

from services.limits.facts import Facts, Unread
from services.limits.modes import over_eni
from services.limits.problem import (
    Evidence,
    Limit,
    Outcome,
    Passed,
    Sentence,
    Severity,
    is_direct,
)
from services.spec import ServiceSpec

TKE_CONSOLE = "https://console.cloud.tencent.com/tke2/cluster"
CNI_OFF = Limit(
    "VpcCniOff",
    Severity.BLOCKS,
    Sentence("VPC-CNI is not enabled on this cluster: no Pod can have an address on an ENI."),
    Sentence(
        "TKE console, Basic Information, Container network add-on: enable VPC-CNI with subnets "
        "for Pods."
    ),
    source="tke DescribeIPAMD EnableIPAMD, DisableVpcCniMode",
    link=TKE_CONSOLE,
)
CNI_ENABLING = Limit(
    "VpcCniEnabling",
    Severity.BLOCKS,
    Sentence("VPC-CNI is still being enabled on this cluster (%(phase)s)."),
    Sentence("Wait until TKE says Succeed."),
    source="tke DescribeEnableVpcCniProgress Status; tke DescribeIPAMD Phase",
    link=TKE_CONSOLE,
)
CNI_FAILED = Limit(
    "VpcCniFailed",
    Severity.BLOCKS,
    Sentence("Enabling VPC-CNI failed: %(error)s."),
    Sentence("Enable it again in the TKE console, or open a ticket with this message."),
    source="tke DescribeEnableVpcCniProgress ErrorMessage; tke DescribeIPAMD Reason",
    link=TKE_CONSOLE,
)
CNI_UNKNOWN = Limit(
    "VpcCniUnknown",
    Severity.INFORMS,
    Sentence("Whether VPC-CNI is ready is unknown: %(why)s."),
    source="tke DescribeIPAMD, DescribeEnableVpcCniProgress",
)
ENI_HALF_ASKED = Limit(
    "EniRequestIncomplete",
    Severity.WARNS,
    Sentence(
        "%(pod)s asks for an ENI without %(missing)s; in a cluster with both networks it needs "
        "the annotation and the resource."
    ),
    Sentence(
        "Put the annotation tke.cloud.tencent.com/networks: tke-route-eni and the resource "
        "tke.cloud.tencent.com/eni-ip into the Pod template."
    ),
    source="Pod annotation tke.cloud.tencent.com/networks, resource tke.cloud.tencent.com/eni-ip",
)
NOT_ON_ENI = Limit(
    "PodNotOnEni",
    Severity.WARNS,
    Sentence(
        "No ENI of %(vpc)s holds the address %(ip)s of %(pod)s: the CLB would refuse it as a "
        "target."
    ),
    Sentence("Look at the Pod's network in the TKE console; delete the Pod to get a new address."),
    source="vpc DescribeNetworkInterfaces PrivateIpAddressSet[]",
)
NODE_ADDRESS = Limit(
    "NodeAddress",
    Severity.WARNS,
    Sentence(
        "%(ip)s of %(pod)s is the primary address of a node's network interface: a CLB does not "
        "take it as a Pod."
    ),
    Sentence("Take hostNetwork out of the Pod template."),
    source="vpc DescribeNetworkInterfaces Primary, PrivateIpAddressSet[].Primary",
)
ENI_UNKNOWN = Limit(
    "EniUnknown",
    Severity.INFORMS,
    Sentence("Whether the Pods' addresses are on ENIs of the VPC is unknown: %(why)s."),
    source="vpc DescribeNetworkInterfaces",
)
ENI_SUBNETS_FULL = Limit(
    "EniSubnetsFull",
    Severity.WARNS,
    Sentence(
        "The Pod subnets %(subnets)s have %(free)s free IPs, a rollout starts %(surge)s Pods more "
        "than run now: they would stay without an address."
    ),
    Sentence("Add a subnet to VPC-CNI in the TKE console, or lower the workload's maxSurge."),
    source="vpc DescribeSubnets AvailableIpAddressCount",
    link=TKE_CONSOLE,
)


def enabled(spec: ServiceSpec, facts: Facts) -> Outcome:
    if not over_eni(spec, facts) or facts.ipamd is None:
        return None
    ipamd = facts.ipamd
    if isinstance(ipamd, Unread):
        return CNI_UNKNOWN(why=ipamd.why)
    if ipamd.progress == "Failed" or ipamd.phase.lower() == "failed":
        error = ipamd.error or ipamd.reason or "-"
        return CNI_FAILED(
            Evidence("tke DescribeEnableVpcCniProgress", "Status", ipamd.progress or ipamd.phase),
            error=error.rstrip("."),
        )
    if not ipamd.enabled:
        return CNI_OFF(Evidence("tke DescribeIPAMD", "EnableIPAMD", "false"))
    if ipamd.progress == "Running" or ipamd.phase.lower() in {"upgrading", "initializing"}:
        phase = ipamd.progress if ipamd.progress == "Running" else ipamd.phase
        seen = Evidence("tke DescribeEnableVpcCniProgress", "Status", phase)
        return CNI_ENABLING(seen, phase=phase)
    return Passed(Sentence("VPC-CNI is enabled and running"))


def eni_request(spec: ServiceSpec, facts: Facts) -> Outcome:
    """Only where Pods may be on either network is it the template that decides."""
    if not is_direct(spec) or facts.add_on != "MIXED":
        return None
    for pod in facts.pods or ():
        if pod.network_mode != "eni" or None in {pod.eni_annotation, pod.eni_resource}:
            continue
        missing = [
            name
            for name, there in (
                ("tke.cloud.tencent.com/networks", pod.eni_annotation),
                ("tke.cloud.tencent.com/eni-ip", pod.eni_resource),
            )
            if not there
        ]
        if missing:
            seen = Evidence(f"Pod {pod.name}", missing[0], "-")
            return ENI_HALF_ASKED(seen, pod=pod.name, missing=missing[0])
    return None


def addresses(spec: ServiceSpec, facts: Facts) -> Outcome:
    """A target may be any ENI address of the CLB's VPC except a primary one of a primary ENI."""
    if not over_eni(spec, facts) or facts.interfaces is None:
        return None
    if isinstance(facts.interfaces, Unread):
        return ENI_UNKNOWN(why=facts.interfaces.why)
    held = {one.ip: one for one in facts.interfaces}
    looked_at = [pod for pod in facts.pods or () if pod.ip and pod.network_mode == "eni"]
    looked_at = [pod for pod in looked_at if pod.ip in facts.sample]
    for pod in looked_at:
        found = held.get(pod.ip)
        where = "vpc DescribeNetworkInterfaces"
        if found is None or found.vpc_id != facts.vpc_id:
            seen = Evidence(where, f"address-ip={pod.ip}", found.vpc_id if found else "-")
            return NOT_ON_ENI(seen, vpc=facts.vpc_id or "-", ip=pod.ip, pod=pod.name)
        if found.is_node:
            seen = Evidence(where, f"{found.id} Primary", "true")
            return NODE_ADDRESS(seen, ip=pod.ip, pod=pod.name)
    if not looked_at:
        return None
    return Passed(Sentence("%(n)s Pod addresses are on ENIs of the VPC", n=len(looked_at)))


def free_eni_ips(spec: ServiceSpec, facts: Facts) -> Outcome:
    """New Pods of a rollout need addresses before the old ones give theirs back."""
    if not over_eni(spec, facts) or not facts.eni_subnets:
        return None
    free = sum(subnet.free_ips for subnet in facts.eni_subnets)
    surge = sum(one.surge for one in facts.workloads or ())
    if free >= max(surge, 1):
        return Passed(Sentence("The Pod subnets have %(free)s free IPs", free=free))
    names = ", ".join(subnet.id for subnet in facts.eni_subnets)
    seen = Evidence("vpc DescribeSubnets", "AvailableIpAddressCount", str(free))
    return ENI_SUBNETS_FULL(seen, subnets=names, free=free, surge=max(surge, 1))
