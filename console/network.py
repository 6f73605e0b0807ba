"""What DescribeClusters says of a cluster's network, in types and in words; pure.

Words are msgids: pages translate them. The add-on is read from the JSON string `Property`, never
guessed from the flag `Cni`, which some GlobalRouter clusters report wrongly.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any

from console.container_routes import Ccn, CcnRoute

__all__ = [
    "AddOn",
    "Capacity",
    "Ccn",
    "CcnRoute",
    "DirectAccess",
    "NetworkFacts",
    "Usage",
    "capacity",
    "read",
]

Answer = Mapping[str, Any]


class AddOn(StrEnum):
    """How Pods get their addresses."""

    GLOBAL_ROUTER = "GLOBAL_ROUTER"
    VPC_CNI_SHARED = "VPC_CNI_SHARED"
    VPC_CNI_EXCLUSIVE = "VPC_CNI_EXCLUSIVE"
    MIXED = "MIXED"
    CILIUM_OVERLAY = "CILIUM_OVERLAY"
    UNKNOWN = "UNKNOWN"


class DirectAccess(StrEnum):
    """Whether a CLB can reach the Pods without passing a node."""

    READY = "ready"
    PARTLY = "partly"
    NEEDS_CCN = "needs-ccn"
    UNSUPPORTED = "unsupported"
    UNKNOWN = "unknown"


def gettext_noop(text: str) -> str:
    """Mark a msgid for the translators; django's own would drag django in here."""
    return text


WORDS = {
    AddOn.GLOBAL_ROUTER: gettext_noop("GlobalRouter"),
    AddOn.VPC_CNI_SHARED: gettext_noop("VPC-CNI, shared ENI with multiple IPs"),
    AddOn.VPC_CNI_EXCLUSIVE: gettext_noop("VPC-CNI, exclusive ENI"),
    AddOn.MIXED: gettext_noop("GlobalRouter + VPC-CNI"),
    AddOn.CILIUM_OVERLAY: gettext_noop("Cilium-Overlay"),
    AddOn.UNKNOWN: gettext_noop("Unknown"),
}
MEANING = {
    AddOn.GLOBAL_ROUTER: gettext_noop(
        "Pods have addresses of the container network. A CLB reaches them only over a route of "
        "the Cloud Connect Network."
    ),
    AddOn.VPC_CNI_SHARED: gettext_noop(
        "Each Pod has an IP of the VPC. A CLB reaches it without passing a node port, and the Pod "
        "sees the client’s source IP."
    ),
    AddOn.VPC_CNI_EXCLUSIVE: gettext_noop(
        "Each Pod has a network interface of its own in the VPC. A CLB reaches it without passing "
        "a node, and the Pod sees the client’s source IP."
    ),
    AddOn.MIXED: gettext_noop(
        "Pods that ask for an ENI address (annotation tke.cloud.tencent.com/networks: "
        "tke-route-eni) have an IP of the VPC and can be bound directly. The others have "
        "addresses of the container network."
    ),
    AddOn.CILIUM_OVERLAY: gettext_noop(
        "Pods have addresses of an overlay that exists only between the nodes. No CLB can reach "
        "them, so direct access is not possible."
    ),
    AddOn.UNKNOWN: gettext_noop(
        "DescribeClusters does not say which network add-on this cluster has, so podgate cannot "
        "tell whether a CLB reaches its Pods."
    ),
}
# Whose Pods, or some of them, have addresses of a container network.
ROUTED = frozenset({AddOn.GLOBAL_ROUTER, AddOn.MIXED})
DIRECT_ACCESS = {
    AddOn.GLOBAL_ROUTER: DirectAccess.NEEDS_CCN,
    AddOn.VPC_CNI_SHARED: DirectAccess.READY,
    AddOn.VPC_CNI_EXCLUSIVE: DirectAccess.READY,
    AddOn.MIXED: DirectAccess.PARTLY,
    AddOn.CILIUM_OVERLAY: DirectAccess.UNSUPPORTED,
    AddOn.UNKNOWN: DirectAccess.UNKNOWN,
}
DIRECT_ACCESS_WORDS = {
    DirectAccess.READY: gettext_noop("Direct access: ready"),
    DirectAccess.PARTLY: gettext_noop("Direct access: for Pods with an ENI address"),
    DirectAccess.NEEDS_CCN: gettext_noop("Direct access: needs CCN"),
    DirectAccess.UNSUPPORTED: gettext_noop("Direct access: not supported"),
    DirectAccess.UNKNOWN: gettext_noop("Direct access: unknown"),
}


@dataclass(frozen=True)
class NetworkFacts:
    add_on: AddOn
    words: str
    meaning: str
    direct_access: DirectAccess
    direct_access_words: str
    vpc_id: str
    cluster_cidrs: tuple[str, ...]
    service_cidr: str
    # Addresses the node route tables and Services reserve: 0 when the answer gives none.
    max_pods_per_node: int
    max_services: int
    kube_proxy: str
    dual_stack: bool
    # Subnets whose addresses Pods get (VPC-CNI), and the one of the control plane.
    eni_subnet_ids: tuple[str, ...]
    control_plane_subnet_id: str
    # Property as the cloud gave it, for those who want to see where the add-on was read from.
    property: Mapping[str, Any]


