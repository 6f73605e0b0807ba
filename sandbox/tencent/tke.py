"""TKE's description of the demo clusters: network add-on, status, endpoints, nodes."""

from typing import Any

import msgspec

from sandbox.tencent.addresses import node_ips
from sandbox.tencent.cloud import Cloud
from sandbox.tencent.conditions import ENABLING, FAILED, OFF, ON
from sandbox.tencent.cvm import instance_id
from sandbox.tencent.errors import ApiError, refuse
from sandbox.tencent.filters import filtered, page
from sandbox.tencent.registry import TKE, Answer, Call
from sandbox.tencent.shapes import FILTERS, LIMIT, OFFSET, Flag, Many, Text, Whole
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


def _vpc_cni(cloud: Cloud, cluster: Cluster) -> str:
    """How far VPC-CNI is on the cluster; empty: it was never enabled."""
    return cloud.conditions.of(cluster).vpc_cni or (ON if _is_vpc_cni(cluster) else "")


def _property(cloud: Cloud, cluster: Cluster) -> str:
    """The JSON string; a GlobalRouter cluster with VPC-CNI beside it names both."""
    condition, found = cloud.conditions.of(cluster), dict(PROPERTIES[cluster.id])
    if condition.network_type:
        found["NetworkType"] = condition.network_type
    if _vpc_cni(cloud, cluster) in (ENABLING, ON):
        found["VpcCniType"] = cluster.vpc_cni_type or "tke-route-eni"
    return msgspec.json.encode(found).decode()


def _network(cluster: Cluster) -> Document:
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
        "ClusterNetworkSettings": _network(cluster),
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


@TKE.action(
    "DescribeClusters",
    {
        "ClusterIds": Many(Text()),
        "Offset": OFFSET,
        "Limit": LIMIT,
        "Filters": FILTERS,
        "ClusterType": Text(),
    },
)
def describe_clusters(cloud: Cloud, call: Call) -> Answer:
    ids = call.get("ClusterIds")
    documents = [
        described(cloud, cluster)
        for cluster in cloud.world.clusters
        if not ids or cluster.id in ids
    ]
    documents = filtered(
        documents, call.get("Filters", []), _filter_values, code="InvalidParameter.Param"
    )
    return {"TotalCount": len(documents), "Clusters": list(page(documents, call))}


def _filter_values(document: Document, name: str) -> list[str] | None:
    if name in ("ClusterName", "ClusterType", "ClusterStatus"):
        return [document[name]]
    if name == "vpc-id":
        return [document["ClusterNetworkSettings"]["VpcId"]]
    tags = [tag for group in document["TagSpecification"] or [] for tag in group["Tags"]]
    if name == "tag-key":
        return [tag["Key"] for tag in tags]
    if name.startswith("tag:"):
        return [tag["Value"] for tag in tags if tag["Key"] == name[4:]]
    return None


@TKE.action("DescribeClusterStatus", {"ClusterIds": Many(Text())})
def describe_cluster_status(cloud: Cloud, call: Call) -> Answer:
    ids = call.get("ClusterIds")
    found = [cluster for cluster in cloud.world.clusters if not ids or cluster.id in ids]
    return {
        "ClusterStatusSet": [
            {
                "ClusterId": cluster.id,
                "ClusterState": cloud.conditions.of(cluster).status,
                "ClusterInstanceState": "AllNormal",
                "ClusterBMonitor": True,
                "ClusterInitNodeNum": 0,
                "ClusterRunningNodeNum": cluster.nodes,
                "ClusterFailedNodeNum": 0,
                "ClusterClosedNodeNum": 0,
                "ClusterClosingNodeNum": 0,
                "ClusterDeletionProtection": not cluster.read_only,
                "ClusterAuditEnabled": False,
            }
            for cluster in found
        ],
        "TotalCount": len(found),
    }


def _cluster(cloud: Cloud, call: Call) -> Cluster:
    id = call.params["ClusterId"]
    for cluster in cloud.world.clusters:
        if cluster.id == id:
            return cluster
    raise ApiError("InternalError.ClusterNotFound", f"cluster {id} not found")


@TKE.action("DescribeClusterEndpoints", {"ClusterId*": Text()})
def describe_cluster_endpoints(cloud: Cloud, call: Call) -> Answer:
    cluster = _cluster(cloud, call)
    return {
        "CertificationAuthority": cloud.world.credentials(cluster)["ca"],
        "ClusterExternalEndpoint": "",
        "ClusterIntranetEndpoint": f"{cluster.api_ip}:6443",
        "ClusterDomain": f"{cluster.id}.ccs.tencent-cloud.com",
        "ClusterExternalACL": [],
        "ClusterExternalDomain": "",
        "ClusterIntranetDomain": "",
        "SecurityGroup": "",
        "ClusterIntranetSubnetId": cluster.node_subnet.id,
        "IntranetSecurityGroup": "",
    }


