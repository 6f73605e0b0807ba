"""One request and its answer on a connection that stands, read by httptools.

http.client and urllib3 compute ten times as long for the same, and gates are patched by the
thousand. Which connection, what it trusts and where it may lead is `transport`'s; nothing is
repeated or redirected.
"""

import re
import socket
from collections.abc import Mapping
from typing import NamedTuple

import httptools

PIECE = 65536
# In a target or a header they would begin another header, or another request.
_BREAKS = re.compile(r"[\x00-\x20\x7f]")


class Answer(NamedTuple):
    """As urllib3's; names of headers in lower case."""

    status: int
    reason: str
    headers: Mapping[str, str]
    data: bytes
    # Whether the connection may be used again.
    keeps: bool


class _Reader:
    """What httptools calls while it reads."""

    def __init__(self) -> None:
        self.parser = httptools.HttpResponseParser(self)
        self.is_begun = self.is_complete = self.keeps = False

    def on_message_begin(self) -> None:
        if self.is_complete:
            raise ValueError("an answer that nobody asked for")
        self.reason = b""
        self.headers: dict[str, str] = {}
        self.pieces: list[bytes] = []
        self.is_begun = False

    def on_status(self, reason: bytes) -> None:
        self.reason += reason

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        self.is_begun = True

    def on_body(self, piece: bytes) -> None:
        self.pieces.append(piece)

    def on_message_complete(self) -> None:
        # Before the answer there may be word of it: 100 Continue, 103 Early Hints.
        if self.parser.get_status_code() >= 200:
            self.is_complete, self.keeps = True, self.parser.should_keep_alive()

    @property
    def ends_with_connection(self) -> bool:
        return self.is_begun and not self.headers.keys() & {"content-length", "transfer-encoding"}


def head(fields: Mapping[str, str]) -> bytes:
    """The lines of a request that are the same for all of a server."""
    for name, value in fields.items():
        if _BREAKS.search(name) or not value.isprintable():
            raise ValueError(f"not a header: {name}")
    return "".join(f"{name}: {value}\r\n" for name, value in fields.items()).encode("latin-1")


def request(method: str, target: str, same: bytes, body: bytes | None, kind: str) -> bytes:
    """`same` as made by `head`; `kind` is the body's Content-Type."""
    if _BREAKS.search(target):
        raise ValueError(f"not a path: {target!r}")
    own = (
        b"" if body is None else f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n".encode()
    )
    return b"%b%b%b\r\n%b" % (f"{method} {target} HTTP/1.1\r\n".encode(), same, own, body or b"")


def exchange(connection: socket.socket, sent: bytes) -> Answer:
    """Send, and read to the answer's end; OSError where that does not come."""
    connection.sendall(sent)
    reader = _Reader()
    while not reader.is_complete:
        piece = connection.recv(PIECE)
        if not piece:
            if reader.ends_with_connection:
                break
            raise ConnectionResetError("the connection was closed before the answer's end")
        try:
            reader.parser.feed_data(piece)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            raise ConnectionAbortedError(f"the answer is no HTTP: {error}") from error
    status, reason = reader.parser.get_status_code(), reader.reason.decode("latin-1")
    return Answer(status, reason, reader.headers, b"".join(reader.pieces), reader.keeps)
