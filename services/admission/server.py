"""HTTPS for one cluster's API servers: HTTP/1.1 with keep-alive, answered from memory.

Small on purpose: one path, one method, bodies of known size, and nothing that can wait for long.
"""

import asyncio
import hmac
import ssl
import tempfile
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import httptools
import uvloop

from services.admission.certificates import Pair
from services.admission.review import LARGEST, Answer, Known, Outcome, answer, refusal

# What a webhook's process runs in: half the work a review of asyncio's own.
LOOP = uvloop.new_event_loop
HEADERS = 64 * 1024
IDLE_SECONDS = 180
# API servers wait two seconds: a start is waited for a little less.
READY_SECONDS, HANDSHAKE_SECONDS = 1.5, 2
_WORDS = {200: "OK", 400: "Bad Request", 404: "Not Found", 405: "Method Not Allowed",
          413: "Content Too Large", 415: "Unsupported Media Type",
          431: "Request Header Fields Too Large", 503: "Service Unavailable"}  # fmt: skip


@dataclass
class Desk:
    """What answers depend on, and what was answered; touched by the loop's thread only."""

    path: str
    known: Known
    # Set with the first list of Services.
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    counts: Counter[Outcome] = field(default_factory=Counter)
    seconds: deque[float] = field(default_factory=lambda: deque(maxlen=2000))
    # Connections that stand.
    open: "set[Connection]" = field(default_factory=set)
    is_closed: bool = False
    last_at: datetime | None = None
    last_injected_at: datetime | None = None

    def close(self) -> None:
        """Nobody is heard any more, nor who is still shaking hands."""
        self.is_closed = True
        for standing in list(self.open):
            standing.abort()

    def answer(self, body: bytes) -> Answer:
        started = time.perf_counter()
        try:
            found = answer(body, self.known)
        except Exception as error:  # the API server's failurePolicy decides, and we live on
            found = refusal(503, f"{type(error).__name__}")
        self.seconds.append(time.perf_counter() - started)
        self.count(found.outcome)
        return found

    def count(self, outcome: Outcome) -> None:
        if outcome is Outcome.PROBED:
            # Our own question, and no admission of anybody's Pod.
            return
        self.counts[outcome] += 1
        self.last_at = datetime.now(UTC)
        if outcome is Outcome.INJECTED:
            self.last_injected_at = self.last_at

    @property
    def p99(self) -> float:
        found = sorted(self.seconds)
        return found[int(len(found) * 0.99)] if found else 0.0


class Connection(asyncio.Protocol):
    """One keep-alive connection; requests on it are answered in their order."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.transport: asyncio.Transport | None = None
        self.parser = httptools.HttpRequestParser(self)
        self._idle: asyncio.TimerHandle | None = None
        self._waiting: asyncio.Task[None] | None = None
        self._reset()

    def _reset(self) -> None:
        self._url, self._body = b"", bytearray()
        self._header_bytes, self._is_json = 0, False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports have its methods, but are none of its children.
        self.transport = cast(asyncio.Transport, transport)
        if self.desk.is_closed:
            self.transport.abort()
            return
        self.desk.open.add(self)
        self._touch()

    def connection_lost(self, error: Exception | None) -> None:
        self.desk.open.discard(self)
        if self._idle:
            self._idle.cancel()
        if self._waiting:
            self._waiting.cancel()
        self.transport = None

    def _touch(self) -> None:
        if self._idle:
            self._idle.cancel()
        self._idle = asyncio.get_running_loop().call_later(IDLE_SECONDS, self._close)

    def _close(self) -> None:
        if self.transport:
            self.transport.close()

    def abort(self) -> None:
        if self.transport:
            self.transport.abort()

    def data_received(self, data: bytes) -> None:
        self._touch()
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._refuse(400, "No other protocol is spoken here.")
        except httptools.HttpParserError as error:
            if self.transport and not self.transport.is_closing():
                self._refuse(400, f"This is no HTTP: {error}")

    # Called by the parser.

    def on_url(self, url: bytes) -> None:
        self._url += url
        self._head(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        self._head(len(name) + len(value))
        if name.lower() == b"content-type":
            self._is_json = value.lower().startswith(b"application/json")
        elif name.lower() == b"expect" and self.transport:
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _head(self, size: int) -> None:
        self._header_bytes += size
        if self._header_bytes > HEADERS:
            self._refuse(431, "The headers are too long.")

    def on_body(self, body: bytes) -> None:
        if len(self._body) + len(body) > LARGEST:
            self._refuse(413, f"An AdmissionReview has at most {LARGEST} bytes.")
            return
        self._body += body

    def on_message_complete(self) -> None:
        # API servers append ?timeout=2s.
        url = self._url.partition(b"?")[0]
        method, body = self.parser.get_method(), bytes(self._body)
        is_json, keep = self._is_json, self.parser.should_keep_alive()
        self._reset()
        if url == b"/healthz":
            ready = self.desk.ready.is_set()
            found = Answer(200, b"ok\n", Outcome.SKIPPED) if ready else _STARTING
            self._write(found, keep=keep)
        elif not hmac.compare_digest(url, self.desk.path.encode()):
            self._write(refusal(404, "Nothing is served here."), keep=keep)
        elif method != b"POST":
            self._write(refusal(405, "Send a POST."), keep=keep)
        elif not is_json:
            self.desk.count(Outcome.FAILED)
            self._write(refusal(415, "Send application/json."), keep=keep)
        elif self.desk.ready.is_set():
            self._write(self.desk.answer(body), keep=keep)
        else:
            self._waiting = asyncio.ensure_future(self._later(body))

    async def _later(self, body: bytes) -> None:
        """The first list of Services is on its way."""
        try:
            await asyncio.wait_for(self.desk.ready.wait(), READY_SECONDS)
        except TimeoutError:
            self.desk.count(Outcome.FAILED)
            self._write(_STARTING, keep=False)
            return
        self._write(self.desk.answer(body), keep=False)

    def _refuse(self, status: int, words: str) -> None:
        if self.transport and not self.transport.is_closing():
            self.desk.count(Outcome.FAILED)
            self._write(refusal(status, words), keep=False)

    def _write(self, found: Answer, *, keep: bool) -> None:
        if self.transport is None or self.transport.is_closing():
            return
        head = (
            f"HTTP/1.1 {found.status} {_WORDS[found.status]}\r\n"
            f"Content-Type: {found.content_type}\r\nContent-Length: {len(found.body)}\r\n"
            f"{'' if keep else 'Connection: close\r\n'}\r\n"
        )
        self.transport.write(head.encode() + found.body)
        if not keep:
            self.transport.close()


_STARTING = refusal(503, "The Services of this cluster have not been read yet.")


def context(client_ca: str) -> ssl.SSLContext:
    """TLS 1.2 and later; with `client_ca`, only for clients it has signed."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    if client_ca:
        made.load_verify_locations(cadata=client_ca)
        made.verify_mode = ssl.CERT_REQUIRED
    return made


def present(tls: ssl.SSLContext, pair: Pair) -> None:
    """From now on new connections see this pair; those that stand go on."""
    # OpenSSL reads files only: one nobody else may read, for the blink of an eye.
    with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:
        file.write(pair.key + pair.certificate)
        file.flush()
        tls.load_cert_chain(Path(file.name))


async def serve(desk: Desk, tls: ssl.SSLContext, *, listen: str, port: int) -> asyncio.Server:
    """Raises OSError when the port is taken."""
    loop = asyncio.get_running_loop()
    return await loop.create_server(
        lambda: Connection(desk), listen, port, ssl=tls, ssl_handshake_timeout=HANDSHAKE_SECONDS
    )