@TKE.action("DescribeClusterEndpointStatus", {"ClusterId*": Text(), "IsExtranet": Flag()})
def describe_cluster_endpoint_status(cloud: Cloud, call: Call) -> Answer:
    """The demo clusters are reachable from inside the VPC only."""
    _cluster(cloud, call)
    return {"Status": "NotFound" if call.get("IsExtranet") else "Created", "ErrorMsg": ""}


@TKE.action("DescribeClusterKubeconfig", {"ClusterId*": Text(), "IsExtranet": Flag()})
def describe_cluster_kubeconfig(cloud: Cloud, call: Call) -> Answer:
    cluster = _cluster(cloud, call)
    if call.get("IsExtranet"):
        refuse("FailedOperation", "Public access of the cluster is not enabled.")
    path = cloud.world.state / f"{cluster.id}.kubeconfig"
    if not path.exists():
        refuse("InternalError", "The kubeconfig is not ready.")
    return {"Kubeconfig": path.read_text()}


@TKE.action("DescribeIPAMD", {"ClusterId*": Text()})
def describe_ipamd(cloud: Cloud, call: Call) -> Answer:
    cluster = _cluster(cloud, call)
    state = _vpc_cni(cloud, cluster)
    cni = state in (ON, ENABLING)
    return {
        "EnableIPAMD": cni,
        "EnableCustomizedPodCidr": False,
        "DisableVpcCniMode": state == OFF,
        "Phase": {ON: "running", ENABLING: "initializing"}.get(state, ""),
        "Reason": "",
        "SubnetIds": _network(cluster)["Subnets"] or [],
        "ClaimExpiredDuration": "5m0s" if cni else "",
        "EnableTrunkingENI": False,
    }


@TKE.action("DescribeEnableVpcCniProgress", {"ClusterId*": Text()})
def describe_enable_vpc_cni_progress(cloud: Cloud, call: Call) -> Answer:
    cluster = _cluster(cloud, call)
    state = _vpc_cni(cloud, cluster)
    if state in ("", OFF):
        refuse("FailedOperation", "VPC-CNI was never enabled for this cluster.")
    status = {ENABLING: "Running", FAILED: "Failed"}.get(state, "Succeed")
    error = cloud.conditions.of(cluster).error if state == FAILED else ""
    return {"Status": status, "ErrorMessage": error}


@TKE.action("DescribeClusterRouteTables", {})
def describe_cluster_route_tables(cloud: Cloud, call: Call) -> Answer:
    """Only GlobalRouter clusters have a route table; it is named after the cluster."""
    tables = [
        {
            "RouteTableName": cluster.id,
            "RouteTableCidrBlock": str(cluster.pod_cidrs[0]),
            "VpcId": cluster.vpc.id,
        }
        for cluster in cloud.world.clusters
        if cluster.network_type == "GR"
    ]
    return {"TotalCount": len(tables), "RouteTableSet": tables}


@TKE.action(
    "DescribeClusterInstances",
    {
        "ClusterId*": Text(),
        "Offset": OFFSET,
        "Limit": Whole(1, 100),
        "InstanceIds": Many(Text()),
        "InstanceRole": Text(("MASTER", "WORKER", "ETCD", "MASTER_ETCD", "ALL")),
        "Filters": FILTERS,
    },
)
def describe_cluster_instances(cloud: Cloud, call: Call) -> Answer:
    cluster = _cluster(cloud, call)
    wanted = call.get("InstanceIds")
    nodes = [node for node in _nodes(cluster) if not wanted or node["InstanceId"] in wanted]
    return {"TotalCount": len(nodes), "InstanceSet": list(page(nodes, call)), "Errors": []}


def _nodes(cluster: Cluster) -> list[Document]:
    return [
        {
            "InstanceId": instance_id(cluster, index),
            "InstanceRole": "WORKER",
            "FailedReason": "",
            "InstanceState": "running",
            "Unschedulable": False,
            "CreatedTime": CREATED,
            "LanIP": ip,
            "NodePoolId": "",
            "AutoscalingGroupId": "",
        }
        for index, ip in enumerate(node_ips(cluster))
    ]
