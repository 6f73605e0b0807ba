"""Private addresses in use in a VPC and the network interfaces that hold them."""

from ipaddress import IPv4Address
from typing import Any

from sandbox.tencent.cloud import Cloud
from sandbox.tencent.errors import ApiError
from sandbox.tencent.filters import filtered, page
from sandbox.tencent.registry import VPC, Answer, Call
from sandbox.tencent.shapes import FILTERS, LIMIT, OFFSET, Many, Text
from sandbox.tencent.vpc import CREATED, vpcs
from sandbox.world import Vpc

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
    """One interface for each Pod subnet and cluster; a Pod's address is a secondary one on it."""
    ids = call.get("NetworkInterfaceIds")
    found = [eni for eni in _enis(cloud) if not ids or eni["NetworkInterfaceId"] in ids]
    found = filtered(
        found, call.get("Filters", []), _values, code="InvalidParameter.FilterInvalidKey"
    )
    return {"TotalCount": len(found), "NetworkInterfaceSet": list(page(found, call))}


def _enis(cloud: Cloud) -> list[Document]:
    held = sorted(cloud.addresses.of_pods())
    return [
        {
            "NetworkInterfaceId": f"eni-{subnet.id.removeprefix('subnet-')}",
            "NetworkInterfaceName": f"tke-{subnet.name}",
            "NetworkInterfaceDescription": "Pods of the cluster",
            "SubnetId": subnet.id,
            "VpcId": vpc.id,
            "GroupSet": ["sg-nodes001"],
            "Primary": False,
            "MacAddress": "20:90:6F:00:00:01",
            "State": "AVAILABLE",
            "PrivateIpAddressSet": [
                {
                    "PrivateIpAddress": ip,
                    "Primary": False,
                    "PublicIpAddress": "",
                    "AddressId": "",
                    "Description": "",
                    "IsWanIpBlocked": False,
                    "State": "AVAILABLE",
                }
                for ip in held
                if IPv4Address(ip) in subnet.cidr
            ],
            "Attachment": None,
            "Zone": subnet.zone,
            "CreatedTime": CREATED,
            "Ipv6AddressSet": [],
            "TagSet": [],
            "EniType": 0,
            "Business": "",
        }
        for vpc in vpcs(cloud)
        for subnet in vpc.subnets
        if subnet.role == "pods"
    ]


def _values(eni: Document, name: str) -> list[str] | None:
    known = {
        "vpc-id": [eni["VpcId"]],
        "subnet-id": [eni["SubnetId"]],
        "groups.security-group-id": eni["GroupSet"],
        "address-ip": [each["PrivateIpAddress"] for each in eni["PrivateIpAddressSet"]],
    }
    return known.get(name)
