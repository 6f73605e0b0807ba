"""VPC: security groups and their rules, read and changed."""

from ipaddress import AddressValueError, IPv4Network, NetmaskValueError
from typing import Any

from sandbox.tencent.cloud import Cloud
from sandbox.tencent.errors import ApiError, refuse
from sandbox.tencent.filters import filtered, page
from sandbox.tencent.registry import VPC, Answer, Call
from sandbox.tencent.security import (
    EVERYWHERE,
    TEMPLATES,
    AddressTemplate,
    Policy,
    SecurityGroup,
)
from sandbox.tencent.shapes import (
    FILTERS,
    Flag,
    Many,
    Record,
    Text,
    Whole,
    not_emulated_parameters,
)
from sandbox.tencent.vpc import CREATED, PAGED, asked_for

Document = dict[str, Any]
MOST_POLICIES = 512


@VPC.action(
    "DescribeSecurityGroups",
    {
        "SecurityGroupIds": Many(Text()),
        **PAGED,
        "OrderField": Text(),
        "OrderDirection": Text(),
    },
)
def describe_security_groups(cloud: Cloud, call: Call) -> Answer:
    documents = [
        {
            "SecurityGroupId": group.id,
            "SecurityGroupName": group.name,
            "SecurityGroupDesc": group.description,
            "ProjectId": "0",
            "IsDefault": False,
            "CreatedTime": CREATED,
            "TagSet": [],
            "UpdateTime": CREATED,
        }
        for group in cloud.networks.security.groups.values()
    ]
    found = asked_for(documents, call, "SecurityGroupIds", "SecurityGroupId")
    return {"TotalCount": len(found), "SecurityGroupSet": list(page(found, call))}


def _group(cloud: Cloud, call: Call) -> SecurityGroup:
    id = call.params["SecurityGroupId"]
    if group := cloud.networks.security.groups.get(id):
        return group
    raise ApiError("ResourceNotFound", f"The security group {id} does not exist.")


@VPC.action("DescribeSecurityGroupPolicies", {"SecurityGroupId*": Text(), "Filters": FILTERS})
def describe_security_group_policies(cloud: Cloud, call: Call) -> Answer:
    """Policies in the order in which they are tried: the first that matches decides."""
    group = _group(cloud, call)
    everything = Policy("ALL", "ALL", EVERYWHERE)
    return {
        "SecurityGroupPolicySet": {
            "Version": str(group.version),
            "Ingress": [_policy(index, policy) for index, policy in enumerate(group.ingress)],
            "Egress": [_policy(0, everything)],
            "PolicyStatistics": None,
        }
    }


def _policy(index: int, policy: Policy) -> Document:
    return {
        "PolicyIndex": index,
        "Protocol": policy.protocol,
        "Port": policy.port,
        "ServiceTemplate": {"ServiceId": "", "ServiceGroupId": ""},
        "CidrBlock": policy.cidr,
        "Ipv6CidrBlock": "",
        "SecurityGroupId": policy.group,
        "AddressTemplate": {"AddressId": policy.template, "AddressGroupId": ""},
        "Action": policy.action,
        "PolicyDescription": policy.description,
        "ModifyTime": CREATED,
        "Priority": None,
    }


@VPC.action("DescribeAddressTemplates", {**PAGED, "NeedMemberInfo": Flag()})
def describe_address_templates(cloud: Cloud, call: Call) -> Answer:
    found = filtered(
        list(TEMPLATES.values()),
        call.get("Filters", []),
        _template_values,
        code="InvalidParameter.FilterInvalidKey",
    )
    documents = [
        {
            "AddressTemplateId": each.id,
            "AddressTemplateName": each.name,
            "AddressSet": each.addresses,
            "AddressExtraSet": [{"Address": one, "Description": ""} for one in each.addresses],
            "CreatedTime": CREATED,
            "UpdatedTime": CREATED,
            "TagSet": [],
        }
        for each in page(found, call)
    ]
    return {"TotalCount": len(found), "AddressTemplateSet": documents}


def _template_values(template: AddressTemplate, name: str) -> list[str] | None:
    known = {"address-template-id": template.id, "address-template-name": template.name}
    return [known[name]] if name in known else None


