"""The demo world as data: clusters, VPCs, subnets, the account; and the file that says where it is.

Both halves read it, so that an address means the same thing to Kubernetes and to Tencent Cloud.
"""

import fcntl
import json
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

from sandbox.net import Net

UIN = "100012345678"
OWNER_UIN = UIN
APP_ID = 1251234567
REGION = "ap-guangzhou"
ZONES = ("ap-guangzhou-3", "ap-guangzhou-4")
ACCOUNT = "shop-prod"
# Room for a rollout of 200 Pods beside the demo workloads.
PODS_PER_NODE = 256


@dataclass(frozen=True)
class Subnet:
    """A VPC subnet; `role` is nodes, pods (ENI), clb or full (no address left)."""

    id: str
    name: str
    role: str
    zone: str
    cidr: IPv4Network


@dataclass(frozen=True)
class Vpc:
    id: str
    name: str
    cidr: IPv4Network
    subnets: tuple[Subnet, ...]

    def subnet(self, role: str) -> Subnet:
        return next(subnet for subnet in self.subnets if subnet.role == role)


@dataclass(frozen=True)
class Cluster:
    """One TKE cluster; `pod_cidrs` are where Pods get their addresses, whatever the add-on."""

    id: str
    name: str
    version: str
    network_type: str
    vpc_cni_type: str
    vpc: Vpc
    pod_cidrs: tuple[IPv4Network, ...]
    service_cidr: IPv4Network
    api_ip: str
    nodes: int
    read_only: bool = False

    @property
    def server(self) -> str:
        return f"https://{self.api_ip}:6443"

    @property
    def git_version(self) -> str:
        return f"v{self.version}-tke.1"

    @property
    def minor(self) -> int:
        return int(self.version.split(".")[1])

    @property
    def node_subnet(self) -> Subnet:
        return self.vpc.subnet("nodes")


def _vpccni_vpc(net: Net) -> Vpc:
    zone, other = ZONES
    return Vpc(
        "vpc-vpccni01",
        "shop-vpc",
        net.cidr("16.0/20"),
        (
            Subnet("subnet-nodes01", "nodes", "nodes", zone, net.cidr("16.0/24")),
            Subnet("subnet-eni01", "pods-a", "pods", zone, net.cidr("20.0/22")),
            Subnet("subnet-eni02", "pods-b", "pods", other, net.cidr("24.0/22")),
            Subnet("subnet-clb01", "load-balancers", "clb", zone, net.cidr("17.0/24")),
            Subnet("subnet-full01", "used-up", "full", zone, net.cidr("18.0/29")),
        ),
    )


def _plain_vpc(net: Net, key: str, third: int) -> Vpc:
    """A VPC with a node subnet and one for load balancers."""
    zone = ZONES[0]
    return Vpc(
        f"vpc-{key}01",
        f"{key}-vpc",
        net.cidr(f"{third}.0/20"),
        (
            Subnet(f"subnet-{key}-nodes01", "nodes", "nodes", zone, net.cidr(f"{third}.0/24")),
            Subnet(
                f"subnet-{key}-clb01", "load-balancers", "clb", zone, net.cidr(f"{third + 1}.0/24")
            ),
        ),
    )


