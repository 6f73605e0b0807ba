"""Gathers what the cloud and the API server say of a cluster, for its pages; decisions read live.

The shape kept in `Cluster.facts` is `describe`'s answer. One API that fails leaves its part out
and its message in `errors`; the others still count.
"""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import asdict
from typing import Any

from django.utils import timezone

from console import ccn, kinds, kube, network, tencent
from console.kube import Kube, KubeError
from console.models import Account, Cluster
from console.tencent import CloudError

Answer = Mapping[str, Any]
_COUNTS = ("version", "nodes", "ready", "cordoned", "pods", "services")
TKE_CONTROLLER = "tke-service-controller-config"


class UnknownCluster(Exception):
    """The account does not know this cluster in its region."""

    def __init__(self, account: Account, cluster_id: str) -> None:
        super().__init__(
            f"Account {account.name} ({account.uin}) has no cluster {cluster_id} in "
            f"{account.region}."
        )


def refresh(cluster: Cluster) -> bool:
    """Read everything and store it; False when the cloud could not be read (the old facts stay)."""
    try:
        cluster.facts = gather(cluster)
        cluster.facts_error = ""
        cluster.facts_at = timezone.now()
    except (CloudError, UnknownCluster) as error:
        cluster.facts_error = str(error)
    cluster.save(update_fields=["facts", "facts_error", "facts_at"])
    return not cluster.facts_error


def gather(cluster: Cluster) -> dict[str, Any]:
    """Ask everyone at once, then for the subnets and the VPC that the first answer names."""
    account, cluster_id = cluster.account, cluster.cluster_id
    by_id = {"ClusterId": cluster_id}
    answers, errors = _together(
        {
            "DescribeClusters": lambda: cloud_cluster(account, cluster_id),
            "DescribeClusterStatus": _tke(
                account, "DescribeClusterStatus", ClusterIds=[cluster_id]
            ),
            "DescribeClusterEndpoints": _tke(account, "DescribeClusterEndpoints", **by_id),
            "private": _tke(account, "DescribeClusterEndpointStatus", **by_id, IsExtranet=False),
            "public": _tke(account, "DescribeClusterEndpointStatus", **by_id, IsExtranet=True),
            "DescribeNetworkAccountType": lambda: tencent.call(
                account, "vpc", "DescribeNetworkAccountType"
            ),
            "DescribeQuota": lambda: tencent.call(account, "clb", "DescribeQuota"),
            "kubernetes": lambda: kubernetes_side(kube.connect(cluster)),
        }
    )
    told = errors.get("DescribeClusters")
    if isinstance(told, (CloudError, UnknownCluster)):
        raise told
    more, more_errors = _together(_second_round(account, network.read(answers["DescribeClusters"])))
    facts = describe(answers | more)
    facts["region"] = account.region
    facts["errors"] = {name: str(error) for name, error in (errors | more_errors).items()}
    return facts


def _second_round(account: Account, net: network.NetworkFacts) -> dict[str, Callable[[], Any]]:
    asked: dict[str, Callable[[], Any]] = {
        "DescribeSubnets": lambda: subnets(account, net.eni_subnet_ids)
    }
    if net.add_on in network.ROUTED and net.vpc_id:
        asked["DescribeCcnRoutes"] = lambda: ccn.read(account, net.vpc_id, net.cluster_cidrs)
    return asked


def cloud_cluster(account: Account, cluster_id: str) -> dict[str, Any]:
    """The cluster as DescribeClusters has it, now; raises UnknownCluster."""
    answer = tencent.call(account, "tke", "DescribeClusters", {"ClusterIds": [cluster_id]})
    for cluster in answer.get("Clusters") or ():
        if cluster.get("ClusterId") == cluster_id:
            return dict(cluster)
    raise UnknownCluster(account, cluster_id)


def subnets(account: Account, subnet_ids: tuple[str, ...]) -> list[dict[str, Any]]:
    """Id, name, zone, CIDR, total and free addresses of these subnets, in their order."""
    if not subnet_ids:
        return []
    answer = tencent.call(account, "vpc", "DescribeSubnets", {"SubnetIds": list(subnet_ids)})
    found = {item.get("SubnetId"): item for item in answer.get("SubnetSet") or ()}
    return [subnet(found[each]) for each in subnet_ids if each in found]


def subnet(item: Answer) -> dict[str, Any]:
    """One element of DescribeSubnets' SubnetSet."""
    return {
        "id": item.get("SubnetId", ""),
        "name": item.get("SubnetName", ""),
        "zone": item.get("Zone", ""),
        "cidr": item.get("CidrBlock", ""),
        "total": item.get("TotalIpAddressCount") or 0,
        "free": item.get("AvailableIpAddressCount") or 0,
    }


def kubernetes_side(door: Kube) -> dict[str, Any]:
    """Version, counts, and what TKE's own service-controller is configured to."""
    nodes = [node for page in door.pages(kube.path("Node"), kinds.NodeList) for node in page.items]
    return {
        "version": door.get("/version").get("gitVersion", ""),
        "nodes": len(nodes),
        "ready": sum(_is_ready(node) for node in nodes),
        "cordoned": sorted(node.metadata.name for node in nodes if node.spec.unschedulable),
        "pods": count(door, "Pod"),
        "services": count(door, "Service"),
        "tke_controller": tke_controller(door),
        "in_cluster": in_cluster(door),
    }


def _is_ready(node: kinds.Node) -> bool:
    return any(each.type == "Ready" and each.status == "True" for each in node.status.conditions)