TEMPLATE = Record({"AddressId": Text(), **not_emulated_parameters("AddressGroupId")})
POLICY = Record(
    {
        "PolicyIndex": Whole(0),
        "Protocol": Text(("TCP", "UDP", "ICMP", "ALL", "tcp", "udp", "icmp", "all")),
        "Port": Text(most=128),
        "CidrBlock": Text(),
        "SecurityGroupId": Text(),
        "Action": Text(("ACCEPT", "DROP", "accept", "drop")),
        "PolicyDescription": Text(most=100),
        "AddressTemplate": TEMPLATE,
        **not_emulated_parameters("ServiceTemplate", "Ipv6CidrBlock", "ModifyTime", "Priority"),
    }
)
POLICIES = Record(
    {
        "Version": Text(),
        "Ingress": Many(POLICY),
        **not_emulated_parameters("Egress", "PolicyStatistics"),
    }
)


@VPC.action(
    "CreateSecurityGroupPolicies",
    {"SecurityGroupId*": Text(), "SecurityGroupPolicySet*": POLICIES},
)
def create_security_group_policies(cloud: Cloud, call: Call) -> Answer:
    """New policies go to the given index, to the end without one; Version must be current."""
    group = _group(cloud, call)
    given = call.params["SecurityGroupPolicySet"]
    _check_version(group, given)
    rules = given.get("Ingress") or []
    if len({rule.get("PolicyIndex") for rule in rules}) > 1:
        refuse("InvalidParameterValue", "Policies of one call share one `PolicyIndex`.")
    if len(group.ingress) + len(rules) > MOST_POLICIES:
        code = "LimitExceeded.SecurityGroupPolicySet"
        refuse(code, f"A security group has {MOST_POLICIES} policies at most.")
    new = [_made(cloud, rule) for rule in rules]
    index = rules[0].get("PolicyIndex") if rules else None
    at = len(group.ingress) if index is None else index
    group.ingress[at:at] = new
    cloud.networks.security.changed(group)
    return {}


def _check_version(group: SecurityGroup, given: Document) -> None:
    if given.get("Version") not in (None, "", "0", str(group.version)):
        refuse("UnsupportedOperation.VersionMismatch", "The version has changed meanwhile.")


def _made(cloud: Cloud, rule: Document) -> Policy:
    protocol, port = (rule.get("Protocol") or "").upper(), rule.get("Port") or ""
    if not protocol or not rule.get("Action"):
        refuse("MissingParameter", "A policy needs `Protocol` and `Action`.")
    if port and protocol not in ("TCP", "UDP"):
        refuse("InvalidParameter", "`Port` is for TCP and UDP only.")
    cidr, group = rule.get("CidrBlock") or "", rule.get("SecurityGroupId") or ""
    template = (rule.get("AddressTemplate") or {}).get("AddressId") or ""
    if [bool(cidr), bool(group), bool(template)].count(True) != 1:
        words = "Give one of `CidrBlock`, `SecurityGroupId` and `AddressTemplate`."
        refuse("InvalidParameter", words)
    if template and template not in TEMPLATES:
        refuse("ResourceNotFound", f"The address template {template} does not exist.")
    if group and group not in cloud.networks.security.groups:
        refuse("ResourceNotFound", f"The security group {group} does not exist.")
    if cidr:
        try:
            IPv4Network(cidr)
        except (AddressValueError, NetmaskValueError, ValueError):
            refuse("InvalidParameterValue.Malformed", f"`{cidr}` is no CIDR block.")
    return Policy(
        protocol=protocol,
        port=port.upper() or "ALL",
        cidr=cidr,
        action=rule["Action"].upper(),
        description=rule.get("PolicyDescription") or "",
        group=group,
        template=template,
    )


@VPC.action(
    "DeleteSecurityGroupPolicies",
    {"SecurityGroupId*": Text(), "SecurityGroupPolicySet*": POLICIES},
)
def delete_security_group_policies(cloud: Cloud, call: Call) -> Answer:
    """By index; without a Version nobody checks that the index still means the same policy."""
    group = _group(cloud, call)
    given = call.params["SecurityGroupPolicySet"]
    _check_version(group, given)
    indexes = {rule.get("PolicyIndex") for rule in given.get("Ingress") or []}
    if None in indexes or any(index >= len(group.ingress) for index in indexes):
        refuse("InvalidParameterValue", "The sandbox deletes policies by `PolicyIndex`.")
    group.ingress = [policy for index, policy in enumerate(group.ingress) if index not in indexes]
    cloud.networks.security.changed(group)
    return {}
