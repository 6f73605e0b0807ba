"""What containers write: one log per run, the newest run and the one before; in memory only.

Lines are kept as values and worded when somebody reads them, because requests come by the
thousand and readers rarely.
"""

import asyncio
import time
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime

# A real kubelet rotates at 10 MiB; this many lines are about half a megabyte.
KEPT = 5_000


@dataclass(frozen=True, slots=True)
class Entry:
    """A line; of a request its parts, of which the line is made later."""

    at: float
    text: str = ""
    request: tuple[str, bytes, bytes, bytes] | None = None

    def words(self) -> str:
        if self.request is None:
            return self.text
        client, method, target, status = self.request
        asked = b"%b %b" % (method, target)
        return f'{client} "{asked.decode("latin-1")}" {status.decode("latin-1")}'

    def stamp(self) -> str:
        """RFC 3339 with nanoseconds, as the container runtime writes it."""
        whole, part = divmod(self.at, 1)
        moment = datetime.fromtimestamp(whole, UTC).strftime("%Y-%m-%dT%H:%M:%S")
        return f"{moment}.{int(part * 1e9):09d}Z"


@dataclass
class Log:
    """Of one run of a container. `first`: the number of its oldest line still kept."""

    lines: deque[Entry] = field(default_factory=lambda: deque(maxlen=KEPT))
    written: int = 0
    ended: bool = False
    _readers: set[asyncio.Event] = field(default_factory=set)

    @property
    def first(self) -> int:
        return self.written - len(self.lines)

    def write(self, text: str) -> None:
        self._put(Entry(time.time(), text))

    def request(self, client: str, method: bytes, target: bytes, status: bytes) -> None:
        self._put(Entry(time.time(), request=(client, method, target, status)))

    def _put(self, entry: Entry) -> None:
        self.lines.append(entry)
        self.written += 1
        for reader in self._readers:
            reader.set()

    def end(self) -> None:
        self.ended = True
        for reader in self._readers:
            reader.set()

    def since(self, number: int) -> list[Entry]:
        """The lines from this number on that are still kept."""
        skip = max(0, number - self.first)
        return list(self.lines)[skip:]

    async def news(self, number: int) -> None:
        """Returns when there are lines from this number on, or there will be none any more."""
        reader = asyncio.Event()
        self._readers.add(reader)
        try:
            while self.written <= number and not self.ended:
                await reader.wait()
                reader.clear()
        finally:
            self._readers.discard(reader)


class Logs:
    """All logs of a cluster, by Pod uid and container."""

    def __init__(self) -> None:
        self._runs: dict[tuple[str, str], list[Log]] = {}

    def begin(self, uid: str, container: str) -> Log:
        """A new run; of those before it only the last is kept."""
        before = self._runs.get((uid, container), [])
        for log in before:
            log.end()
        log = Log()
        self._runs[uid, container] = [*before[-1:], log]
        return log

    def find(self, uid: str, container: str, *, previous: bool = False) -> Log | None:
        runs = self._runs.get((uid, container), [])
        if previous:
            return runs[-2] if len(runs) > 1 else None
        return runs[-1] if runs else None

    def forget(self, uid: str) -> None:
        """The Pod is gone, and its log files with it."""
        for key in [key for key in self._runs if key[0] == uid]:
            for log in self._runs.pop(key):
                log.end()
