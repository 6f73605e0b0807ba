"""`python -m bench.search`: 50,000 Pods in five clusters, asked over HTTP as Ctrl-K asks."""

import http.client
import os
import time
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice
from typing import Any

from bench import report

PODS = 50_000
CLUSTERS = 5
WORKLOADS = 2_000
SERVICES = 1_000
REQUESTS = 400
LETTERS = "bcdfghjklmnpqrstvwxz2456789"
# What people type: beginnings, middles, one letter, whole names, addresses, ids, nothing at all.
QUERIES = {
    "one letter": "s",
    "beginning": "store",
    "middle": "front-",
    "hash in the middle": "7c9d",
    "whole name": "",
    "namespace/name": "team-4/store",
    "nothing": "no-such-thing-anywhere",
    "beginning of an IP": "10.0.3",
    "whole IP": "10.0.7.42",
    "node": "192.168.1.1",
    "CLB id": "lb-00000123",
    "part of a CLB id": "0000012",
    "VIP": "203.0.2.",
}


def main() -> None:
    # Only here: it makes the scratch environment that the server inherits.
    from django.core.management import call_command
    from django.db import connection

    from bench.product import session, web

    call_command("migrate", verbosity=0)
    QUERIES["whole name"] = fill()
    QUERIES["hash in the middle"] = letters(20_000, 10)[3:8]
    cookie = session()
    with web() as served:
        ask(served.port, cookie, len(QUERIES))
        before = served.cpu_seconds()
        taken, by_kind = ask(served.port, cookie, REQUESTS)
        used = served.cpu_seconds() - before
    report.write(
        "search",
        settings={
            "load average before": round(os.getloadavg()[0], 1),
            "pods": PODS,
            "clusters": CLUSTERS,
            "workloads": WORKLOADS,
            "services": SERVICES,
            "requests": REQUESTS,
            "database": connection.vendor,
        },
        results={
            "answer over HTTP": report.percentiles(taken),
            "by kind, p50 ms": {kind: round(middle(found), 1) for kind, found in by_kind.items()},
            "by kind, worst ms": {kind: round(max(found), 1) for kind, found in by_kind.items()},
            "server CPU ms per search": round(1000 * used / REQUESTS, 1),
        },
    )


def fill() -> str:
    """The index as the watcher would leave it; answers one Pod's name."""
    from django.utils import timezone

    from console.models import Account, Cluster
    from services.models import Binding
    from workloads.models import Pod, Service, Workload

    account = Account.objects.create(
        name="bench", uin="1", region="ap-guangzhou", secret_id="", secret_key=""
    )
    clusters = [
        Cluster.objects.create(
            cluster_id=f"cls-bench0{n}",
            account=account,
            server="https://127.0.0.1:1",
            credentials="",
        )
        for n in range(CLUSTERS)
    ]
    now = timezone.now()
    Pod.objects.bulk_create((pod(n, clusters[n % CLUSTERS]) for n in range(PODS)), batch_size=1000)
    Workload.objects.bulk_create(
        Workload(
            cluster=clusters[n % CLUSTERS], uid=f"w{n}", kind="Deployment", rollout="complete",
            namespace=f"team-{n % 20}", name=name(n), resource_version="1", created_at=now,
        )
        for n in range(WORKLOADS)
    )  # fmt: skip
    Service.objects.bulk_create(
        Service(
            cluster=clusters[n % CLUSTERS], uid=f"s{n}", type="LoadBalancer",
            namespace=f"team-{n % 20}", name=name(n), resource_version="1", created_at=now,
            vip=f"203.0.{n // 250}.{n % 250}",
        )
        for n in range(SERVICES)
    )  # fmt: skip
    Binding.objects.bulk_create(
        Binding(
            cluster=clusters[n % CLUSTERS], service_uid=f"s{n}", namespace=f"team-{n % 20}",
            name=name(n), phase="Ready", phase_since=now, lb_id=f"lb-{n:08}",
            vip=f"203.0.{n // 250}.{n % 250}",
        )
        for n in range(SERVICES)
    )  # fmt: skip
    return f"{name(31_234)}-{letters(31_234, 10)}-{letters(31_234 * 7, 5)}"


def name(n: int) -> str:
    words = ("storefront", "cart", "catalog", "search", "payments", "reviews", "gateway", "auth")
    return f"{words[n % len(words)]}-{n % 250}"


def letters(n: int, length: int) -> str:
    return "".join(
        LETTERS[(n * 7919 + place * 104729 + n // 3) % len(LETTERS)] for place in range(length)
    )


def pod(n: int, cluster: Any) -> Any:
    from workloads.models import Pod

    conditions = [{"type": "Ready", "status": "True", "reason": "", "message": "", "since": None}]
    return Pod(
        cluster=cluster,
        uid=f"p{n}",
        namespace=f"team-{n % 20}",
        name=f"{name(n)}-{letters(n, 10)}-{letters(n * 7, 5)}",
        resource_version="1",
        created_at=datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=n),
        labels={"app": name(n), "pod-template-hash": letters(n, 10)},
        ip=f"10.{n // 65025}.{n // 255 % 255}.{n % 255}",
        node=f"192.168.{n % 4}.{n % 100}",
        status="Running",
        ready=True,
        containers_ready=True,
        network_mode="eni",
        workload_kind="Deployment",
        workload_name=name(n),
        conditions=conditions * 4,
        containers=[{"name": "web", "image": "registry/web:1", "ready": True, "ports": []}],
    )


def ask(port: int, cookie: str, requests: int) -> tuple[list[float], dict[str, list[float]]]:
    """Seconds of every answer, and milliseconds by what was asked; each differs from the last."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    taken: list[float] = []
    by_kind: dict[str, list[float]] = {kind: [] for kind in QUERIES}
    for kind, text in islice(cycle(QUERIES.items()), requests):
        started = time.monotonic()
        where = f"/search/found?q={text.replace('/', '%2F')}"
        connection.request("GET", where, headers={"Cookie": f"sessionid={cookie}"})
        answer = connection.getresponse()
        body = answer.read()
        seconds = time.monotonic() - started
        assert answer.status == 200, (kind, answer.status, body[:300])
        assert (b'<a href="' in body) == (kind != "nothing"), (kind, body[:300])
        taken.append(seconds)
        by_kind[kind].append(seconds * 1000)
    return taken, by_kind


def middle(found: list[float]) -> float:
    return sorted(found)[len(found) // 2]


if __name__ == "__main__":
    main()
