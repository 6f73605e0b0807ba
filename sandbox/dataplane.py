"""A real layer-4 load balancer in one asyncio loop: TCP and UDP, the client's source IP kept.

It is told whole desired states (`DataPlane.set`) and finds the difference itself. Which backends
may get traffic is its caller's decision; here live weights, sessions, splicing and resets.
"""

import asyncio
import errno
import socket
import struct
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from sandbox.pool import Backend, Client, Pool, Service

IP_BIND_ADDRESS_NO_PORT = 24
RESET_ON_CLOSE = struct.pack("ii", 1, 0)
UNPRIVILEGED_OFFSET = 20000
CONNECT_SECONDS = 5
UDP_SWEEP_SECONDS = 15


@dataclass(frozen=True, order=True)
class Front:
    """Where callers connect: a VIP, a port and TCP or UDP."""

    vip: str
    port: int
    protocol: str


class Lobby:
    """Stands in for the backend's connection until there is one; keeps what came early."""

    def __init__(self) -> None:
        self._early: list[bytes] = []
        self._ended = False

    def write(self, data: bytes) -> None:
        self._early.append(data)

    def write_eof(self) -> None:
        self._ended = True

    def admit(self, transport: asyncio.Transport) -> None:
        """Hand over to the real connection."""
        transport.writelines(self._early)
        if self._ended:
            transport.write_eof()

    def get_extra_info(self, name: str) -> None:
        return None

    def is_closing(self) -> bool:
        return False

    def nothing(self) -> None: ...

    close = abort = pause_reading = resume_reading = nothing


class Side(asyncio.Protocol):
    """One of the two connections of a splice; what comes in goes out at the peer."""

    transport: "asyncio.Transport | Lobby"
    peer: "Side"
    ended = False

    def data_received(self, data: bytes) -> None:
        self.peer.transport.write(data)

    def eof_received(self) -> bool:
        self.ended = True
        if self.peer.ended:
            return False
        with suppress(OSError, RuntimeError):
            self.peer.transport.write_eof()
        return True

    def pause_writing(self) -> None:
        self.peer.transport.pause_reading()

    def resume_writing(self) -> None:
        self.peer.transport.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        if exc is None:
            self.peer.transport.close()
        else:
            reset(self.peer.transport)


class Upstream(Side):
    """The connection to a backend; at first there is only its lobby."""

    def __init__(self, caller: "Caller") -> None:
        self.peer = caller
        self.transport = Lobby()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are not asyncio's by inheritance, hence a cast and no isinstance.
        made = cast(asyncio.Transport, transport)
        if isinstance(self.transport, Lobby):
            self.transport.admit(made)
        self.transport = made


class Caller(Side):
    """A client's connection to the VIP."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._connecting: asyncio.Task[None] | None = None
        self._backend: Backend | None = None
        self.peer = self._upstream = Upstream(self)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        client_ip: str = self.transport.get_extra_info("peername")[0]
        self._backend = self._pool.pick(client_ip)
        if self._backend is None:
            reset(self.transport)
            return
        self._pool.joined(self._backend, self)
        loop = asyncio.get_running_loop()
        self._connecting = loop.create_task(self._connect(client_ip, self._backend))

    async def _connect(self, client_ip: str, backend: Backend) -> None:
        loop = asyncio.get_running_loop()
        upstream = _socket_from(client_ip, socket.SOCK_STREAM)
        try:
            await _connected(upstream, backend)
            await loop.create_connection(lambda: self._upstream, sock=upstream)
        except (OSError, TimeoutError):
            upstream.close()
            reset(self.transport)
            return
        if self.transport.is_closing():
            self._upstream.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._backend:
            self._pool.left(self._backend, self)
        super().connection_lost(exc)

    def cut(self) -> None:
        """Reset both sides."""
        reset(self.peer.transport)
        reset(self.transport)


class Flow:
    """One UDP client at one backend, until it is idle for long."""

    def __init__(self, relay: "Relay", client: Client, backend: Backend) -> None:
        self.backend = backend
        self.used = relay.loop.time()
        self._relay, self._client = relay, client
        self._socket = _socket_from(client[0], socket.SOCK_DGRAM)
        self._socket.connect(backend)
        relay.loop.add_reader(self._socket, self._answered)

    def send(self, data: bytes) -> None:
        self.used = self._relay.loop.time()
        with suppress(OSError):
            self._socket.send(data)

    def _answered(self) -> None:
        with suppress(OSError):
            self._relay.transport.sendto(self._socket.recv(65535), self._client)

    def cut(self) -> None:
        self._relay.flows.pop(self._client, None)
        self._relay.pool.left(self.backend, self)
        self._relay.loop.remove_reader(self._socket)
        self._socket.close()


class Relay(asyncio.DatagramProtocol):
    """A UDP front: datagrams of one client stay with one backend."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self.flows: dict[Client, Flow] = {}
        self.loop = asyncio.get_running_loop()
        self._sweep()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: Client) -> None:
        flow = self.flows.get(addr)
        if flow is None:
            backend = self.pool.pick(addr[0])
            if backend is None:
                return
            flow = self.flows[addr] = Flow(self, addr, backend)
            self.pool.joined(backend, flow)
        flow.send(data)

    def _sweep(self) -> None:
        idle_since = self.loop.time() - self.pool.service.idle_seconds
        for flow in [each for each in self.flows.values() if each.used < idle_since]:
            flow.cut()
        self._timer = self.loop.call_later(UDP_SWEEP_SECONDS, self._sweep)

    def connection_lost(self, exc: Exception | None) -> None:
        self._timer.cancel()


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


def reset(transport: asyncio.Transport | Lobby) -> None:
    """End a TCP connection with RST instead of FIN."""
    connected: Any = transport.get_extra_info("socket")
    with suppress(OSError, AttributeError):
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
    transport.abort()


async def _connected(upstream: socket.socket, backend: Backend) -> None:
    """On loopback a connection usually stands when `connect` returns; only else there is a wait."""
    with suppress(BlockingIOError):
        upstream.connect(backend)
    try:
        upstream.getpeername()
    except OSError:
        async with asyncio.timeout(CONNECT_SECONDS):
            await asyncio.get_running_loop().sock_connect(upstream, backend)


def _socket_from(ip: str, kind: socket.SocketKind) -> socket.socket:
    """A socket that speaks as `ip`, so that the backend sees the client and not us."""
    upstream = socket.socket(socket.AF_INET, kind)
    upstream.setblocking(False)
    with suppress(OSError):
        if kind is socket.SOCK_STREAM:
            upstream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            # One local port may serve many backends: only the whole quadruple must be unique.
            upstream.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
        upstream.bind((ip, 0))
    return upstream
