"""Which emulated addresses are in use, read from the kernel: Pods listen for real.

So this half needs no word with the Kubernetes half, and an IP is "up" when something holds it.
"""

import time
from pathlib import Path

from sandbox.world import World

LISTEN = "0A"
FRESH_SECONDS = 1.0


class Addresses:
    def __init__(self, world: World) -> None:
        self._pod_cidrs = [cidr for cluster in world.clusters for cidr in cluster.pod_cidrs]
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


def _bound(protocol: str, state: str | None) -> set[str]:
    """Local addresses in /proc/net/<protocol>; each is four bytes in hex, lowest byte first."""
    path = Path("/proc/net", protocol)
    lines = path.read_text().splitlines()[1:] if path.exists() else []
    fields = (line.split(None, 4) for line in lines)
    hexes = {local[:8] for _, local, _, found, *_ in fields if state in (None, found)}
    return {".".join(str(byte) for byte in reversed(bytes.fromhex(each))) for each in hexes}
