"""CVM: the instances under the nodes, and the security groups in front of them."""

from typing import Any

from sandbox.tencent.addresses import node_ips
from sandbox.tencent.cloud import Cloud
from sandbox.tencent.errors import refuse
from sandbox.tencent.filters import filtered, page
from sandbox.tencent.registry import CVM, Answer, Call
from sandbox.tencent.shapes import FILTERS, LIMIT, OFFSET, Many, Text
from sandbox.world import Cluster

Document = dict[str, Any]


def instance_id(cluster: Cluster, number: int) -> str:
    return f"ins-{cluster.id.removeprefix('cls-')[:4]}{number:04d}"


@CVM.action(
    "DescribeInstances",
    {
        "InstanceIds": Many(Text(), most=100),
        "Filters": FILTERS,
        "Offset": OFFSET,
        "Limit": LIMIT,
    },
)
def describe_instances(cloud: Cloud, call: Call) -> Answer:
    ids = call.get("InstanceIds")
    if ids and call.get("Filters"):
        code = "InvalidParameterValue.IPAndFilters"
        refuse(code, "`InstanceIds` and `Filters` cannot be given together.")
    found = [
        document
        for cluster in cloud.world.clusters
        for document in _instances(cloud, cluster)
        if not ids or document["InstanceId"] in ids
    ]
    found = filtered(found, call.get("Filters", []), _values, code="InvalidFilter")
    return {"TotalCount": len(found), "InstanceSet": list(page(found, call))}


def _instances(cloud: Cloud, cluster: Cluster) -> list[Document]:
    subnet = cluster.node_subnet
    return [
        {
            "InstanceId": instance_id(cluster, number),
            "InstanceName": f"tke_{cluster.id}_worker",
            "InstanceState": "RUNNING",
            "InstanceType": "S5.LARGE8",
            "Placement": {"Zone": subnet.zone, "ProjectId": 0},
            "PrivateIpAddresses": [ip],
            "PublicIpAddresses": None,
            "VirtualPrivateCloud": {"VpcId": cluster.vpc.id, "SubnetId": subnet.id},
            "SecurityGroupIds": cloud.networks.security.of_nodes(cluster),
        }
        for number, ip in enumerate(node_ips(cluster))
    ]


def _values(document: Document, name: str) -> list[str] | None:
    known = {
        "instance-id": [document["InstanceId"]],
        "instance-name": [document["InstanceName"]],
        "private-ip-address": document["PrivateIpAddresses"],
        "vpc-id": [document["VirtualPrivateCloud"]["VpcId"]],
        "subnet-id": [document["VirtualPrivateCloud"]["SubnetId"]],
        "security-group-id": document["SecurityGroupIds"],
        "zone": [document["Placement"]["Zone"]],
    }
    return known.get(name)
