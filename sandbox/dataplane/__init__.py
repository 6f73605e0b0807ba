"""A real layer-4 load balancer in one asyncio loop: TCP and UDP, the client's source IP kept.

It is told whole desired states (`DataPlane.set`) and finds the difference itself. Which backends
may get traffic is its caller's decision; weights and sessions live in `pool`.
"""

import asyncio
import errno
import socket
from dataclasses import dataclass
from pathlib import Path

from sandbox.dataplane.pool import Pool, Service
from sandbox.dataplane.relay import Relay
from sandbox.dataplane.splice import Caller

UNPRIVILEGED_OFFSET = 20000


@dataclass(frozen=True, order=True)
class Front:
    """Where callers connect: a VIP, a port and TCP or UDP."""

    vip: str
    port: int
    protocol: str


class DataPlane:
    """Every front that is served, and the file that says where a port could not be bound."""

    def __init__(self, vips: Path) -> None:
        self._vips = vips
        self._open: dict[Front, _Opened] = {}
        self._list_vips()

    @property
    def fronts(self) -> list[Front]:
        return sorted(self._open)

    async def set(self, front: Front, service: Service) -> None:
        """Serve this front so; connections of backends that stay are left alone."""
        opened = self._open.get(front)
        if opened is None:
            opened = self._open[front] = _Opened(front, Pool(service))
            await opened.start()
            self._list_vips()
        else:
            opened.pool.become(service)

    def remove(self, front: Front) -> None:
        if opened := self._open.pop(front, None):
            opened.stop()
            self._list_vips()

    def stop(self) -> None:
        for front in self.fronts:
            self.remove(front)

    def _list_vips(self) -> None:
        moved = (each for each in self._open.values() if each.served_port != each.front.port)
        lines = [
            f"{front.vip}:{front.port} {front.vip}:{opened.served_port}\n"
            for opened in sorted(moved, key=lambda each: each.front)
            for front in (opened.front,)
        ]
        fresh = self._vips.with_suffix(".new")
        fresh.write_text("".join(lines))
        fresh.replace(self._vips)


class _Opened:
    def __init__(self, front: Front, pool: Pool) -> None:
        self.front, self.pool = front, pool
        self.served_port = front.port
        self._listening: asyncio.Server | asyncio.DatagramTransport | None = None
        self._stopped = False

    async def start(self) -> None:
        loop = asyncio.get_running_loop()
        if self.front.protocol == "UDP":
            bound = self._bound(socket.SOCK_DGRAM)
            relay = await loop.create_datagram_endpoint(lambda: Relay(self.pool), sock=bound)
            self._listening = relay[0]
        else:
            bound = self._bound(socket.SOCK_STREAM)
            self._listening = await loop.create_server(
                lambda: Caller(self.pool), sock=bound, backlog=4096
            )
        if self._stopped:
            self.stop()

    def _bound(self, kind: socket.SocketKind) -> socket.socket:
        """A socket on the VIP's port, or 20000 above it where we lack the right to bind."""
        bound = socket.socket(socket.AF_INET, kind)
        bound.setblocking(False)
        if kind is socket.SOCK_STREAM:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            bound.bind((self.front.vip, self.front.port))
        except OSError as error:
            if error.errno not in (errno.EACCES, errno.EADDRINUSE):
                bound.close()
                raise
            self.served_port = (self.front.port + UNPRIVILEGED_OFFSET) % 65536
            bound.bind((self.front.vip, self.served_port))
        return bound

    def stop(self) -> None:
        self._stopped = True
        if self._listening:
            self._listening.close()
        self.pool.cut_all()