def clusters(net: Net) -> tuple[Cluster, ...]:
    """The demo clusters, in the order of their API servers' addresses."""
    vpccni = _vpccni_vpc(net)
    router, cilium, old = (
        _plain_vpc(net, key, third)
        for key, third in (("router", 32), ("cilium", 64), ("oldk8s", 96))
    )
    eni = tuple(subnet.cidr for subnet in vpccni.subnets if subnet.role == "pods")
    return (
        Cluster(
            "cls-vpccni01", "shop-prod", "1.30.0", "VPC-CNI", "tke-route-eni", vpccni, eni,
            net.cidr("200.0/22"), net.ip("0.11"), nodes=4,
        ),
        Cluster(
            "cls-router01", "shop-classic", "1.28.3", "GR", "", router, (net.cidr("48.0/20"),),
            net.cidr("204.0/22"), net.ip("0.12"), nodes=3,
        ),
        Cluster(
            "cls-cilium01", "edge-overlay", "1.30.0", "CiliumOverlay", "", cilium,
            (net.cidr("80.0/20"),), net.cidr("208.0/22"), net.ip("0.13"), nodes=2,
        ),
        Cluster(
            "cls-oldk8s01", "legacy", "1.10.5", "GR", "", old, (net.cidr("112.0/20"),),
            net.cidr("212.0/22"), net.ip("0.14"), nodes=2, read_only=True,
        ),
    )  # fmt: skip


def vpcs(net: Net) -> tuple[Vpc, ...]:
    return tuple(cluster.vpc for cluster in clusters(net))


@dataclass(frozen=True)
class World:
    """A running world: its network, its state directory and what `world.json` says."""

    net: Net
    state: Path
    time_scale: float
    facts: dict[str, Any]

    @property
    def clusters(self) -> tuple[Cluster, ...]:
        return clusters(self.net)

    def credentials(self, cluster: Cluster) -> dict[str, str]:
        """Tokens and CA of one cluster: server, ca, token, readonly_token, kubeconfig."""
        found: dict[str, str] = self.facts["clusters"][cluster.id]
        return found

    @property
    def tencent(self) -> dict[str, str]:
        """endpoint, secret_id, secret_key, uin, region."""
        found: dict[str, str] = self.facts["tencent"]
        return found


@contextmanager
def _alone(state: Path) -> Iterator[None]:
    """Both halves may start at once; one of them makes the world."""
    with (state / "world.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def written(state: Path) -> dict[str, Any] | None:
    """What `world.json` says, or None when this state directory is new."""
    path = state / "world.json"
    if not path.exists():
        return None
    facts: dict[str, Any] = json.loads(path.read_text())
    return facts


def write(state: Path, facts: dict[str, Any]) -> None:
    """Replace `world.json` in one step; it holds secrets, so only its owner may read it."""
    fresh = state / "world.json.new"
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as handle:
        json.dump(facts, handle, indent=2)
    fresh.replace(state / "world.json")


def open_world(
    state: Path, net: Net, *, time_scale: float, certificates: Callable[[Path, Net], dict[str, str]]
) -> World:
    """Continue the world of this state directory, or make its credentials and begin one.

    `certificates` makes (once) the CA and serving pairs and returns each cluster's CA in PEM.
    """
    with _alone(state):
        facts = written(state) or _new_facts(net, certificates(state, net), state)
        facts["time_scale"] = time_scale
        write(state, facts)
    return World(net, state, time_scale, facts)


def _new_facts(net: Net, authorities: dict[str, str], state: Path) -> dict[str, Any]:
    return {
        "net": net.prefix,
        "clusters": {
            cluster.id: {
                "server": cluster.server,
                "ca": authorities[cluster.id],
                "token": secrets.token_urlsafe(32),
                "readonly_token": secrets.token_urlsafe(32),
                "kubeconfig": str(state / f"{cluster.id}.kubeconfig"),
                "readonly_kubeconfig": str(state / f"{cluster.id}.readonly.kubeconfig"),
            }
            for cluster in clusters(net)
        },
        "tencent": {
            "endpoint": net.tencent,
            "secret_id": f"AKID{secrets.token_hex(16)}",
            "secret_key": secrets.token_hex(16),
            # A CAM user of the same account who may only read.
            "readonly_secret_id": f"AKID{secrets.token_hex(16)}",
            "readonly_secret_key": secrets.token_hex(16),
            "uin": UIN,
            "region": REGION,
            "account": ACCOUNT,
        },
        "control": {
            "tencent": net.tencent,
            "kubernetes": net.kubernetes_control,
        },
    }