def count(door: Kube, kind: str) -> int:
    """How many there are, asking for one and for how many remain."""
    first = door.get(kube.path(kind), kinds.NamedList, limit=1)
    if not first.metadata.continue_:
        return len(first.items)
    if first.metadata.remaining_item_count is not None:
        return len(first.items) + first.metadata.remaining_item_count
    return sum(len(page.items) for page in door.pages(kube.path(kind), kinds.NamedList))


def in_cluster(door: Kube) -> str:
    """Where Pods reach the API server."""
    service = door.get(kube.path("Service", "default", "kubernetes"), kinds.Service)
    port = next((port.port for port in service.spec.ports), 443)
    return f"https://{service.spec.cluster_ip}:{port}"


def tke_controller(door: Kube) -> dict[str, str] | None:
    """The settings of TKE's service-controller; None where there is no such ConfigMap."""
    try:
        path = kube.path("ConfigMap", "kube-system", TKE_CONTROLLER)
        return door.get(path, kinds.ConfigMap).data
    except kube.NotFound:
        return None


def _tke(account: Account, action: str, **params: Any) -> Callable[[], dict[str, Any]]:
    return lambda: tencent.call(account, "tke", action, params)


_Failure = CloudError | KubeError | UnknownCluster


def _together(
    questions: Mapping[str, Callable[[], Any]],
) -> tuple[dict[str, Any], dict[str, _Failure]]:
    """Ask in parallel threads; listeners of this context hear of the calls in those too."""
    answers: dict[str, Any] = {}
    errors: dict[str, _Failure] = {}
    with ThreadPoolExecutor(max_workers=len(questions)) as threads:
        asked = {
            name: threads.submit(copy_context().run, question)
            for name, question in questions.items()
        }
        for name, future in asked.items():
            try:
                answers[name] = future.result()
            except (CloudError, KubeError, UnknownCluster) as error:
                errors[name] = error
    return answers, errors


def describe(answers: Answer) -> dict[str, Any]:
    """The facts as pages draw them; pure. A part whose answer is missing is None or empty."""
    cluster: Answer = answers["DescribeClusters"]
    net = network.read(cluster)
    inside: Answer = answers.get("kubernetes") or {}
    eni = answers.get("DescribeSubnets") or []
    connected: network.Ccn | None = answers.get("DescribeCcnRoutes")
    nodes = _nodes(cluster, answers.get("DescribeClusterStatus"))
    room = network.capacity(
        net,
        nodes=nodes["total"],
        pods=inside.get("pods", 0),
        services=inside.get("services", 0),
        subnets=[(each["total"], each["free"]) for each in eni],
    )
    return {
        **_identity(cluster),
        "nodes": nodes,
        "network": asdict(net),
        "capacity": asdict(room),
        "subnets": eni,
        "ccn": connected.stored() if connected else None,
        "endpoints": _endpoints(answers),
        "account_type": (answers.get("DescribeNetworkAccountType") or {}).get("NetworkAccountType"),
        "quotas": {
            item["QuotaId"]: item.get("QuotaLimit")
            for item in (answers.get("DescribeQuota") or {}).get("QuotaSet") or ()
        },
        "kubernetes": {name: inside[name] for name in _COUNTS} if inside else None,
        "tke_controller": inside.get("tke_controller"),
    }


def _identity(cluster: Answer) -> dict[str, Any]:
    runtime = [cluster.get("ContainerRuntime"), cluster.get("RuntimeVersion")]
    tags = [tag for spec in cluster.get("TagSpecification") or () for tag in spec.get("Tags") or ()]
    return {
        "name": cluster.get("ClusterName", ""),
        "description": cluster.get("ClusterDescription", ""),
        "status": cluster.get("ClusterStatus", ""),
        "version": cluster.get("ClusterVersion", ""),
        "type": cluster.get("ClusterType", ""),
        "level": cluster.get("ClusterLevel", ""),
        "auto_level": cluster.get("AutoUpgradeClusterLevel"),
        "os": cluster.get("ClusterOs", ""),
        "project": cluster.get("ProjectId", 0),
        "runtime": " ".join(word for word in runtime if word),
        "created": cluster.get("CreatedTime", ""),
        "deletion_protection": cluster.get("DeletionProtection"),
        "tags": [{"key": tag.get("Key", ""), "value": tag.get("Value", "")} for tag in tags],
    }


def _nodes(cluster: Answer, status: Answer | None) -> dict[str, Any]:
    found: Answer = next(iter((status or {}).get("ClusterStatusSet") or ()), {})
    return {
        "total": cluster.get("ClusterNodeNum") or 0,
        "running": found.get("ClusterRunningNodeNum"),
        "failed": found.get("ClusterFailedNodeNum"),
        "state": found.get("ClusterInstanceState", ""),
    }


def _endpoints(answers: Answer) -> dict[str, Any]:
    found: Answer = answers.get("DescribeClusterEndpoints") or {}
    return {
        "private": {
            "status": (answers.get("private") or {}).get("Status", ""),
            "address": found.get("ClusterIntranetEndpoint") or "",
            "domain": found.get("ClusterIntranetDomain") or "",
            "subnet_id": found.get("ClusterIntranetSubnetId") or "",
            "security_group": found.get("IntranetSecurityGroup") or "",
        },
        "public": {
            "status": (answers.get("public") or {}).get("Status", ""),
            "address": found.get("ClusterExternalEndpoint") or "",
            "domain": found.get("ClusterExternalDomain") or "",
            "acl": list(found.get("ClusterExternalACL") or ()),
            "security_group": found.get("SecurityGroup") or "",
        },
        "domain": found.get("ClusterDomain") or "",
        "in_cluster": (answers.get("kubernetes") or {}).get("in_cluster", ""),
    }
