"""TKE's API over the demo clusters: description, status, endpoints, VPC-CNI, nodes."""

from sandbox.tencent.addresses import node_ips
from sandbox.tencent.cloud import Cloud
from sandbox.tencent.clusters import CREATED, Document, described, network, vpc_cni
from sandbox.tencent.conditions import ENABLING, FAILED, OFF, ON
from sandbox.tencent.cvm import instance_id
from sandbox.tencent.errors import ApiError, refuse
from sandbox.tencent.filters import filtered, page
from sandbox.tencent.registry import TKE, Answer, Call
from sandbox.tencent.shapes import FILTERS, LIMIT, OFFSET, Flag, Many, Text, Whole
from sandbox.world import Cluster


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
    state = vpc_cni(cloud, cluster)
    cni = state in (ON, ENABLING)
    return {
        "EnableIPAMD": cni,
        "EnableCustomizedPodCidr": False,
        "DisableVpcCniMode": state == OFF,
        "Phase": {ON: "running", ENABLING: "initializing"}.get(state, ""),
        "Reason": "",
        "SubnetIds": network(cluster)["Subnets"] or [],
        "ClaimExpiredDuration": "5m0s" if cni else "",
        "EnableTrunkingENI": False,
    }


@TKE.action("DescribeEnableVpcCniProgress", {"ClusterId*": Text()})
def describe_enable_vpc_cni_progress(cloud: Cloud, call: Call) -> Answer:
    cluster = _cluster(cloud, call)
    state = vpc_cni(cloud, cluster)
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
