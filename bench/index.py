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

import msgspec

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
    *(f"health={word}" for word in ("Alive", "Dead", "Unknown", "none")),
    "health=Alive&sort=-age&page=40", "health=none&sort=node", "gates=open&sort=-age", "gates=none",
    "network=eni&sort=-name", "network=host", "network=unknown", "status=Running&sort=-restarts",
    "columns=status,network,revision,images,restarts", "columns=gates,health&health=Dead",
    "columns=status,ready,gates,health,ip,network,node,workload,revision,images,restarts,age",
    "namespace=bulk&gates=waiting&health=Unknown&network=eni&q=bulk-00&sort=-node",
]  # fmt: skip
# Every other Deployment has a Service in front; of its Pods one in so many is not Alive.
DEAD_OF, UNKNOWN_OF = 100, 50


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
        bind()
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
    for page in server.pages(kube.path("Pod"), kinds.List[msgspec.Raw]):
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


def bind() -> None:
    """Services in front of half of the Pods, as the ledger and the index would have them."""
    from django.utils import timezone

    from console.models import Cluster
    from services.models import Binding, Registration
    from workloads.models import Pod, Service

    cluster, now = Cluster.objects.get(), timezone.now()
    for service in Service.objects.filter(namespace="bulk").order_by("name")[::2]:
        binding = Binding.objects.create(
            cluster=cluster, service_uid=service.uid, namespace="bulk", name=service.name,
            phase="Ready", phase_since=now, lb_id=f"lb-{service.name}", vip="203.0.113.7",
        )  # fmt: skip
        pods = list(Pod.objects.filter(workload_name=service.name).order_by("name"))
        gate = {"type": cluster.gate_type, "reason": "", "message": "", "since": None}
        rows = []
        for place, pod in enumerate(pods):
            health = health_of(place)
            pod.gated, pod.gates_open = True, health != "Unknown"
            pod.gates = [gate | {"status": "True" if pod.gates_open else "False"}]
            rows.append(
                Registration(
                    binding=binding, lb_id=binding.lb_id, listener_id=f"lbl-{service.name}",
                    protocol="TCP", listener_port=80, ip=pod.ip or "127.0.0.1", port=8080,
                    pod_uid=pod.uid, pod_name=pod.name, intended_at=now, registered_at=now,
                    health=health, health_since=now,
                )
            )  # fmt: skip
        Pod.objects.bulk_update(pods, ["gates", "gated", "gates_open"], batch_size=200)
        Registration.objects.bulk_create(rows, batch_size=200)


def health_of(place: int) -> str:
    if place % DEAD_OF == 7:
        return "Dead"
    return "Unknown" if place % UNKNOWN_OF == 9 else "Alive"


def read_pages(port: int, cookie: str, requests: int, *, every: float = 0) -> dict[str, float]:
    """Time to the first byte of the Pods page, over every sort and filter in turn.

    One after the other, or one `every` so many seconds.
    """
    begun = time.monotonic()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    taken: list[float] = []
    for number, query in enumerate(islice(cycle(QUERIES), requests)):
        time.sleep(max(0.0, begun + number * every - time.monotonic()))
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
