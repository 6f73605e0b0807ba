"""Where Pod addresses come from: the ENI subnets of the VPC or the container CIDR."""

import ipaddress
from collections import deque
from collections.abc import Iterator, Sequence


class Exhausted(Exception):
    """No free address is left in the pool."""


class Addresses:
    """Free addresses of some networks, handed out in order; a released one comes back last.

    `reuse=True` asks for the address released last, as a real VPC-CNI does when it is unlucky.
    """

    def __init__(self, networks: Sequence[str]) -> None:
        self._networks = [ipaddress.ip_network(network) for network in networks]
        self._fresh = self._in_order()
        self._released: deque[str] = deque()
        self._taken: dict[str, str] = {}

    def _in_order(self) -> Iterator[str]:
        for network in self._networks:
            # .0 and .1 are the VPC's own (network, gateway); hosts() leaves out the broadcast.
            yield from (str(host) for n, host in enumerate(network.hosts()) if n > 0)

    def __contains__(self, ip: str) -> bool:
        return any(ipaddress.ip_address(ip) in network for network in self._networks)

    def __len__(self) -> int:
        return len(self._taken)

    def owner(self, ip: str) -> str | None:
        return self._taken.get(ip)

    def take(self, owner: str, *, ip: str = "", reuse: bool = False) -> str | None:
        """An address for `owner` (a Pod uid); None when the one asked for has another owner."""
        chosen = ip or self._next(reuse)
        if self._taken.setdefault(chosen, owner) != owner:
            return None
        return chosen

    def _next(self, reuse: bool) -> str:
        while reuse and self._released:
            if (ip := self._released.pop()) not in self._taken:
                return ip
        for ip in self._fresh:
            if ip not in self._taken:
                return ip
        while self._released:
            if (ip := self._released.popleft()) not in self._taken:
                return ip
        raise Exhausted

    def release(self, ip: str, owner: str) -> None:
        if self._taken.get(ip) == owner:
            del self._taken[ip]
            self._released.append(ip)
