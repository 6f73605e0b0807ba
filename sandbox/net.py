"""One running instance, one loopback /16: which addresses the emulated clouds live on.

A state directory keeps its network for good; a lock (bound sockets) keeps two instances apart.
"""

import hashlib
import socket
from contextlib import suppress
from dataclasses import dataclass
from enum import IntEnum
from ipaddress import IPv4Network

FIRST, LAST = 64, 250


class Half(IntEnum):
    """The lock port of each half, above 1024 so that nobody needs root for it."""

    KUBERNETES = 65009
    TENCENT = 65010


class NetworkTaken(Exception):
    """Another running instance holds the network this state directory wants."""


@dataclass(frozen=True)
class Net:
    """The /16 `127.N` and the names of the places in it."""

    number: int

    @property
    def prefix(self) -> str:
        return f"127.{self.number}"

    def ip(self, rest: str) -> str:
        """`net.ip("0.3")` is `127.N.0.3`."""
        return f"{self.prefix}.{rest}"

    def cidr(self, rest: str) -> IPv4Network:
        """`net.cidr("16.0/24")` is the network `127.N.16.0/24`."""
        return IPv4Network(f"{self.prefix}.{rest}")

    @property
    def valkey(self) -> str:
        return self.ip("0.1")

    @property
    def tencent(self) -> str:
        return f"http://{self.ip('0.2')}:9900"

    @property
    def kubernetes_control(self) -> str:
        return f"http://{self.ip('0.3')}:9901"

    @property
    def health_probe_source(self) -> str:
        return self.ip("0.64")

    @property
    def public_vips(self) -> IPv4Network:
        return self.cidr("240.0/22")


@dataclass
class Lock:
    """Holds the network until released or until the process ends, however it ends."""

    net: Net
    sockets: list[socket.socket]

    def release(self) -> None:
        for held in self.sockets:
            held.close()
        self.sockets.clear()


def lock(number: int, halves: tuple[Half, ...] = tuple(Half)) -> Lock:
    """Take the network `127.<number>` for the given halves; NetworkTaken if another has it."""
    net = Net(number)
    held = Lock(net, [])
    for half in halves:
        taken = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        held.sockets.append(taken)
        try:
            taken.bind((net.ip("255.254"), half))
        except OSError as error:
            held.release()
            raise NetworkTaken(f"{net.prefix} is used by another running sandbox") from error
    return held


def lock_any(seed: str, halves: tuple[Half, ...] = tuple(Half)) -> Lock:
    """Take a free network; the seed spreads state directories so that they rarely meet."""
    start = int.from_bytes(hashlib.sha256(seed.encode()).digest()[:4])
    count = LAST - FIRST + 1
    for offset in range(count):
        with suppress(NetworkTaken):
            held = lock(FIRST + (start + offset) % count)
            # Both halves must be free, but only those asked for are kept.
            if set(halves) != set(Half):
                held.release()
                return lock(held.net.number, halves)
            return held
    raise NetworkTaken(f"every network from 127.{FIRST} to 127.{LAST} is in use")
