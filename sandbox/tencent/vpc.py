"""VPCs, subnets with their free addresses, security groups, the account's network type."""

from collections import Counter
from ipaddress import IPv4Address
from typing import Any

from sandbox.tencent.cloud import Cloud
from sandbox.tencent.errors import ApiError, refuse
from sandbox.tencent.filters import filtered, page
from sandbox.tencent.networks import Policy, SecurityGroup
from sandbox.tencent.registry import VPC, Answer, Call
from sandbox.tencent.shapes import (
    FILTERS,
    Many,
    Record,
    Shape,
    Text,
    Whole,
    not_emulated_parameters,
)
from sandbox.world import Subnet, Vpc

Document = dict[str, Any]
CREATED = "2024-03-12 10:02:51"
# Of every subnet the VPC itself keeps three: network, gateway, broadcast.
RESERVED = 3
PAGED: dict[str, Shape] = {"Filters": FILTERS, "Offset": Text(), "Limit": Text()}


def vpcs(cloud: Cloud) -> list[Vpc]:
    return [cluster.vpc for cluster in cloud.world.clusters]


@VPC.action("DescribeVpcs", {"VpcIds": Many(Text()), **PAGED})
def describe_vpcs(cloud: Cloud, call: Call) -> Answer:
    documents = [_vpc(cloud, vpc) for vpc in vpcs(cloud)]
    found = _asked_for(documents, call, "VpcIds", "VpcId")
    return {"TotalCount": len(found), "VpcSet": list(page(found, call))}


def _vpc(cloud: Cloud, vpc: Vpc) -> Document:
    """Container ranges of GlobalRouter clusters are assistant ranges of type 1."""
    containers = [
        {"VpcId": vpc.id, "CidrBlock": str(cidr), "AssistantType": 1, "SubnetSet": []}
        for cluster in cloud.world.clusters
        if cluster.vpc.id == vpc.id and cluster.network_type == "GR"
        for cidr in cluster.pod_cidrs
    ]
    return {
        "VpcName": vpc.name,
        "VpcId": vpc.id,
        "CidrBlock": str(vpc.cidr),
        "IsDefault": False,
        "EnableMulticast": False,
        "CreatedTime": CREATED,
        "DnsServerSet": ["183.60.83.19", "183.60.82.98"],
        "DomainName": "",
        "DhcpOptionsId": "",
        "EnableDhcp": True,
        "Ipv6CidrBlock": "",
        "TagSet": [],
        "AssistantCidrSet": containers,
        "EnableRouteVpcPublish": False,
        "Ipv6CidrBlockSet": [],
        "EnableRouteVpcPublishIpv6": False,
        "StackType": "IPv4",
    }


@VPC.action(
    "DescribeSubnets",
    {
        "SubnetIds": Many(Text()),
        **PAGED,
        **not_emulated_parameters("MaxResults", "NextToken"),
    },
)
def describe_subnets(cloud: Cloud, call: Call) -> Answer:
    used = Counter(_subnet_of(cloud, ip) for ip in cloud.used_vips() | cloud.addresses.taken())
    documents = [
        _subnet(vpc, subnet, used[subnet.id]) for vpc in vpcs(cloud) for subnet in vpc.subnets
    ]
    found = _asked_for(documents, call, "SubnetIds", "SubnetId")
    return {"TotalCount": len(found), "SubnetSet": list(page(found, call))}


def _subnet_of(cloud: Cloud, ip: str) -> str:
    address = IPv4Address(ip)
    subnets = (subnet for vpc in vpcs(cloud) for subnet in vpc.subnets)
    return next((subnet.id for subnet in subnets if address in subnet.cidr), "")


def _subnet(vpc: Vpc, subnet: Subnet, used: int) -> Document:
    total = subnet.cidr.num_addresses - RESERVED
    return {
        "VpcId": vpc.id,
        "SubnetId": subnet.id,
        "SubnetName": subnet.name,
        "CidrBlock": str(subnet.cidr),
        "IsDefault": False,
        "EnableBroadcast": False,
        "Zone": subnet.zone,
        "RouteTableId": f"rtb-{vpc.id.removeprefix('vpc-')}",
        "CreatedTime": CREATED,
        "AvailableIpAddressCount": 0 if subnet.role == "full" else total - used,
        "Ipv6CidrBlock": "",
        "NetworkAclId": "",
        "IsRemoteVpcSnat": False,
        "TotalIpAddressCount": total,
        "TagSet": [],
        "CdcId": "",
        "IsCdcSubnet": 0,
        "StackType": "IPv4",
    }


