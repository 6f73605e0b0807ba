"""Two TCP connections spliced: what the client sends to the VIP goes on to a backend, and back."""

import asyncio
import socket
import struct
from contextlib import suppress
from typing import Any, cast

from sandbox.dataplane.pool import Backend, Pool
from sandbox.dataplane.source import socket_from

RESET_ON_CLOSE = struct.pack("ii", 1, 0)
CONNECT_SECONDS = 5
# A client whose packets are dropped gives up by itself; the most patient after two minutes.
SILENCE_SECONDS = 130


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


class Nowhere(Lobby):
    """Where a client speaks whose packets are dropped: nothing arrives, nothing comes back."""

    def write(self, data: bytes) -> None: ...


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
        self._silence: asyncio.TimerHandle | None = None
        self._backend: Backend | None = None
        self.peer = self._upstream = Upstream(self)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        client_ip: str = self.transport.get_extra_info("peername")[0]
        self._backend = self._pool.pick(client_ip)
        if self._backend is None:
            reset(self.transport)
            return
        loop = asyncio.get_running_loop()
        self._pool.joined(self._backend, self)
        if not self._pool.admits(client_ip, self._backend):
            # The front has said hello already; from here on it is as if the SYN was dropped.
            self._upstream.transport, self._upstream.ended = Nowhere(), True
            self._silence = loop.call_later(SILENCE_SECONDS, reset, self.transport)
            return
        self._connecting = loop.create_task(self._connect(client_ip, self._backend))

    async def _connect(self, client_ip: str, backend: Backend) -> None:
        loop = asyncio.get_running_loop()
        upstream = socket_from(client_ip, socket.SOCK_STREAM)
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
        if self._silence:
            self._silence.cancel()
        if self._backend:
            self._pool.left(self._backend, self)
        super().connection_lost(exc)

    def cut(self) -> None:
        """Reset both sides."""
        reset(self.peer.transport)
        reset(self.transport)


async def _connected(upstream: socket.socket, backend: Backend) -> None:
    """On loopback a connection usually stands when `connect` returns; only else there is a wait."""
    with suppress(BlockingIOError):
        upstream.connect(backend)
    try:
        upstream.getpeername()
    except OSError:
        async with asyncio.timeout(CONNECT_SECONDS):
            await asyncio.get_running_loop().sock_connect(upstream, backend)


def reset(transport: asyncio.Transport | Lobby) -> None:
    """End a TCP connection with RST instead of FIN."""
    connected: Any = transport.get_extra_info("socket")
    with suppress(OSError, AttributeError):
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
    transport.abort()
