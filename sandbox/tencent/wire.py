"""HTTP/1.1 as far as an API gateway needs it, with a hand on the connection itself.

A fault may drop or hang a connection, which no framework lets us do; asyncio sets TCP_NODELAY.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import cast
from urllib.parse import parse_qsl, urlsplit

import httptools
import msgspec

from sandbox.dataplane.splice import reset

REASONS = {200: "OK", 400: "Bad Request", 404: "Not Found", 500: "Internal Server Error"}


@dataclass(slots=True)
class Request:
    method: str = ""
    path: str = "/"
    query: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer; `dropped` resets the connection instead of sending anything."""

    document: object = None
    status: int = 200
    dropped: bool = False


DROPPED = Reply(dropped=True)
Answer = Callable[[Request], Awaitable[Reply]]


class Connection(asyncio.Protocol):
    """One keep-alive connection; its requests are answered one after the other."""

    def __init__(self, answer: Answer, connections: set["Connection"]) -> None:
        self._answer = answer
        self._connections = connections
        self._waiting: deque[Request] = deque()
        self._work: asyncio.Task[None] | None = None
        self._parser = httptools.HttpRequestParser(self)
        self._request = Request()
        self._body: list[bytes] = []

    # asyncio.Protocol
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._connections.discard(self)
        # A request already running goes on: the real API finishes what a caller gave up on.
        self._waiting.clear()

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self._transport.abort()

    # httptools
    def on_url(self, url: bytes) -> None:
        parts = urlsplit(url.decode("latin-1"))
        self._request = Request(path=parts.path, query=dict(parse_qsl(parts.query)))
        self._body = []

    def on_header(self, name: bytes, value: bytes) -> None:
        self._request.headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        if self._request.headers.get("expect", "").lower() == "100-continue":
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        self._request.method = self._parser.get_method().decode()
        self._request.body = b"".join(self._body)
        self._waiting.append(self._request)
        if self._work is None or self._work.done():
            self._work = asyncio.get_running_loop().create_task(self._serve())

    async def _serve(self) -> None:
        while self._waiting:
            request = self._waiting.popleft()
            reply = await self._answer(request)
            if self._transport.is_closing():
                return
            if reply.dropped:
                reset(self._transport)
                return
            self._send(reply, keep=request.headers.get("connection", "").lower() != "close")

    def _send(self, reply: Reply, *, keep: bool) -> None:
        body = msgspec.json.encode(reply.document)
        head = (
            f"HTTP/1.1 {reply.status} {REASONS.get(reply.status, 'Status')}\r\n"
            # Exactly this: with a charset behind it the SDK no longer sees errors.
            "Content-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n"
            f"Connection: {'keep-alive' if keep else 'close'}\r\n\r\n"
        )
        self._transport.write(head.encode("latin-1") + body)
        if not keep:
            self._transport.close()

    def close(self) -> None:
        if self._work:
            self._work.cancel()
        self._transport.close()


@dataclass
class HttpServer:
    _server: asyncio.Server
    _connections: set[Connection]

    async def stop(self) -> None:
        self._server.close()
        for connection in list(self._connections):
            connection.close()
        await asyncio.sleep(0)


async def serve(answer: Answer, host: str, port: int) -> HttpServer:
    """Serve until stopped."""
    connections: set[Connection] = set()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: Connection(answer, connections), host, port, backlog=1024, reuse_address=True
    )
    return HttpServer(server, connections)
