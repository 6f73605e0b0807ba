"""Seconds of CPU that the processes of a running product have used, also by the clock."""

import os
import threading
import time
from bisect import bisect
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")
SERVERS, WORKER = "the sandbox's API servers", "worker"
WORDS = {
    "sandbox kubernetes": SERVERS,
    "sandbox tencent": "the sandbox's cloud",
    "celery": WORKER,
    "manage.py watch": "watcher",
    "manage.py ticker": "ticker",
    "manage.py webhook": "webhook",
    "console.serve": "web",
    "valkey": "valkey",
}


def by_role(state: Path) -> dict[str, float]:
    """Of each process of the product with this state folder."""
    return {role: used for role, pid in _processes(state) if (used := _used(pid)) is not None}


def used(process: Path) -> float:
    """Of one process, by its folder in /proc."""
    return _used(process) or 0.0


class Log:
    """What some processes had used when; looked at fifty times a second."""

    def __init__(self, pids: dict[str, Path]) -> None:
        self._pids = pids
        self._times: list[float] = []
        self._used: dict[str, list[float]] = {role: [] for role in pids}

    def look(self) -> None:
        self._times.append(time.time())
        for role, pid in self._pids.items():
            before = self._used[role][-1] if self._used[role] else 0.0
            self._used[role].append(_used(pid) or before)

    def between(self, role: str, since: float, until: float) -> float:
        return self._at(role, until) - self._at(role, since)

    def all_between(self, since: float, until: float) -> dict[str, float]:
        return {role: round(self.between(role, since, until), 2) for role in self._pids}

    def _at(self, role: str, moment: float) -> float:
        """In a straight line between two looks."""
        times, used = self._times, self._used[role]
        after = min(max(bisect(times, moment), 1), len(times) - 1)
        share = (moment - times[after - 1]) / (times[after] - times[after - 1])
        return used[after - 1] + min(max(share, 0.0), 1.0) * (used[after] - used[after - 1])


@contextmanager
def logged(state: Path) -> Iterator[Log]:
    """The log of this product's CPU for the time of the block."""
    log = Log(dict(_processes(state)))
    log.look()
    ended = threading.Event()

    def look() -> None:
        while not ended.wait(0.02):
            log.look()

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield log
    finally:
        ended.set()
        thread.join()


def _processes(state: Path) -> Iterator[tuple[str, Path]]:
    for pid in Path("/proc").glob("[0-9]*"):
        if role := _role(pid, str(state)):
            yield role, pid


def _role(pid: Path, state: str) -> str:
    """Which of this product's processes it is, if any."""
    try:
        said = (pid / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        environment = (pid / "environ").read_bytes().decode(errors="replace")
    except OSError:
        return ""
    if state not in said and f"PODGATE_STATE={state}\0" not in environment:
        return ""
    return next((name for word, name in WORDS.items() if word in said), "")


def _used(pid: Path) -> float | None:
    try:
        fields = (pid / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return (int(fields[11]) + int(fields[12])) / TICK
