"""Calls a webhook as an API server under load does: HTTPS, kept connections, a constant rate.

Open loop: a review is due whatever became of those before it, and its seconds count from when it
was due. One thread that waits in select() and does nothing else, so that it is seldom late itself.
"""

import select
import socket
import ssl
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

CONNECTIONS = 16
TIMEOUT = 10.0


@dataclass
class Line:
    """One kept connection, with at most one review under way."""

    socket: ssl.SSLSocket
    due: float = 0.0
    received: bytearray = field(default_factory=bytearray)

    def fileno(self) -> int:
        return self.socket.fileno()

    def send(self, request: bytes, due: float) -> None:
        self.due = due
        self.received.clear()
        sent = self.socket.send(request)
        if sent != len(request):
            raise BlockingIOError(f"only {sent} of {len(request)} bytes were taken")

    def answer(self) -> bytes | None:
        """The whole answer, or None while some of it is on its way."""
        try:
            while part := self.socket.recv(65536):
                self.received += part
                if self._is_whole():
                    return bytes(self.received)
        except ssl.SSLWantReadError:
            return None
        raise ConnectionResetError("closed before it was answered")

    def _is_whole(self) -> bool:
        head, separator, body = self.received.partition(b"\r\n\r\n")
        if not separator:
            return False
        length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
        return len(body) >= int(length)


@dataclass
class Caller:
    """`request` makes the bytes to send of a number; `is_good` judges the answer to it."""

    host: str
    port: int
    tls: ssl.SSLContext
    request: Callable[[int], bytes]
    is_good: Callable[[int, bytes], bool]
    seconds: list[float] = field(default_factory=list)
    # How late this caller itself began on each review: beyond a moment it is what is measured.
    late: list[float] = field(default_factory=list)
    good: int = 0
    failed: list[str] = field(default_factory=list)

    def run(self, rate: float, seconds: float) -> None:
        """Raises OSError when a connection breaks or an answer does not come."""
        lines = [self._connect() for _ in range(CONNECTIONS)]
        try:
            self._run(lines, rate, int(rate * seconds))
        finally:
            for line in lines:
                line.socket.close()

    def _connect(self) -> Line:
        made = socket.create_connection((self.host, self.port), TIMEOUT)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        line = Line(self.tls.wrap_socket(made, server_hostname=self.host))
        line.socket.setblocking(False)
        return line

    def _run(self, lines: list[Line], rate: float, total: int) -> None:
        free, waiting = deque(lines), deque[int]()
        asked: dict[int, tuple[Line, int]] = {}
        start, number = time.perf_counter() + 0.05, 0
        while number < total or waiting or asked:
            now = time.perf_counter()
            while number < total and (due := start + number / rate) <= now:
                self.late.append(now - due)
                waiting.append(number)
                number += 1
            while waiting and free:
                one, line = waiting.popleft(), free.popleft()
                line.send(self.request(one), start + one / rate)
                asked[line.fileno()] = (line, one)
            pause = start + number / rate - time.perf_counter() if number < total else TIMEOUT
            readable = select.select(list(asked), (), (), max(0.0, pause))[0]
            if not readable and number == total and asked:
                raise TimeoutError(f"{len(asked)} reviews are not answered")
            for fileno in readable:
                line, one = asked[fileno]
                if (answer := line.answer()) is not None:
                    self._judge(one, answer, time.perf_counter() - line.due)
                    del asked[fileno]
                    free.append(line)

    def _judge(self, number: int, answer: bytes, seconds: float) -> None:
        self.seconds.append(seconds)
        if self.is_good(number, answer):
            self.good += 1
        else:
            self.failed.append(answer[:200].decode(errors="replace"))
