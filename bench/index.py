"""`python -m bench.index`: 10,000 Pods listed, decoded, stored; then list pages read over HTTP."""

import http.client
import json
import os
import subprocess
import sys
import threading
import time
from itertools import cycle, islice
from typing import Any

from bench import report

CLUSTER = "cls-vpccni01"
PODS = 10_000
REQUESTS = 600
QUERIES = [
    *(f"sort={way}{field}" for field in
      ("name", "namespace", "status", "ready", "gates", "ip", "node", "restarts", "workload", "age")
      for way in ("", "-")),
    "q=bulk-01", "q=bulk-031-", "q=127.", "namespace=bulk", "namespace=bulk&sort=-age&page=100",
    "status=ready&sort=ip", "status=not-ready", "gates=waiting", "node=no-such-node",
    "workload=deployment/bulk-007", "q=nothing-at-all", "page=150&sort=-node",
]  # fmt: skip


def main() -> None:
    # Only here: it makes the scratch environment, which the measuring process inherits.
    from bench.product import database, headless_sandbox, session, web

    with headless_sandbox(PODS) as world:
        database(world)
        listed = json.loads(
            subprocess.run(
                [sys.executable, "-m", "bench.index", "measure"],
                env=os.environ,
                check=True,
                stdout=subprocess.PIPE,
                text=True,
            ).stdout.splitlines()[-1]
        )
        cookie = session()
        with web() as served:
            read_pages(served.port, cookie, len(QUERIES))  # warms templates and caches
            before = served.cpu_seconds()
            pages = read_pages(served.port, cookie, REQUESTS)
            used = served.cpu_seconds() - before
    report.write(
        "index",
        settings={
            "load average before": round(os.getloadavg()[0], 1),
            "pods": PODS,
            "requests": REQUESTS,
            "rows per page": 50,
            "database": "sqlite",
        },
        results={
            "list": listed,
            "page TTFB": pages,
            "server CPU ms per page": round(1000 * used / REQUESTS, 1),
        },
    )


def measure() -> None:
    """In a process of its own: what listing costs it, from the first byte to the last row."""
    import django

    django.setup()
    from console import kinds, kube
    from console.models import Cluster
    from workloads import index
    from workloads.models import Pod, Watch

    cluster = Cluster.objects.get()
    server = kube.connect(cluster)
    fetching = time.monotonic()
    for page in server.pages(kube.path("Pod"), kinds.ListMeta):
        del page
    fetched = time.monotonic() - fetching
    before = resident()
    stop = threading.Event()
    thread = threading.Thread(target=index.run, kwargs={"stop": stop})
    started = time.monotonic()
    thread.start()
    peak = before
    while not Watch.objects.filter(kind="Pod", synced_at__isnull=False).exists():
        peak = max(peak, resident())
        time.sleep(0.02)
    took = time.monotonic() - started
    peak = max(peak, resident())
    stop.set()
    figures: dict[str, Any] = {
        "stored": Pod.objects.count(),
        "seconds": round(took, 2),
        "of which the emulator's answers alone": round(fetched, 2),
        "seconds without the emulator": round(took - fetched, 2),
        "RSS growth MiB": round(peak - before, 1),
    }
    print(json.dumps(figures), flush=True)
    os._exit(0)


def resident() -> float:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def read_pages(port: int, cookie: str, requests: int) -> dict[str, float]:
    """Time to the first byte of the Pods page, over every sort and filter in turn."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    taken: list[float] = []
    for query in islice(cycle(QUERIES), requests):
        started = time.monotonic()
        connection.request(
            "GET", f"/clusters/{CLUSTER}/pods/?{query}", headers={"Cookie": f"sessionid={cookie}"}
        )
        answer = connection.getresponse()
        first = time.monotonic() - started
        body = answer.read()
        assert answer.status == 200, (query, answer.status, body[:500])
        taken.append(first)
    return report.percentiles(taken)


if __name__ == "__main__":
    measure() if "measure" in sys.argv else main()
