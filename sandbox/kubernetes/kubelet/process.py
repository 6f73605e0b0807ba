"""One run of a container: its listening sockets, its requests in flight, its exit."""

import asyncio
import errno
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from sandbox.kubernetes.controllers.plane import Clock
from sandbox.kubernetes.kubelet.behaviour import Behaviour
from sandbox.kubernetes.kubelet.http import Connection, Echo, Identity, Manner
from sandbox.kubernetes.kubelet.listener import Listener
from sandbox.kubernetes.kubelet.logs import Log

KILLED = 137
# A connection that has not asked anything yet may still do so for this long (as Go's Shutdown).
NEWCOMER = 5.0


class CannotListen(Exception):
    """A port could not be had; worded as the process in the container would log it."""


@dataclass
class Process:
    """Start it with `listen`, end it with `terminate` or `kill`."""

    identity: Identity
    ports: Sequence[tuple[int, str]]
    behaviour: Behaviour
    clock: Clock
    crashes: int = 0
    log: Log = field(default_factory=Log)
    manner: Manner = field(init=False)
    started: float = field(init=False)
    _listeners: list[Listener] = field(default_factory=list)
    _datagrams: list[asyncio.DatagramTransport] = field(default_factory=list)
    _connections: set[Connection] = field(default_factory=set)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _ended: bool = False

    def __post_init__(self) -> None:
        self.manner = Manner(self.behaviour, self.clock.scale, log=self.log)
        self.started = asyncio.get_running_loop().time()

    @property
    def age(self) -> float:
        """Emulated seconds since the start."""
        return (asyncio.get_running_loop().time() - self.started) / self.clock.scale

    async def listen(self) -> None:
        try:
            for port, protocol in self.ports:
                await self._open(port, protocol)
        except OSError as error:
            self._close_listeners()
            raise CannotListen(_worded(error, self.identity.ip, port, protocol)) from error
        for port, protocol in self.ports:
            self.log.write(f"listening on {self.identity.ip}:{port} ({protocol})")

    async def _open(self, port: int, protocol: str) -> None:
        loop = asyncio.get_running_loop()
        identity = replace(self.identity, port=port)
        if protocol == "UDP":
            transport, _ = await loop.create_datagram_endpoint(
                lambda: Echo(identity, self.manner), local_addr=(identity.ip, port)
            )
            self._datagrams.append(transport)
        elif protocol == "TCP":
            listener = Listener(identity.ip, port, lambda: self._connection(identity))
            self._listeners.append(listener)

    def _connection(self, identity: Identity) -> Connection:
        connection = Connection(identity, self.manner, self._connections.discard)
        self._connections.add(connection)
        return connection

    async def apply(self, behaviour: Behaviour) -> None:
        """Take up what the annotations say now."""
        refused = self.behaviour.refuse_connections
        self.behaviour = self.manner.behaviour = behaviour
        self._changed.set()
        if behaviour.refuse_connections and not refused:
            self._close_listeners()
        elif refused and not behaviour.refuse_connections and not self._ended:
            with suppress(CannotListen):
                await self.listen()

    async def exit(self) -> int:
        """Waits for the process to end by itself; its exit code."""
        while True:
            self._changed.clear()
            behaviour = self.behaviour
            left = _until(behaviour.crash_after, self.age, self.crashes, behaviour.crash_times)
            if left is not None and left <= 0:
                self.log.write(f"fatal: exiting with code {behaviour.exit_code}")
                self.kill()
                return behaviour.exit_code
            with suppress(TimeoutError):
                timeout = None if left is None else self.clock.real(left)
                await asyncio.wait_for(self._changed.wait(), timeout)

    async def terminate(self) -> int:
        """SIGTERM: stop listening, finish what is in flight, exit 0; the caller bounds the time."""
        self.log.write("received SIGTERM")
        if self.behaviour.ignore_sigterm:
            await asyncio.Event().wait()
        self._ended = True
        if self.behaviour.drain:
            await self._drain()
        await self.clock.sleep(self.behaviour.term_delay)
        self.log.write("stopped")
        self.kill()
        return 0

    async def _drain(self) -> None:
        self.manner.draining = True
        self._close_listeners(after_accepting=True)
        since = self.age
        while self._connections:
            for connection in list(self._connections):
                patience = connection.is_new and self.age - since < NEWCOMER
                if not connection.busy and not patience:
                    connection.close()
            await asyncio.sleep(0.005)

    def kill(self) -> None:
        """Everything is cut at once."""
        self._ended = True
        self.log.end()
        self._close_listeners()
        for connection in list(self._connections):
            connection.cut()

    def _close_listeners(self, *, after_accepting: bool = False) -> None:
        for listener in self._listeners:
            listener.close(after_accepting=after_accepting)
        for transport in self._datagrams:
            transport.abort()
        self._listeners.clear()
        self._datagrams.clear()


def _until(after: float | None, age: float, crashes: int, times: int | None) -> float | None:
    if after is None or (times is not None and crashes >= times):
        return None
    return after - age


def _worded(error: OSError, ip: str, port: int, protocol: str) -> str:
    words = {
        errno.EADDRINUSE: "address already in use",
        errno.EACCES: "permission denied",
        errno.EADDRNOTAVAIL: "cannot assign requested address",
    }
    why: Any = words.get(error.errno or 0) or os.strerror(error.errno or 0).lower()
    return f"listen {protocol.lower()} {ip}:{port}: bind: {why}"
