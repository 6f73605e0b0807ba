"""A VPC's place in the Cloud Connect Network and the routes to its container networks; pure.

Each answer of the VPC API in, one value out: a container network is reached from a load balancer
when its range is a route of the CCN and that route is on.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any

Answer = Mapping[str, Any]
AVAILABLE, ACTIVE = "AVAILABLE", "ACTIVE"


@dataclass(frozen=True)
class CcnRoute:
    id: str
    cidr: str
    instance_id: str
    enabled: bool
    extra_state: str = ""


@dataclass(frozen=True)
class Ccn:
    """The CCN this VPC is in: `ccn_id` is empty when it is in none.

    `state` is the CCN's, `vpc_state` the VPC's in it; `cidrs` are the container networks' ranges.
    """

    vpc_id: str
    cidrs: tuple[str, ...]
    ccn_id: str = ""
    name: str = ""
    state: str = ""
    vpc_state: str = ""
    routes: tuple[CcnRoute, ...] = ()

    @property
    def attached(self) -> bool:
        return bool(self.ccn_id) and self.state == AVAILABLE and self.vpc_state == ACTIVE

    @property
    def own(self) -> tuple[CcnRoute, ...]:
        """Routes of this VPC that lead to its container networks."""
        return tuple(
            route
            for route in self.routes
            if route.instance_id == self.vpc_id
            and any(_covers(route.cidr, cidr) for cidr in self.cidrs)
        )

    @property
    def registered(self) -> bool:
        """Every container range has a route, on or off."""
        return self._has_all(self.own)

    @property
    def enabled(self) -> bool:
        """Every container range has a route that is on, in a CCN that works."""
        return self.attached and self._has_all(route for route in self.own if route.enabled)

    @property
    def conflicts(self) -> tuple[CcnRoute, ...]:
        """Routes to somewhere else, on, that overlap a container range."""
        return tuple(
            route
            for route in self.routes
            if route.enabled
            and route.instance_id != self.vpc_id
            and any(_overlap(route.cidr, cidr) for cidr in self.cidrs)
        )

    def missing(self) -> tuple[str, ...]:
        """Container ranges without a route."""
        return tuple(
            cidr for cidr in self.cidrs if not any(_covers(r.cidr, cidr) for r in self.own)
        )

    def stored(self) -> dict[str, Any]:
        return asdict(self)

    def _has_all(self, routes: Iterable[CcnRoute]) -> bool:
        found = list(routes)
        return bool(self.cidrs) and all(
            any(_covers(route.cidr, cidr) for route in found) for cidr in self.cidrs
        )


def restored(stored: Answer | None) -> Ccn | None:
    """What `Ccn.stored` wrote, as it comes back from JSON."""
    if stored is None:
        return None
    routes = tuple(CcnRoute(**route) for route in stored["routes"])
    return Ccn(**{**stored, "cidrs": tuple(stored["cidrs"]), "routes": routes})


def read(
    vpc_id: str,
    cidrs: Iterable[str],
    *,
    instances: Iterable[Answer],
    ccns: Iterable[Answer],
    routes: Iterable[Answer],
) -> Ccn:
    """From DescribeCcnAttachedInstances, DescribeCcns and DescribeCcnRoutes."""
    ranges = tuple(cidrs)
    ours = next((one for one in instances if one.get("InstanceId") == vpc_id), None)
    if ours is None:
        return Ccn(vpc_id, ranges)
    id = str(ours.get("CcnId") or "")
    ccn: Answer = next((one for one in ccns if one.get("CcnId") == id), {})
    return Ccn(
        vpc_id,
        ranges,
        ccn_id=id,
        name=str(ccn.get("CcnName") or ""),
        state=str(ccn.get("State") or ""),
        vpc_state=str(ours.get("State") or ""),
        routes=tuple(map(_route, routes)),
    )


def _route(row: Answer) -> CcnRoute:
    return CcnRoute(
        id=str(row.get("RouteId") or ""),
        cidr=str(row.get("DestinationCidrBlock") or ""),
        instance_id=str(row.get("InstanceId") or ""),
        enabled=bool(row.get("Enabled")),
        extra_state=str(row.get("ExtraState") or ""),
    )


def _covers(route: str, cidr: str) -> bool:
    outer, inner = _network(route), _network(cidr)
    if isinstance(outer, IPv4Network) and isinstance(inner, IPv4Network):
        return inner.subnet_of(outer)
    if isinstance(outer, IPv6Network) and isinstance(inner, IPv6Network):
        return inner.subnet_of(outer)
    return False


def _overlap(one: str, other: str) -> bool:
    first, second = _network(one), _network(other)
    return first is not None and second is not None and first.overlaps(second)


def _network(text: str) -> IPv4Network | IPv6Network | None:
    try:
        return ip_network(text, strict=False)
    except ValueError:
        return None
