import json
from typing import Any

import pytest

from console import network
from console.network import AddOn, DirectAccess, Usage

GR = {"NodeNameType": "lan-ip", "NetworkType": "GR"}
MIXED = GR | {"VpcCniType": "tke-route-eni", "IsSupportMultiENI": True}


def cluster(property_: Any, **settings: Any) -> dict[str, Any]:
    text = property_ if isinstance(property_, str) else json.dumps(property_)
    return {"ClusterId": "cls-x", "Property": text, "ClusterNetworkSettings": settings}


@pytest.mark.parametrize(
    ("property_", "add_on", "words", "direct"),
    [
        (GR, AddOn.GLOBAL_ROUTER, "GlobalRouter", DirectAccess.NEEDS_CCN),
        (MIXED, AddOn.MIXED, "GlobalRouter + VPC-CNI", DirectAccess.PARTLY),
        (
            {"NetworkType": "VPC-CNI", "VpcCniType": "tke-route-eni"},
            AddOn.VPC_CNI_SHARED,
            "VPC-CNI, shared ENI with multiple IPs",
            DirectAccess.READY,
        ),
        (
            {"NetworkType": "VPC-CNI", "VpcCniType": "tke-direct-eni"},
            AddOn.VPC_CNI_EXCLUSIVE,
            "VPC-CNI, exclusive ENI",
            DirectAccess.READY,
        ),
        (
            {"NetworkType": "CiliumOverlay"},
            AddOn.CILIUM_OVERLAY,
            "Cilium-Overlay",
            DirectAccess.UNSUPPORTED,
        ),
        ({}, AddOn.UNKNOWN, "Unknown", DirectAccess.UNKNOWN),
        ("not json", AddOn.UNKNOWN, "Unknown", DirectAccess.UNKNOWN),
        ("[1]", AddOn.UNKNOWN, "Unknown", DirectAccess.UNKNOWN),
    ],
)
def test_the_add_on_is_read_from_property(
    property_: Any, add_on: AddOn, words: str, direct: DirectAccess
) -> None:
    facts = network.read(cluster(property_))
    assert (facts.add_on, facts.words, facts.direct_access) == (add_on, words, direct)
    assert facts.meaning


def test_the_cni_flag_alone_never_makes_a_cluster_vpc_cni() -> None:
    facts = network.read(cluster(GR, Cni=True, Subnets=["subnet-1"]))
    assert facts.add_on is AddOn.GLOBAL_ROUTER


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"Ipvs": False}, "iptables"),
        ({"Ipvs": True}, "ipvs"),
        ({"Ipvs": True, "KubeProxyMode": "kube-proxy-bpf"}, "ipvs-bpf"),
        ({"DataPlaneV2": True}, "none: Cilium replaces it"),
    ],
)
def test_the_kube_proxy_mode_in_words(settings: dict[str, Any], words: str) -> None:
    assert network.read(cluster(GR, **settings)).kube_proxy == words


def test_an_empty_answer_is_no_crash() -> None:
    assert network.read({}).add_on is AddOn.UNKNOWN
    assert network.read({"ClusterNetworkSettings": None, "Property": None}).vpc_id == ""


def capacity(property_: Any, counts: tuple[int, int, int], **settings: Any) -> network.Capacity:
    nodes, pods, services = counts
    subnets = settings.pop("subnets", ())
    facts = network.read(cluster(property_, **settings))
    return network.capacity(facts, nodes=nodes, pods=pods, services=services, subnets=subnets)


def test_capacity_of_a_global_router_cluster_whose_services_share_the_cidr() -> None:
    room = capacity(
        GR,
        (6, 312, 38),
        ClusterCIDR="10.4.0.0/16",
        MaxNodePodNum=64,
        MaxClusterServiceNum=1024,
    )
    # 65,536 addresses are 1,024 blocks of 64, 16 of them taken by 1,024 Services.
    assert room.nodes == Usage(used=6, total=1008, left=1002)
    assert room.pods == Usage(used=312, total=366, left=54)
    assert room.services == Usage(used=38, total=1019, left=981)
    assert room.pods_per_node == 61


def test_services_with_a_cidr_of_their_own_take_no_node_blocks() -> None:
    room = capacity(
        GR,
        (3, 10, 5),
        ClusterCIDR="10.4.0.0/20",
        ServiceCIDR="10.8.0.0/22",
        MaxNodePodNum=64,
        MaxClusterServiceNum=1024,
    )
    assert room.nodes == Usage(used=3, total=64, left=61)


def test_pods_of_a_vpc_cni_cluster_are_limited_by_free_addresses_too() -> None:
    room = capacity(
        {"NetworkType": "VPC-CNI", "VpcCniType": "tke-route-eni"},
        (4, 30, 5),
        MaxNodePodNum=64,
        MaxClusterServiceNum=256,
        subnets=[(1021, 10), (1021, 5)],
    )
    assert room.nodes is None
    assert room.pods == Usage(used=30, total=244, left=15)


def test_nothing_is_said_of_limits_the_answer_does_not_give() -> None:
    room = capacity(GR, (1, 1, 1))
    assert (room.nodes, room.pods, room.services) == (None, None, None)
