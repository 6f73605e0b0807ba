"""The account's VPC side that can change: account type, security groups, Cloud Connect Network.

VPCs and subnets themselves are the world's. Which address a load balancer can reach follows here.
"""

from ipaddress import IPv4Address, IPv4Network

import msgspec

from sandbox.tencent.store import Store
from sandbox.world import World

ACCOUNT_TYPES = ("STANDARD", "LEGACY")


class Policy(msgspec.Struct):
    """One ingress rule of a security group."""

    protocol: str
    port: str
    cidr: str
    action: str = "ACCEPT"
    description: str = ""


class SecurityGroup(msgspec.Struct):
    id: str
    name: str
    description: str
    ingress: list[Policy] = msgspec.field(default_factory=list)
    version: int = 1


class Route(msgspec.Struct):
    id: str
    cidr: str
    vpc_id: str
    enabled: bool


class Ccn(msgspec.Struct):
    id: str
    name: str
    attached: list[str] = msgspec.field(default_factory=list)
    routes: list[Route] = msgspec.field(default_factory=list)


class Networks:
    def __init__(self, store: Store, world: World) -> None:
        self._store, self._world = store, world
        self._vpcs = [cluster.vpc for cluster in world.clusters]
        self.account_type: str = store.setting("account_type", "STANDARD")
        self.groups = store.read("security_group", SecurityGroup) or _demo_groups(world)
        self.ccns = store.read("ccn", Ccn) or _demo_ccns(world)

    def set_account_type(self, name: str) -> None:
        if name not in ACCOUNT_TYPES:
            raise ValueError(f"the account type is one of {', '.join(ACCOUNT_TYPES)}")
        self.account_type = name
        self._store.set("account_type", name)

    def group_changed(self, group: SecurityGroup) -> None:
        group.version += 1
        for each in self.groups.values():
            self._store.put("security_group", each.id, each)

    def ccn_changed(self) -> None:
        for each in self.ccns.values():
            self._store.put("ccn", each.id, each)

    def attach(self, ccn: Ccn, vpc_id: str) -> None:
        """The VPC's own range is announced at once; container ranges wait to be enabled."""
        if vpc_id in ccn.attached:
            return
        ccn.attached.append(vpc_id)
        ccn.routes += _routes(self._world, vpc_id)
        self.ccn_changed()

    def reaches(self, vpc_id: str, ip: str) -> bool:
        """Whether a load balancer of this VPC can have this address as a backend.

        Addresses of its VPC, and those of a container network that is registered to the CCN.
        """
        address = IPv4Address(ip)
        own = next((vpc.cidr for vpc in self._vpcs if vpc.id == vpc_id), None)
        if own and address in own:
            return True
        routes = (route for ccn in self.ccns.values() for route in ccn.routes)
        return any(
            route.enabled and route.vpc_id == vpc_id and address in IPv4Network(route.cidr)
            for route in routes
        )


def _routes(world: World, vpc_id: str) -> list[Route]:
    routes = []
    for cluster in world.clusters:
        if cluster.vpc.id != vpc_id:
            continue
        key = cluster.id.removeprefix("cls-")
        routes.append(Route(f"ccnr-{key}v", str(cluster.vpc.cidr), vpc_id, enabled=True))
        if cluster.network_type == "GR":
            routes += [
                Route(f"ccnr-{key}c{index}", str(cidr), vpc_id, enabled=False)
                for index, cidr in enumerate(cluster.pod_cidrs)
            ]
    return routes


def _demo_ccns(world: World) -> dict[str, Ccn]:
    attached = [cluster.vpc.id for cluster in world.clusters[:2]]
    routes = [route for vpc_id in attached for route in _routes(world, vpc_id)]
    return {"ccn-shop0001": Ccn("ccn-shop0001", "shop-ccn", attached, routes)}


def _demo_groups(world: World) -> dict[str, SecurityGroup]:
    everywhere = "0.0.0.0/0"
    groups = [
        SecurityGroup(
            "sg-open0001",
            "open-to-all",
            "Everything may come in",
            [Policy("ALL", "ALL", everywhere, description="all")],
        ),
        SecurityGroup(
            "sg-nodes001",
            "tke-nodes",
            "Nodes and Pods: the VPC, CLB health checks, NodePorts",
            [
                Policy("ALL", "ALL", f"{world.net.prefix}.0.0/16", description="VPC and CLB"),
                Policy("TCP", "30000-32768", everywhere, description="NodePort"),
                Policy("UDP", "30000-32768", everywhere, description="NodePort"),
            ],
        ),
        SecurityGroup(
            "sg-strict01",
            "tke-nodes-strict",
            "Nodes of shop-classic: NodePorts and SSH only",
            [
                Policy("TCP", "30000-32768", everywhere, description="NodePort"),
                Policy("TCP", "22", f"{world.net.prefix}.0.0/16", description="SSH"),
                Policy("ALL", "ALL", everywhere, "DROP", "everything else"),
            ],
        ),
    ]
    return {group.id: group for group in groups}
