"""Security groups: rules in order, whose traffic they guard, and what the first match decides.

Rules see a health check's packets come from 100.64.0.0/10, as on the real CLB, though the sandbox's
own come from `127.N.0.64`.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network

import msgspec

from sandbox.tencent.addresses import node_ips
from sandbox.tencent.store import Store
from sandbox.world import Cluster, World

# The address of the range 100.64.0.0/10 that stands for a CLB's health check.
HEALTH_SOURCE = "100.64.0.1"
OPEN, NODES, STRICT = "sg-open0001", "sg-nodes001", "sg-strict01"
EVERYWHERE = "0.0.0.0/0"


class Policy(msgspec.Struct):
    """One rule; its source is a range, the members of another group, or a template's addresses."""

    protocol: str
    port: str
    cidr: str = ""
    action: str = "ACCEPT"
    description: str = ""
    group: str = ""
    template: str = ""


class AddressTemplate(msgspec.Struct):
    """Addresses, ranges `a-b` and CIDR blocks under one name."""

    id: str
    name: str
    addresses: list[str]


class SecurityGroup(msgspec.Struct):
    id: str
    name: str
    description: str
    ingress: list[Policy] = msgspec.field(default_factory=list)
    version: int = 1


class Guarded(msgspec.Struct):
    """The groups in front of something: a cluster's nodes, or the network interface of Pods."""

    groups: list[str]


class Security:
    """The account's groups, and who stands behind which."""

    def __init__(self, store: Store, world: World) -> None:
        self._store, self._clusters = store, world.clusters
        self.groups = store.read("security_group", SecurityGroup) or demo_groups(world)
        self._guarded = store.read("guarded", Guarded)
        self._decided: dict[tuple[tuple[str, ...], str, str, int], bool] = {}

    def changed(self, group: SecurityGroup) -> None:
        group.version += 1
        self._decided.clear()
        for each in self.groups.values():
            self._store.put("security_group", each.id, each)

    def guard(self, what: str, groups: list[str]) -> None:
        """Put other groups in front of a cluster's nodes (cls-...) or of an interface (eni-...)."""
        known = {cluster.id for cluster in self._clusters} | set(eni_ids(self._clusters))
        if what not in known or set(groups) - set(self.groups):
            raise ValueError(f"unknown: {what} or one of {', '.join(groups)}")
        self._guarded[what] = Guarded(groups)
        self._store.put("guarded", what, self._guarded[what])
        self._decided.clear()

    def of_nodes(self, cluster: Cluster) -> list[str]:
        found = self._guarded.get(cluster.id)
        return found.groups if found else [DEMO_NODES.get(cluster.id, NODES)]

    def of_interface(self, eni_id: str) -> list[str]:
        found = self._guarded.get(eni_id)
        return found.groups if found else [NODES]

    def in_front_of(self, ip: str) -> list[str]:
        """Of an address in the VPC its interface's, of one in a container network the nodes'."""
        address = IPv4Address(ip)
        for cluster in self._clusters:
            if cluster.network_type == "VPC-CNI":
                for subnet in cluster.vpc.subnets:
                    if subnet.role == "pods" and address in subnet.cidr:
                        return self.of_interface(eni_of(subnet.id))
            elif any(address in cidr for cidr in cluster.pod_cidrs):
                return self.of_nodes(cluster)
            if ip in node_ips(cluster):
                return self.of_nodes(cluster)
        return []

    def admits(self, groups: Sequence[str], source: str, protocol: str, port: int) -> bool:
        """What the first rule that matches says; nothing matches = refused, no group = open."""
        if not groups:
            return True
        key = (tuple(groups), source, protocol, port)
        if key not in self._decided:
            if len(self._decided) > 10_000:
                self._decided.clear()
            self._decided[key] = self._decide(groups, IPv4Address(source), protocol, port)
        return self._decided[key]

    def _decide(self, groups: Iterable[str], source: IPv4Address, protocol: str, port: int) -> bool:
        for id in groups:
            for policy in self.groups[id].ingress:
                if self._is_from(policy, source) and _is_for(policy, protocol, port):
                    return policy.action == "ACCEPT"
        return False

    def _is_from(self, policy: Policy, source: IPv4Address) -> bool:
        if policy.group:
            return policy.group in self.in_front_of(str(source))
        if policy.template:
            return any(_holds(each, source) for each in TEMPLATES[policy.template].addresses)
        return source in _network(policy.cidr)


def _holds(text: str, source: IPv4Address) -> bool:
    first, _dash, last = text.partition("-")
    if last:
        return IPv4Address(first) <= source <= IPv4Address(last)
    return source in _network(text)


@lru_cache(maxsize=4096)
def _network(cidr: str) -> IPv4Network:
    return IPv4Network(cidr, strict=False)


def _is_for(policy: Policy, protocol: str, port: int) -> bool:
    if policy.protocol == "ALL":
        return True
    if policy.protocol != protocol:
        return False
    return protocol == "ICMP" or _has_port(policy.port, port)


def _has_port(ports: str, port: int) -> bool:
    """`80`, `8000-8010`, `80,443` or `ALL`."""
    if ports.upper() == "ALL":
        return True
    for part in ports.split(","):
        low, _dash, high = part.partition("-")
        if int(low) <= port <= int(high or low):
            return True
    return False


def eni_of(subnet_id: str) -> str:
    return f"eni-{subnet_id.removeprefix('subnet-')}"


def eni_ids(clusters: Iterable[Cluster]) -> list[str]:
    subnets = (subnet for cluster in clusters for subnet in cluster.vpc.subnets)
    return [eni_of(subnet.id) for subnet in subnets if subnet.role == "pods"]


_TEMPLATES = (
    AddressTemplate("ipm-office01", "office", ["203.0.113.0/24", "198.51.100.7-198.51.100.9"]),
    AddressTemplate("ipm-probes01", "clb-probes", ["100.64.0.0/11", "100.96.0.0/11"]),
)
TEMPLATES = {template.id: template for template in _TEMPLATES}
# The nodes of the GlobalRouter cluster take nothing but NodePorts: seen before it bites.
DEMO_NODES = {"cls-router01": STRICT}


def demo_groups(world: World) -> dict[str, SecurityGroup]:
    vpc = f"{world.net.prefix}.0.0/16"
    groups = [
        SecurityGroup(
            OPEN,
            "open-to-all",
            "Everything may come in",
            [Policy("ALL", "ALL", EVERYWHERE, description="all")],
        ),
        SecurityGroup(
            NODES,
            "tke-nodes",
            "Nodes and Pods: the VPC, CLB health checks, applications",
            [
                Policy("ALL", "ALL", vpc, description="VPC"),
                Policy("ALL", "ALL", "100.64.0.0/10", description="CLB health checks"),
                Policy("TCP", "1024-65535", EVERYWHERE, description="applications, NodePorts"),
                Policy("UDP", "1024-65535", EVERYWHERE, description="applications, NodePorts"),
            ],
        ),
        SecurityGroup(
            STRICT,
            "tke-nodes-strict",
            "Nodes of shop-classic: NodePorts and SSH only",
            [
                Policy("TCP", "30000-32768", EVERYWHERE, description="NodePort"),
                Policy("TCP", "22", vpc, description="SSH"),
                Policy("ALL", "ALL", EVERYWHERE, "DROP", "everything else"),
            ],
        ),
    ]
    return {group.id: group for group in groups}
