"""Private addresses in use in a VPC and the network interfaces that hold them."""

from ipaddress import IPv4Address
from typing import Any

from sandbox.tencent.addresses import node_ips
from sandbox.tencent.cloud import Cloud
from sandbox.tencent.cvm import instance_id
from sandbox.tencent.errors import ApiError
from sandbox.tencent.filters import filtered, page
from sandbox.tencent.registry import VPC, Answer, Call
from sandbox.tencent.security import eni_of
from sandbox.tencent.shapes import FILTERS, LIMIT, OFFSET, Many, Text
from sandbox.tencent.vpc import CREATED, vpcs
from sandbox.world import Subnet, Vpc

Document = dict[str, Any]


@VPC.action(
    "DescribeVpcPrivateIpAddresses",
    {"VpcId*": Text(), "PrivateIpAddresses*": Many(Text(), most=100, least=1)},
)
def describe_vpc_private_ip_addresses(cloud: Cloud, call: Call) -> Answer:
    """Only addresses in use are answered."""
    vpc = _vpc(cloud, call.params["VpcId"])
    vips = cloud.used_vips()
    used = cloud.addresses.held() | vips
    return {
        "VpcPrivateIpAddressSet": [
            {
                "PrivateIpAddress": ip,
                "CidrBlock": _subnet_cidr(vpc, ip),
                "PrivateIpAddressType": "LB" if ip in vips else "ENI",
                "CreatedTime": CREATED,
            }
            for ip in call.params["PrivateIpAddresses"]
            if ip in used and _subnet_cidr(vpc, ip)
        ]
    }


def _vpc(cloud: Cloud, id: str) -> Vpc:
    for vpc in vpcs(cloud):
        if vpc.id == id:
            return vpc
    raise ApiError("ResourceNotFound", f"The VPC {id} does not exist.")


def _subnet_cidr(vpc: Vpc, ip: str) -> str:
    address = IPv4Address(ip)
    return next((str(each.cidr) for each in vpc.subnets if address in each.cidr), "")


@VPC.action(
    "DescribeNetworkInterfaces",
    {
        "NetworkInterfaceIds": Many(Text()),
        "Filters": FILTERS,
        "Offset": OFFSET,
        "Limit": LIMIT,
    },
)
def describe_network_interfaces(cloud: Cloud, call: Call) -> Answer:
    """One for each Pod subnet, whose secondary addresses are Pods', and one for each node."""
    ids = call.get("NetworkInterfaceIds")
    found = [eni for eni in _enis(cloud) if not ids or eni["NetworkInterfaceId"] in ids]
    found = filtered(
        found, call.get("Filters", []), _values, code="InvalidParameter.FilterInvalidKey"
    )
    return {"TotalCount": len(found), "NetworkInterfaceSet": list(page(found, call))}


def _enis(cloud: Cloud) -> list[Document]:
    return [*_of_pods(cloud), *_of_nodes(cloud)]


def _of_pods(cloud: Cloud) -> list[Document]:
    held = sorted(cloud.addresses.of_pods())
    return [
        _of_subnet(cloud, vpc, subnet, [ip for ip in held if IPv4Address(ip) in subnet.cidr])
        for vpc in vpcs(cloud)
        for subnet in vpc.subnets
        if subnet.role == "pods" and cloud.conditions.interface(eni_of(subnet.id)).attached
    ]


def _of_subnet(cloud: Cloud, vpc: Vpc, subnet: Subnet, ips: list[str]) -> Document:
    id = eni_of(subnet.id)
    primary = cloud.conditions.interface(id).primary
    groups = cloud.networks.security.of_interface(id)
    addresses = [_address(ip, primary=primary) for ip in ips]
    shown = _eni(id, f"tke-{subnet.name}", vpc, subnet, groups=groups, addresses=addresses)
    return {**shown, "Primary": primary}


def _of_nodes(cloud: Cloud) -> list[Document]:
    """The primary interface of each node; no CLB target may have its primary address."""
    return [
        {
            **_eni(
                f"eni-{instance_id(cluster, number).removeprefix('ins-')}",
                "Primary ENI",
                cluster.vpc,
                cluster.node_subnet,
                groups=cloud.networks.security.of_nodes(cluster),
                addresses=[_address(ip, primary=True)],
            ),
            "Primary": True,
            "Attachment": {
                "InstanceId": instance_id(cluster, number),
                "DeviceIndex": 0,
                "InstanceAccountId": cloud.world.tencent["uin"],
                "AttachTime": CREATED,
            },
        }
        for cluster in cloud.world.clusters
        for number, ip in enumerate(node_ips(cluster))
    ]


def _eni(
    id: str,
    name: str,
    vpc: Vpc,
    subnet: Subnet,
    *,
    groups: list[str],
    addresses: list[Document],
) -> Document:
    return {
        "NetworkInterfaceId": id,
        "NetworkInterfaceName": name,
        "NetworkInterfaceDescription": "",
        "SubnetId": subnet.id,
        "VpcId": vpc.id,
        "GroupSet": groups,
        "Primary": False,
        "MacAddress": "20:90:6F:00:00:01",
        "State": "AVAILABLE",
        "PrivateIpAddressSet": addresses,
        "Attachment": None,
        "Zone": subnet.zone,
        "CreatedTime": CREATED,
        "Ipv6AddressSet": [],
        "TagSet": [],
        "EniType": 0,
        "Business": "",
    }


def _address(ip: str, *, primary: bool = False) -> Document:
    return {
        "PrivateIpAddress": ip,
        "Primary": primary,
        "PublicIpAddress": "",
        "AddressId": "",
        "Description": "",
        "IsWanIpBlocked": False,
        "State": "AVAILABLE",
    }


def _values(eni: Document, name: str) -> list[str] | None:
    attached = eni["Attachment"]
    known = {
        "network-interface-id": [eni["NetworkInterfaceId"]],
        "vpc-id": [eni["VpcId"]],
        "subnet-id": [eni["SubnetId"]],
        "groups.security-group-id": eni["GroupSet"],
        "attachment.instance-id": [attached["InstanceId"]] if attached else [],
        "address-ip": [each["PrivateIpAddress"] for each in eni["PrivateIpAddressSet"]],
    }
    return known.get(name)
