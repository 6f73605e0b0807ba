"""`python -m bench.live`: a Pod changes; how long until 1,000 open pages hold the new HTML."""

import asyncio
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

from bench import report

CLUSTER = "cls-vpccni01"
STREAMS = 1_000
# Pods looked at; each has STREAMS / PODS pages open.
PODS = 20
CHANGES = 200
PER_SECOND = 10


def main() -> None:
    # Only here: it makes the scratch environment, which the other processes inherit.
    from bench.product import database, headless_sandbox, session, web

    with headless_sandbox(200) as world:
        database(world)
        cookie = session()
        with watcher(), web() as served:
            target, before = pods_of(world), served.cpu_seconds()
            latencies, connected = asyncio.run(measure(served.port, cookie, target))
            used = served.cpu_seconds() - before
    report.write(
        "live",
        settings={"streams": STREAMS, "pods looked at": PODS, "changes per second": PER_SECOND},
        results={
            "connected": connected,
            "samples": len(latencies),
            "expected": CHANGES * STREAMS // PODS,
            "patch sent -> HTML received": report.percentiles(latencies),
            "web process, CPU ms per message": round(1000 * used / max(len(latencies), 1), 3),
        },
    )


@contextmanager
def watcher() -> Iterator[int]:
    """The watcher's process id."""
    process = subprocess.Popen([sys.executable, "manage.py", "watch"], env=os.environ)
    try:
        yield process.pid
    finally:
        process.terminate()
        process.wait(15)


def pods_of(world: Any) -> "Target":
    from bench.product import kube_of
    from console import kube
    from workloads.models import Pod

    deadline = time.monotonic() + 120
    while Pod.objects.filter(namespace="bulk").count() < 200:
        assert time.monotonic() < deadline, "the watcher does not fill the index"
        time.sleep(0.2)
    found = Pod.objects.filter(namespace="bulk").order_by("name")
    names = list(found.values_list("name", flat=True))
    server = kube_of(world)

    def change(number: int) -> None:
        path = kube.path("Pod", "bulk", names[number % PODS])
        server.patch(path, {"metadata": {"labels": {"beat": f"n{number}"}}}, kind="merge")

    return Target(names[:PODS], change)


class Target:
    def __init__(self, names: list[str], change: Any) -> None:
        self.names = names
        self.change = change


class Pages:
    """Open pages, each noting when it first holds a change's mark."""

    def __init__(self, port: int, cookie: str) -> None:
        self.port = port
        self.cookie = cookie
        self.sent: dict[int, float] = {}
        self.latencies: list[float] = []
        self.drawn = 0

    async def look(self, name: str) -> None:
        region = quote(f"/clusters/{CLUSTER}/pods/bulk/{name}/state")
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, limit=2**20)
        writer.write(
            f"GET /live/?region={region} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            f"Cookie: sessionid={self.cookie}\r\n\r\n".encode()
        )
        seen: set[int] = set()
        async for line in reader:
            if line.startswith(b'data: {"url"'):
                self.drawn += not seen
                seen.add(-1)
                self.note(line, seen)

    def note(self, line: bytes, seen: set[int]) -> None:
        for number in {int(found) for found in re.findall(rb"beat=n(\d+)", line)} - seen:
            seen.add(number)
            self.latencies.append(time.monotonic() - self.sent[number])


async def measure(port: int, cookie: str, target: Target) -> tuple[list[float], int]:
    pages = Pages(port, cookie)
    looking = []
    for number in range(STREAMS):
        looking.append(asyncio.create_task(pages.look(target.names[number % PODS])))
        if number % 50 == 49:
            await asyncio.sleep(0.2)
    deadline = time.monotonic() + 60
    while pages.drawn < STREAMS and time.monotonic() < deadline:
        await asyncio.sleep(0.1)
    for number in range(CHANGES):
        pages.sent[number] = time.monotonic()
        await asyncio.to_thread(target.change, number)
        await asyncio.sleep(1 / PER_SECOND)
    await asyncio.sleep(3)
    connected = sum(not task.done() for task in looking)
    for task in looking:
        task.cancel()
    return pages.latencies, connected


if __name__ == "__main__":
    main()
