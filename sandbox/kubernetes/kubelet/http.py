"""What a Pod's TCP port speaks: enough HTTP/1.1 to be probed, measured and drained."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import parse_qs

from sandbox.kubernetes.kubelet.behaviour import Behaviour
from sandbox.kubernetes.kubelet.logs import Log

LARGEST = 1 << 20
NOT_NOW = b"not now\n"


@dataclass(frozen=True)
class Identity:
    """Who answers on a port."""

    pod: str
    namespace: str
    ip: str
    port: int

    def answer(self, client: tuple[str, int]) -> bytes:
        """One line of JSON: the answering Pod and the source address it saw."""
        said = {**self.__dict__, "client": client[0], "client_port": client[1]}
        return json.dumps(said).encode() + b"\n"

    def text(self, client: tuple[str, int]) -> bytes:
        return f"{self.pod} at {self.ip}:{self.port} answers {client[0]}\n".encode()


@dataclass
class Manner:
    """How the process behaves at this moment; the Pod's worker changes it under way."""

    behaviour: Behaviour
    scale: float
    warm: bool = True
    draining: bool = False
    log: Log = field(default_factory=Log)

    @property
    def is_well(self) -> bool:
        return self.warm and not self.behaviour.fail_health


class Connection(asyncio.Protocol):
    """One client. `busy`: a request has begun to arrive and is not answered yet."""

    def __init__(
        self, identity: Identity, manner: Manner, on_close: Callable[["Connection"], None]
    ) -> None:
        self._identity = identity
        self._manner = manner
        self._on_close = on_close
        self._received = b""
        self._later: asyncio.TimerHandle | None = None
        self._transport: asyncio.Transport | None = None
        self._is_cut = False
        self.client: tuple[str, int] = ("", 0)
        self.is_new = True

    @property
    def busy(self) -> bool:
        return bool(self._received) or self._later is not None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        if self._is_cut:
            self._transport.abort()
        peer = transport.get_extra_info("peername")
        self.client = (peer[0], peer[1])

    def cut(self) -> None:
        """Reset it, also when it was accepted a moment ago and is not set up yet."""
        self._is_cut = True
        if self._transport is not None:
            self._transport.abort()

    def close(self) -> None:
        """After what is still to be sent."""
        if self._transport is not None:
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._later is not None:
            self._later.cancel()
        self._on_close(self)

    def eof_received(self) -> bool:
        return self.busy

    def data_received(self, data: bytes) -> None:
        self.is_new = False
        self._received += data
        if self._later is None:
            self._serve()

    def _serve(self) -> None:
        """Answer the first complete request, now or after the time the request asks for."""
        head, separator, rest = self._received.partition(b"\r\n\r\n")
        if not separator:
            if len(self._received) > LARGEST:
                self.cut()
            return
        request = _Request.read(head)
        if len(rest) < request.length:
            return
        self._received = rest[request.length :]
        seconds = request.seconds + self._manner.behaviour.response_seconds
        if not seconds:
            self._answer(request)
            return
        loop = asyncio.get_running_loop()
        self._later = loop.call_later(seconds * self._manner.scale, self._answer, request)

    def _answer(self, request: "_Request") -> None:
        self._later = None
        status, body = b"503 Service Unavailable", NOT_NOW
        if self._manner.is_well:
            status, body = b"200 OK", self._body(request)
        self._manner.log.request(self.client[0], request.method, request.target, status)
        last = request.close or self._manner.draining
        assert self._transport is not None
        self._transport.write(
            b"HTTP/1.1 %b\r\nContent-Type: %b\r\nContent-Length: %d\r\nConnection: %b\r\n\r\n%b"
            % (
                status,
                b"application/json" if body[:1] == b"{" else b"text/plain; charset=utf-8",
                len(body),
                b"close" if last else b"keep-alive",
                b"" if request.method == b"HEAD" else body,
            )
        )
        if last:
            self.close()
        elif self._received:
            self._serve()

    def _body(self, request: "_Request") -> bytes:
        identity = self._identity
        return identity.text(self.client) if request.text else identity.answer(self.client)


@dataclass(frozen=True)
class _Request:
    method: bytes
    target: bytes
    seconds: float
    text: bool
    length: int
    close: bool

    @classmethod
    def read(cls, head: bytes) -> "_Request":
        """Of a request's head, what matters here; nonsense counts as GET /."""
        lines = head.decode("latin-1").split("\r\n")
        method, _, target = lines[0].partition(" ")
        query = parse_qs(target.rpartition(" ")[0].partition("?")[2])
        pairs = (line.partition(":") for line in lines[1:])
        fields = {name.lower(): value.strip() for name, _, value in pairs}
        seconds, length = query.get("seconds", ["0"])[0], fields.get("content-length", "0")
        return cls(
            method=method.encode("latin-1"),
            target=target.rpartition(" ")[0].encode("latin-1"),
            seconds=float(seconds) if seconds.replace(".", "", 1).isdigit() else 0.0,
            text="text" in query.get("format", ()),
            length=min(int(length), LARGEST) if length.isdigit() else 0,
            close=fields.get("connection", "").lower() == "close" or lines[0].endswith("HTTP/1.0"),
        )


class Echo(asyncio.DatagramProtocol):
    """What a Pod's UDP port does: answer every datagram with who and to whom."""

    def __init__(self, identity: Identity, manner: Manner) -> None:
        self._identity = identity
        self._manner = manner
        self._transport = cast(asyncio.DatagramTransport, None)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        if self._manner.is_well:
            self._transport.sendto(self._identity.answer((addr[0], addr[1])), addr)