# Filter names of this service and the field each looks at.
FILTER_FIELDS = {
    "vpc-id": "VpcId",
    "vpc-name": "VpcName",
    "cidr-block": "CidrBlock",
    "subnet-id": "SubnetId",
    "subnet-name": "SubnetName",
    "zone": "Zone",
    "security-group-id": "SecurityGroupId",
    "security-group-name": "SecurityGroupName",
}


def _filter_values(document: Document, name: str) -> list[str] | None:
    field = FILTER_FIELDS.get(name, "")
    return [document[field]] if field in document else None


def _asked_for(documents: list[Document], call: Call, ids: str, field: str) -> list[Document]:
    """By ids or by filters, never both; an id that does not exist is an error here."""
    wanted = call.get(ids)
    if wanted and call.get("Filters"):
        words = f"`{ids}` and `Filters` cannot be given together."
        refuse("InvalidParameter.Coexist", words)
    if missing := set(wanted or ()) - {document[field] for document in documents}:
        words = f"The resources {', '.join(sorted(missing))} do not exist."
        refuse("ResourceNotFound", words)
    chosen = [document for document in documents if not wanted or document[field] in wanted]
    code = "InvalidParameter.FilterInvalidKey"
    return filtered(chosen, call.get("Filters", []), _filter_values, code=code)


@VPC.action("DescribeNetworkAccountType", {})
def describe_network_account_type(cloud: Cloud, call: Call) -> Answer:
    return {"NetworkAccountType": cloud.networks.account_type}


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
        for group in cloud.networks.groups.values()
    ]
    found = _asked_for(documents, call, "SecurityGroupIds", "SecurityGroupId")
    return {"TotalCount": len(found), "SecurityGroupSet": list(page(found, call))}


def _group(cloud: Cloud, call: Call) -> SecurityGroup:
    id = call.params["SecurityGroupId"]
    if group := cloud.networks.groups.get(id):
        return group
    raise ApiError("ResourceNotFound", f"The security group {id} does not exist.")


@VPC.action("DescribeSecurityGroupPolicies", {"SecurityGroupId*": Text(), "Filters": FILTERS})
def describe_security_group_policies(cloud: Cloud, call: Call) -> Answer:
    """Policies in the order in which they are tried: the first that matches decides."""
    group = _group(cloud, call)
    everything = Policy("ALL", "ALL", "0.0.0.0/0")
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
        "SecurityGroupId": "",
        "AddressTemplate": {"AddressId": "", "AddressGroupId": ""},
        "Action": policy.action,
        "PolicyDescription": policy.description,
        "ModifyTime": CREATED,
        "Priority": None,
    }


POLICY = Record(
    {
        "PolicyIndex": Whole(0),
        "Protocol*": Text(("TCP", "UDP", "ICMP", "ALL", "tcp", "udp", "icmp", "all")),
        "Port": Text(most=128),
        "CidrBlock*": Text(),
        "Action*": Text(("ACCEPT", "DROP", "accept", "drop")),
        "PolicyDescription": Text(most=100),
        **not_emulated_parameters(
            "ServiceTemplate", "Ipv6CidrBlock", "SecurityGroupId", "AddressTemplate",
            "ModifyTime", "Priority",
        ),
    }
)  # fmt: skip
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
    """New policies go to the given index, the front by default; Version must be the current one."""
    group = _group(cloud, call)
    given = call.params["SecurityGroupPolicySet"]
    if given.get("Version") not in (None, "0", str(group.version)):
        refuse("UnsupportedOperation.VersionMismatch", "The version has changed meanwhile.")
    for offset, rule in enumerate(given.get("Ingress") or []):
        policy = Policy(
            protocol=rule["Protocol"].upper(),
            port=rule.get("Port") or "ALL",
            cidr=rule["CidrBlock"],
            action=rule["Action"].upper(),
            description=rule.get("PolicyDescription") or "",
        )
        index = rule.get("PolicyIndex")
        group.ingress.insert(offset if index is None else index, policy)
    cloud.networks.group_changed(group)
    return {}
