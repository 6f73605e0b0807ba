"""An open-loop load generator: requests start at a constant rate, whatever becomes of the others.

A new connection each; every answer but 2xx, every reset, refusal and time-out counts as lost. Only
loopback addresses, at most 200 new connections a second, for ten minutes at most.

    python -m bench.traffic 127.77.64.3:8080 --rate 100 --seconds 30
"""

import argparse
import asyncio
import ipaddress
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

MOST_A_SECOND, MOST_SECONDS, MOST_AT_ONCE = 200.0, 600.0, 2000
TIMEOUT = 5.0


@dataclass
class Traffic:
    """What was sent to one address, and what came back; latencies count from the intended start."""

    host: str
    port: int
    rate: float = 100.0
    path: str = "/"
    timeout: float = TIMEOUT
    sent: int = 0
    ok: int = 0
    # Word -> how often: "reset", "refused", "timed out", "closed early", "HTTP 503", ...
    lost: Counter[str] = field(default_factory=Counter)
    # (epoch seconds, word) of the first thousand losses.
    losses: list[tuple[float, str]] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    # How late a request was started at worst: beyond a moment the generator was the bottleneck.
    late: float = 0.0
    _stop: threading.Event = field(default_factory=threading.Event, repr=False)

    def __post_init__(self) -> None:
        if not ipaddress.ip_address(self.host).is_loopback:
            raise ValueError(f"{self.host} is no loopback address")
        if not 0 < self.rate <= MOST_A_SECOND:
            raise ValueError(f"{self.rate:g} a second: at most {MOST_A_SECOND:g}")

    @property
    def lost_count(self) -> int:
        return self.lost.total()

    def stop(self) -> None:
        self._stop.set()

    def run(self, seconds: float = MOST_SECONDS) -> None:
        """Until `seconds` have passed or somebody calls `stop`, and every request has ended."""
        asyncio.run(self._run(min(seconds, MOST_SECONDS)))

    async def _run(self, seconds: float) -> None:
        loop, begun = asyncio.get_running_loop(), time.time()
        start, number = loop.time(), 0
        under_way: set[asyncio.Task[None]] = set()
        while not self._stop.is_set() and (due := start + number / self.rate) < start + seconds:
            if (wait := due - loop.time()) > 0:
                await asyncio.sleep(wait)
            self.late = max(self.late, loop.time() - due)
            number += 1
            self.sent += 1
            if len(under_way) >= MOST_AT_ONCE:
                self._lose("too many at once", begun + due - start)
                continue
            task = loop.create_task(self._one(due, begun + due - start))
            under_way.add(task)
            task.add_done_callback(under_way.discard)
        await asyncio.gather(*under_way)

    async def _one(self, due: float, at: float) -> None:
        try:
            async with asyncio.timeout(self.timeout):
                word = await self._ask()
        except TimeoutError:
            word = "timed out"
        except ConnectionRefusedError:
            word = "refused"
        except ConnectionError:
            word = "reset"
        except OSError as error:
            word = f"{type(error).__name__} {error.errno}"
        if word:
            self._lose(word, at)
            return
        self.ok += 1
        self.seconds.append(asyncio.get_running_loop().time() - due)

    async def _ask(self) -> str:
        """What went wrong with one request; empty for a whole answer with 2xx."""
        reader, writer = await asyncio.open_connection(self.host, self.port)
        try:
            head = f"GET {self.path} HTTP/1.1\r\nHost: {self.host}\r\nConnection: close\r\n\r\n"
            writer.write(head.encode())
            await writer.drain()
            return _fault(await reader.read(-1))
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    def _lose(self, word: str, at: float) -> None:
        self.lost[word] += 1
        if len(self.losses) < 1000:
            self.losses.append((at, word))

    def figures(self) -> dict[str, Any]:
        """For a result file."""
        found = sorted(self.seconds)
        return {
            "sent": self.sent,
            "lost": self.lost_count,
            "lost by": dict(self.lost),
            "rate": self.rate,
            "p50 ms": _at(found, 0.5),
            "p99 ms": _at(found, 0.99),
            "worst start ms late": round(self.late * 1000, 1),
        }


def _fault(answer: bytes) -> str:
    head, separator, body = answer.partition(b"\r\n\r\n")
    if not separator:
        return "closed early"
    status, *fields = head.split(b"\r\n")
    code = status.split(b" ", 2)[1].decode(errors="replace")
    if not code.startswith("2"):
        return f"HTTP {code}"
    length = next(
        (f.split(b":")[1] for f in fields if f.lower().startswith(b"content-length")), b"0"
    )
    return "" if len(body) >= int(length) else "closed early"


def _at(ordered: list[float], share: float) -> float | None:
    if not ordered:
        return None
    return round(ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000, 1)


@contextmanager
def flowing(
    host: str, port: int, *, rate: float = 100.0, path: str = "/", timeout: float = TIMEOUT
) -> Iterator[Traffic]:
    """Traffic in a thread for the time of the block; what is under way at its end is waited for."""
    traffic = Traffic(host, port, rate=rate, path=path, timeout=timeout)
    thread = threading.Thread(target=traffic.run, name="traffic", daemon=True)
    thread.start()
    try:
        yield traffic
    finally:
        traffic.stop()
        thread.join(traffic.timeout + 5)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("where", help="loopback address and port, such as 127.77.64.3:8080")
    parser.add_argument("--rate", type=float, default=100.0)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--path", default="/")
    said = parser.parse_args()
    host, _, port = said.where.rpartition(":")
    traffic = Traffic(host, int(port), rate=said.rate, path=said.path)
    with suppress(KeyboardInterrupt):
        traffic.run(said.seconds)
    print(traffic.figures())


if __name__ == "__main__":
    main()
