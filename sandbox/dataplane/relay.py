"""UDP: the datagrams of one client stay with one backend until it is idle for long."""

import asyncio
import socket
from contextlib import suppress
from typing import cast

from sandbox.dataplane.pool import Backend, Client, Pool
from sandbox.dataplane.source import socket_from

UDP_SWEEP_SECONDS = 15


class Flow:
    """One UDP client at one backend, until it is idle for long."""

    def __init__(self, relay: "Relay", client: Client, backend: Backend) -> None:
        self.backend = backend
        self.used = relay.loop.time()
        self._relay, self._client = relay, client
        self._socket = socket_from(client[0], socket.SOCK_DGRAM)
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
            if backend is None or not self.pool.admits(addr[0], backend):
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
