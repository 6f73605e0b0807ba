"""Exchanges with an API server over connections that are kept: one question, one answer.

The official client's pool (urllib3) takes 0.85 ms of CPU for an exchange, this 0.3 ms: gates are
patched by the hundred, and every Pod waits for those before it. Watches stay with the client.
"""

import ssl
import weakref
from collections import deque
from dataclasses import dataclass, field
from http.client import HTTPException, HTTPSConnection
from urllib.parse import urlsplit

from urllib3.util.wait import wait_for_read

from console.transport import connected

# What may go wrong before an answer is there: no such name, refused, reset, too late, not TLS.
LOST = (OSError, HTTPException, UnicodeError)


@dataclass(frozen=True)
class Answer:
    status: int
    reason: str
    headers: dict[str, str]
    data: bytes


@dataclass
class Timeouts:
    connect: float
    read: float


class _Line(HTTPSConnection):
    """One connection, to an address that was checked."""

    def __init__(self, host: str, port: int, context: ssl.SSLContext) -> None:
        super().__init__(host, port)
        self._tls = context

    def open(self, timeouts: Timeouts) -> None:
        bare = connected(self.host, self.port, timeouts.connect)
        try:
            self.sock = self._tls.wrap_socket(bare, server_hostname=self.host)
        except BaseException:
            bare.close()
            raise
        self.sock.settimeout(timeouts.read)


@dataclass
class Wire:
    """To one server; safe to share between threads, each exchange has a connection of its own."""

    server: str
    context: ssl.SSLContext
    timeouts: Timeouts
    # Connections kept for the next exchange.
    size: int
    _idle: deque[_Line] = field(default_factory=deque)

    def __post_init__(self) -> None:
        weakref.finalize(self, _close, self._idle)

    def ask(
        self, method: str, target: str, headers: dict[str, str], body: bytes | None = None
    ) -> Answer:
        """Sent once, neither repeated nor redirected; raises one of `LOST`, or Refused."""
        line = self._line()
        try:
            line.request(method, self._path + target, body, headers)
            response = line.getresponse()
            data = response.read()
        except BaseException:
            line.close()
            raise
        if response.will_close or len(self._idle) >= self.size:
            line.close()
        else:
            self._idle.append(line)
        told = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, response.reason, told, data)

    def _line(self) -> _Line:
        while self._idle:
            try:
                # The one used last is the least likely to have been closed by the server.
                line = self._idle.pop()
            except IndexError:
                break
            if line.sock is not None and not wait_for_read(line.sock, timeout=0.0):
                return line
            # Something to read before anything was asked: the server hung up.
            line.close()
        address = urlsplit(self.server)
        line = _Line(address.hostname or "", address.port or 443, self.context)
        line.open(self.timeouts)
        return line

    @property
    def _path(self) -> str:
        return urlsplit(self.server).path.rstrip("/")


def _close(idle: deque[_Line]) -> None:
    while idle:
        idle.pop().close()
