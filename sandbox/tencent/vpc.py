"""VPCs, subnets with their free addresses, the account's network type."""

from collections import Counter
from ipaddress import IPv4Address
from typing import Any

from sandbox.tencent.cloud import Cloud
from sandbox.tencent.errors import refuse
from sandbox.tencent.filters import filtered, page
from sandbox.tencent.registry import VPC, Answer, Call
from sandbox.tencent.shapes import (
    FILTERS,
    Many,
    Shape,
    Text,
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
    found = asked_for(documents, call, "VpcIds", "VpcId")
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
        _subnet(cloud, vpc, subnet, used[subnet.id])
        for vpc in vpcs(cloud)
        for subnet in vpc.subnets
    ]
    found = asked_for(documents, call, "SubnetIds", "SubnetId")
    return {"TotalCount": len(found), "SubnetSet": list(page(found, call))}


def _subnet_of(cloud: Cloud, ip: str) -> str:
    address = IPv4Address(ip)
    subnets = (subnet for vpc in vpcs(cloud) for subnet in vpc.subnets)
    return next((subnet.id for subnet in subnets if address in subnet.cidr), "")


def _subnet(cloud: Cloud, vpc: Vpc, subnet: Subnet, used: int) -> Document:
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
        "AvailableIpAddressCount": 0 if cloud.conditions.is_full(subnet) else total - used,
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


def asked_for(documents: list[Document], call: Call, ids: str, field: str) -> list[Document]:
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
