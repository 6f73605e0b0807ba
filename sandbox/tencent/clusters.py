"""The demo clusters as TKE describes them: network add-on, settings, age."""

from typing import Any

import msgspec

from sandbox.tencent.cloud import Cloud
from sandbox.tencent.conditions import ENABLING, ON
from sandbox.world import PODS_PER_NODE, Cluster

Document = dict[str, Any]

# The JSON *string* Cluster.Property as TKE writes it: the only place that names the add-on.
PROPERTIES: dict[str, Document] = {
    "cls-vpccni01": {
        "NodeNameType": "lan-ip",
        "NetworkType": "VPC-CNI",
        "VpcCniType": "tke-route-eni",
        "IsSupportMultiENI": True,
        "IsNetworkWithApp": True,
    },
    "cls-router01": {"NodeNameType": "lan-ip", "NetworkType": "GR"},
    "cls-cilium01": {"NodeNameType": "lan-ip", "NetworkType": "CiliumOverlay"},
    "cls-oldk8s01": {"NetworkType": "GR"},
}
DESCRIPTIONS = {
    "cls-vpccni01": "The shop in production",
    "cls-router01": "The shop's older half, global router",
    "cls-cilium01": "Edge nodes on Cilium-Overlay",
    "cls-oldk8s01": "Kept until its last tenant has moved",
}
IPVS = {"cls-vpccni01"}
CREATED = "2024-03-12T02:14:33Z"
SERVICES_PER_CLUSTER = 1024


def _is_vpc_cni(cluster: Cluster) -> bool:
    return cluster.network_type == "VPC-CNI"


def vpc_cni(cloud: Cloud, cluster: Cluster) -> str:
    """How far VPC-CNI is on the cluster; empty: it was never enabled."""
    return cloud.conditions.of(cluster).vpc_cni or (ON if _is_vpc_cni(cluster) else "")


def _property(cloud: Cloud, cluster: Cluster) -> str:
    """The JSON string; a GlobalRouter cluster with VPC-CNI beside it names both."""
    condition, found = cloud.conditions.of(cluster), dict(PROPERTIES[cluster.id])
    if condition.network_type:
        found["NetworkType"] = condition.network_type
    if vpc_cni(cloud, cluster) in (ENABLING, ON):
        found["VpcCniType"] = cluster.vpc_cni_type or "tke-route-eni"
    return msgspec.json.encode(found).decode()


def network(cluster: Cluster) -> Document:
    pods = [subnet.id for subnet in cluster.vpc.subnets if subnet.role == "pods"]
    cni = _is_vpc_cni(cluster)
    return {
        "ClusterCIDR": "" if cni else str(cluster.pod_cidrs[0]),
        "IgnoreClusterCIDRConflict": False,
        "MaxNodePodNum": PODS_PER_NODE,
        "MaxClusterServiceNum": SERVICES_PER_CLUSTER,
        "Ipvs": cluster.id in IPVS,
        "VpcId": cluster.vpc.id,
        "Cni": True,
        "KubeProxyMode": "",
        "ServiceCIDR": str(cluster.service_cidr),
        "Subnets": pods if cni else None,
        "IgnoreServiceCIDRConflict": False,
        "IsDualStack": False,
        "Ipv6ServiceCIDR": "",
        "CiliumMode": "clusterIP" if cluster.network_type == "CiliumOverlay" else "",
        "SubnetId": cluster.node_subnet.id,
        "DataPlaneV2": False,
    }


def described(cloud: Cloud, cluster: Cluster) -> Document:
    """One element of DescribeClusters' Clusters."""
    old, condition = cluster.read_only, cloud.conditions.of(cluster)
    return {
        "ClusterId": cluster.id,
        "ClusterName": cluster.name,
        "ClusterDescription": DESCRIPTIONS[cluster.id],
        "ClusterVersion": cluster.version,
        "ClusterOs": "ubuntu16.04.1 LTSx86_64" if old else "tlinux3.1x86_64",
        "ClusterType": condition.type or ("INDEPENDENT_CLUSTER" if old else "MANAGED_CLUSTER"),
        "ClusterNetworkSettings": network(cluster),
        "ClusterNodeNum": cluster.nodes,
        "ProjectId": 0,
        "TagSpecification": None
        if old
        else [{"ResourceType": "cluster", "Tags": [{"Key": "team", "Value": "shop"}]}],
        "ClusterStatus": condition.status,
        "Property": _property(cloud, cluster),
        "ClusterMaterNodeNum": 3 if old else 0,
        "ImageId": "img-eb30mz89",
        "OsCustomizeType": "GENERAL",
        "ContainerRuntime": "docker" if old else "containerd",
        "CreatedTime": CREATED,
        "DeletionProtection": not old,
        "EnableExternalNode": False,
        "ClusterLevel": "L20",
        "AutoUpgradeClusterLevel": True,
        "QGPUShareEnable": False,
        "RuntimeVersion": "18.6" if old else "1.6.9",
        "ClusterEtcdNodeNum": 3 if old else 0,
        "CdcId": "",
        "IsHighAvailability": None,
        "ClusterCategory": None,
        "SecurityModeConfig": None,
    }