@dataclass(frozen=True)
class Usage:
    """`left` can be less than `total - used`, when something else runs out first."""

    used: int
    total: int
    left: int


@dataclass(frozen=True)
class Capacity:
    """How much fits; None where nothing limits it or the answers do not say."""

    nodes: Usage | None
    pods: Usage | None
    services: Usage | None
    pods_per_node: int


def read(cluster: Answer) -> NetworkFacts:
    """The network facts of one element of DescribeClusters' `Clusters`."""
    settings: Answer = cluster.get("ClusterNetworkSettings") or {}
    property_ = _property(cluster.get("Property"))
    add_on = _add_on(property_)
    return NetworkFacts(
        add_on=add_on,
        words=WORDS[add_on],
        meaning=MEANING[add_on],
        direct_access=DIRECT_ACCESS[add_on],
        direct_access_words=DIRECT_ACCESS_WORDS[DIRECT_ACCESS[add_on]],
        vpc_id=str(settings.get("VpcId") or ""),
        cluster_cidrs=tuple(_words(settings.get("ClusterCIDR"))),
        service_cidr=str(settings.get("ServiceCIDR") or ""),
        max_pods_per_node=int(settings.get("MaxNodePodNum") or 0),
        max_services=int(settings.get("MaxClusterServiceNum") or 0),
        kube_proxy=_kube_proxy(settings),
        dual_stack=bool(settings.get("IsDualStack")),
        eni_subnet_ids=tuple(settings.get("Subnets") or ()),
        control_plane_subnet_id=str(settings.get("SubnetId") or ""),
        property=property_,
    )


def _property(text: object) -> dict[str, Any]:
    try:
        parsed = json.loads(str(text or "{}"))
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}


def _add_on(property_: Answer) -> AddOn:
    network = str(property_.get("NetworkType") or "").lower().replace("-", "")
    cni = str(property_.get("VpcCniType") or "")
    if network == "gr":
        return AddOn.MIXED if cni else AddOn.GLOBAL_ROUTER
    if network == "vpccni":
        return AddOn.VPC_CNI_EXCLUSIVE if cni == "tke-direct-eni" else AddOn.VPC_CNI_SHARED
    return AddOn.CILIUM_OVERLAY if network == "ciliumoverlay" else AddOn.UNKNOWN


def _kube_proxy(settings: Answer) -> str:
    if settings.get("DataPlaneV2"):
        return gettext_noop("none: Cilium replaces it")
    if settings.get("KubeProxyMode") == "kube-proxy-bpf":
        return "ipvs-bpf"
    return "ipvs" if settings.get("Ipvs") else "iptables"


def _words(value: object) -> list[str]:
    return str(value or "").replace(",", " ").split()


def capacity(
    network: NetworkFacts,
    *,
    nodes: int,
    pods: int,
    services: int,
    subnets: Sequence[tuple[int, int]] = (),
) -> Capacity:
    """What is used and left; `subnets` are (total, free) addresses of the ENI subnets."""
    # Three addresses of each node's block and five of the Services' are the network's own.
    per_node = max(0, network.max_pods_per_node - 3)
    usable_services = max(0, network.max_services - 5)
    return Capacity(
        nodes=_usage(nodes, _max_nodes(network)),
        pods=_pods(network, nodes=nodes, pods=pods, per_node=per_node, subnets=subnets),
        services=_usage(services, usable_services or None),
        pods_per_node=per_node,
    )


def _pods(
    network: NetworkFacts,
    *,
    nodes: int,
    pods: int,
    per_node: int,
    subnets: Sequence[tuple[int, int]],
) -> Usage | None:
    total = nodes * per_node
    in_vpc = network.add_on in {AddOn.VPC_CNI_SHARED, AddOn.VPC_CNI_EXCLUSIVE}
    if in_vpc and subnets:
        addresses, free = (sum(numbers) for numbers in zip(*subnets, strict=True))
        total = min(total, addresses) if total else addresses
        return Usage(pods, total, max(0, min(total - pods, free)))
    return _usage(pods, total or None)


def _max_nodes(network: NetworkFacts) -> int | None:
    """Nodes the container CIDR has blocks for; None where Pods live in the VPC's subnets."""
    if network.add_on in {AddOn.VPC_CNI_SHARED, AddOn.VPC_CNI_EXCLUSIVE, AddOn.UNKNOWN}:
        return None
    cidrs = [cidr for cidr in map(_cidr, network.cluster_cidrs) if cidr and cidr.version == 4]
    if not cidrs or not network.max_pods_per_node:
        return None
    blocks = sum(cidr.num_addresses for cidr in cidrs) // network.max_pods_per_node
    service_cidr = _cidr(network.service_cidr)
    if service_cidr is None or any(service_cidr.overlaps(cidr) for cidr in cidrs):
        # Services take their addresses out of the container CIDR, in whole node blocks.
        blocks -= -(-network.max_services // network.max_pods_per_node)
    return max(0, blocks)


def _cidr(text: str) -> IPv4Network | IPv6Network | None:
    try:
        return ip_network(text, strict=False)
    except ValueError:
        return None


def _usage(used: int, total: int | None) -> Usage | None:
    return None if total is None else Usage(used, total, max(0, total - used))
