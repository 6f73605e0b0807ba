"""The account's VPC side that can change: account type, Cloud Connect Network, reachability.

VPCs and subnets themselves are the world's. Which address a load balancer can have as a backend,
and which one it reaches, follows here; what rules let through is `security`.
"""

from ipaddress import IPv4Address, IPv4Network

import msgspec

from sandbox.tencent.security import Security
from sandbox.tencent.store import Store
from sandbox.world import Cluster, World

ACCOUNT_TYPES = ("STANDARD", "LEGACY")
AVAILABLE, ISOLATED = "AVAILABLE", "ISOLATED"
DEMO_CCN = "ccn-shop0001"


class Route(msgspec.Struct):
    """A route of a CCN: to an attached VPC, to its container network, or to something else."""

    id: str
    cidr: str
    vpc_id: str
    enabled: bool
    instance_type: str = "VPC"


class Ccn(msgspec.Struct):
    id: str
    name: str
    attached: list[str] = msgspec.field(default_factory=list)
    routes: list[Route] = msgspec.field(default_factory=list)
    state: str = AVAILABLE
    description: str = ""


class Networks:
    def __init__(self, store: Store, world: World) -> None:
        self._store, self._world = store, world
        self._vpcs = [cluster.vpc for cluster in world.clusters]
        self.account_type: str = store.setting("account_type", "STANDARD")
        self.in_arrears: bool = store.setting("in_arrears", False)
        # Whether the endpoint has TKE's own CCN actions; the public SDK does not know them.
        self.has_tke_ccn: bool = store.setting("has_tke_ccn", True)
        # VPCs whose container networks were routed by ticket: no CCN, no check of addresses.
        self.by_ticket: list[str] = store.setting("by_ticket", [])
        self.security = Security(store, world)
        self.ccns = store.read("ccn", Ccn) or _demo_ccns(world)

    def set_account_type(self, name: str) -> None:
        if name not in ACCOUNT_TYPES:
            raise ValueError(f"the account type is one of {', '.join(ACCOUNT_TYPES)}")
        self.account_type = name
        self._store.set("account_type", name)

    def set_arrears(self, on: bool) -> None:
        self.in_arrears = on
        self._store.set("in_arrears", on)

    def offer_tke_ccn(self, offered: bool) -> None:
        self.has_tke_ccn = offered
        self._store.set("has_tke_ccn", offered)

    def route_by_ticket(self, vpc_id: str, on: bool) -> None:
        if vpc_id not in {vpc.id for vpc in self._vpcs}:
            raise ValueError(f"no VPC {vpc_id}")
        self.by_ticket = [each for each in self.by_ticket if each != vpc_id] + [vpc_id] * on
        self._store.set("by_ticket", self.by_ticket)

    def account(self) -> dict[str, object]:
        """What the setters above set."""
        return {
            "account_type": self.account_type,
            "arrears": self.in_arrears,
            "tke_ccn": self.has_tke_ccn,
            "by_ticket": self.by_ticket,
        }

    # CCN
    def ccn_changed(self) -> None:
        for each in self.ccns.values():
            self._store.put("ccn", each.id, each)

    def dropped(self, ccn: Ccn) -> None:
        del self.ccns[ccn.id]
        self._store.drop("ccn", ccn.id)

    def ccn_of(self, vpc_id: str) -> Ccn | None:
        return next((ccn for ccn in self.ccns.values() if vpc_id in ccn.attached), None)

    def attach(self, ccn: Ccn, vpc_id: str) -> None:
        """The VPC's own range is announced at once; container ranges wait to be registered."""
        ccn.attached.append(vpc_id)
        vpc = next(vpc for vpc in self._vpcs if vpc.id == vpc_id)
        self.announce(ccn, vpc_id, str(vpc.cidr))

    def detach(self, ccn: Ccn, vpc_id: str) -> None:
        ccn.attached.remove(vpc_id)
        ccn.routes = [route for route in ccn.routes if route.vpc_id != vpc_id]
        self.ccn_changed()

    def announce(self, ccn: Ccn, vpc_id: str, cidr: str, kind: str = "VPC") -> Route:
        """A new route is enabled unless it overlaps one that is."""
        known = next((r for r in ccn.routes if (r.vpc_id, r.cidr) == (vpc_id, cidr)), None)
        if known:
            return known
        numbers = [int(route.id.rpartition("-")[2], 16) for route in ccn.routes]
        id = f"ccnr-{max(numbers, default=0x1000) + 1:08x}"
        route = Route(id, cidr, vpc_id, enabled=False, instance_type=kind)
        route.enabled = not conflicts(ccn, route)
        ccn.routes.append(route)
        self.ccn_changed()
        return route

    def withdraw(self, ccn: Ccn, vpc_id: str, cidr: str) -> None:
        ccn.routes = [r for r in ccn.routes if (r.vpc_id, r.cidr) != (vpc_id, cidr)]
        self.ccn_changed()

    # What a load balancer can have as a backend, and what it reaches
    def refusal(self, vpc_id: str, ip: str) -> str:
        """Why CLB would not take this address as a backend in this VPC; empty if it would."""
        if self._is_in_vpc(vpc_id, ip):
            return ""
        if self.account_type == "LEGACY":
            return f"{ip} is not in {vpc_id}, and only bill-by-IP accounts bind other addresses"
        # A route by ticket comes without a check of addresses.
        if vpc_id in self.by_ticket or self._is_routed(vpc_id, ip):
            return ""
        return f"{ip} is not an address that {vpc_id} can reach"

    def reaches(self, vpc_id: str, ip: str) -> bool:
        """Whether packets of a load balancer of this VPC arrive at this address."""
        if self._is_in_vpc(vpc_id, ip) or self._is_routed(vpc_id, ip):
            return True
        cidrs = (
            cidr
            for cluster in self._world.clusters
            if cluster.vpc.id == vpc_id and is_global_router(cluster)
            for cidr in cluster.pod_cidrs
        )
        return vpc_id in self.by_ticket and any(IPv4Address(ip) in cidr for cidr in cidrs)

    def _is_in_vpc(self, vpc_id: str, ip: str) -> bool:
        own = next((vpc.cidr for vpc in self._vpcs if vpc.id == vpc_id), None)
        return own is not None and IPv4Address(ip) in own

    def _is_routed(self, vpc_id: str, ip: str) -> bool:
        ccn = self.ccn_of(vpc_id)
        if ccn is None or ccn.state != AVAILABLE:
            return False
        address = IPv4Address(ip)
        return any(
            route.enabled and route.vpc_id == vpc_id and address in IPv4Network(route.cidr)
            for route in ccn.routes
        )


def is_global_router(cluster: Cluster) -> bool:
    return cluster.network_type == "GR"


def conflicts(ccn: Ccn, route: Route) -> list[Route]:
    """Enabled routes to elsewhere that overlap this one."""
    network = IPv4Network(route.cidr)
    return [
        other
        for other in ccn.routes
        if other.enabled
        and other.vpc_id != route.vpc_id
        and IPv4Network(other.cidr).overlaps(network)
    ]


def _demo_ccns(world: World) -> dict[str, Ccn]:
    """Two VPCs are in it; no container range is registered."""
    ccn = Ccn(DEMO_CCN, "shop-ccn", description="The shop's networks")
    for number, cluster in enumerate(world.clusters[:2], start=1):
        ccn.attached.append(cluster.vpc.id)
        route = Route(f"ccnr-{0x1000 + number:08x}", str(cluster.vpc.cidr), cluster.vpc.id, True)
        ccn.routes.append(route)
    return {ccn.id: ccn}
