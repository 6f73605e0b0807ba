"""Which emulated addresses are in use, read from the kernel: Pods listen for real.

So this half needs no word with the Kubernetes half, and an IP is "up" when something holds it.
"""

import itertools
import time
from contextlib import nullcontext
from pathlib import Path

from sandbox.world import Cluster, World

LISTEN = "0A"
FRESH_SECONDS = 1.0


class Addresses:
    def __init__(self, world: World) -> None:
        self._pod_cidrs = [cidr for cluster in world.clusters for cidr in cluster.pod_cidrs]
        self._nodes = {ip for cluster in world.clusters for ip in node_ips(cluster)}
        self._prefix = f"{world.net.prefix}."
        self._held: set[str] = set()
        self._read_at = 0.0

    def held(self) -> set[str]:
        """Every address of this world that a listening TCP or any UDP socket is bound to."""
        if time.monotonic() - self._read_at > FRESH_SECONDS:
            found = _bound("tcp", LISTEN) | _bound("udp", None)
            self._held = {ip for ip in found if ip.startswith(self._prefix)}
            self._read_at = time.monotonic()
        return self._held

    def of_pods(self) -> set[str]:
        return {ip for ip in self.held() if self._is_pod(ip)}

    def taken(self) -> set[str]:
        """Addresses of the VPCs that no load balancer can have: nodes' and Pods'."""
        return self.of_pods() | self._nodes

    def is_up(self, ip: str) -> bool:
        return ip in self.held()

    def _is_pod(self, ip: str) -> bool:
        number = _number(ip)
        return any(
            int(cidr.network_address) <= number <= int(cidr.broadcast_address)
            for cidr in self._pod_cidrs
        )


def _number(ip: str) -> int:
    return int.from_bytes(map(int, ip.split(".")))


def node_ips(cluster: Cluster) -> list[str]:
    """The nodes' addresses: both halves count them from the tenth of the node subnet."""
    return [str(cluster.node_subnet.cidr[10 + number]) for number in range(cluster.nodes)]


def _bound(protocol: str, state: str | None) -> set[str]:
    """Local addresses in /proc/net/<protocol>; each is four bytes in hex, lowest byte first."""
    path = Path("/proc/net", protocol)
    found = set()
    with path.open() if path.exists() else nullcontext(()) as lines:
        for line in itertools.islice(lines, 1, None):
            _, local, _, is_in, *_ = line.split(None, 4)
            # Listening sockets come first; behind them may be many thousand connections.
            if state not in (None, is_in):
                break
            found.add(local[:8])
    return {".".join(str(byte) for byte in reversed(bytes.fromhex(each))) for each in found}
