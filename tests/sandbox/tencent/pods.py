"""Stand-ins for Pods: sockets on Pod addresses that answer with their own and the caller's IP."""

import asyncio
import http.client
import socket
from contextlib import closing, suppress
from typing import Any, cast

from tests.sandbox.tencent.half import Half
from tests.wait import PATIENCE


class _Http(asyncio.Protocol):
    """Answers every request on a connection; keeps what it was asked."""

    def __init__(self, pod: "Pod") -> None:
        self._pod = pod

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._pod.connections.append(self._transport)
        self._pod.looks += 1

    def data_received(self, data: bytes) -> None:
        source = self._transport.get_extra_info("peername")[0]
        self._pod.requests.append((source, data.split(b"\r\n", 1)[0].decode()))
        body = b"" if data.startswith(b"HEAD") else self._pod.page(source)
        head = f"HTTP/1.1 {self._pod.status} X\r\nContent-Length: {len(body)}\r\n\r\n"
        self._transport.write(head.encode() + body)


class _Udp(asyncio.DatagramProtocol):
    def __init__(self, pod: "Pod") -> None:
        self._pod = pod

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self._pod.requests.append((addr[0], data.decode()))
        self._transport.sendto(f"{self._pod.ip} {addr[0]} {data.decode()}".encode(), addr)


class Pod:
    """One address with something listening; `stop` leaves the address dark."""

    def __init__(self, ip: str) -> None:
        self.ip = ip
        self.status = 200
        self.filler = 0
        self.looks = 0
        self.requests: list[tuple[str, str]] = []
        self.connections: list[asyncio.Transport] = []
        self.listening: asyncio.Server | asyncio.DatagramTransport | None = None

    def page(self, source: str) -> bytes:
        return f"{self.ip} {source}".encode() + b"." * self.filler

    async def start(self, port: int, *, udp: bool) -> None:
        loop = asyncio.get_running_loop()
        if udp:
            made = await loop.create_datagram_endpoint(
                lambda: _Udp(self), local_addr=(self.ip, port)
            )
            self.listening = made[0]
        else:
            self.listening = await loop.create_server(lambda: _Http(self), self.ip, port)

    async def stop(self) -> None:
        if self.listening:
            self.listening.close()
        for connection in self.connections:
            connection.abort()
        await asyncio.sleep(0)


class Pods:
    def __init__(self, half: Half) -> None:
        self._half = half
        self._started: list[Pod] = []

    def start(self, last: int, port: int = 8080, *, udp: bool = False, net: int = 20) -> Pod:
        """A Pod in the first Pod subnet of cls-vpccni01; net 48 is cls-router01's."""
        pod = Pod(self._half.ip(f"{net}.{last}"))
        self._half.run(pod.start(port, udp=udp))
        self._started.append(pod)
        return pod

    def kill(self, pod: Pod) -> None:
        self._half.run(pod.stop())

    def stop(self) -> None:
        for pod in self._started:
            self.kill(pod)


def get(vip: str, port: int = 80, source: str | None = None) -> str | None:
    """The answer through a VIP on a connection of its own; None if there was none."""
    origin = (source, 0) if source else None
    asked = http.client.HTTPConnection(vip, port, timeout=PATIENCE, source_address=origin)
    with closing(asked), suppress(OSError, http.client.HTTPException):
        asked.request("GET", "/")
        return asked.getresponse().read().decode()
    return None


def datagram(vip: str, port: int, text: str, *, seconds: float = PATIENCE) -> str | None:
    """The answer to one datagram; None if there was none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.settimeout(seconds)
        asking.sendto(text.encode(), (vip, port))
        with suppress(OSError):
            return asking.recv(2048).decode()
    return None
