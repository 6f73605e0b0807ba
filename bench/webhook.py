"""`python -m bench.webhook`: the webhook called directly, as an API server under load would.

HTTPS over keep-alive connections, open loop: reviews start at a constant rate, and latency counts
from the intended start. The process is `manage.py webhook` as in production, with a cluster that it
watches and a database that it writes to; no other process of the product runs beside it.
"""

import base64
import gc
import json
import os
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bench import cpu, product, report
from bench.caller import CONNECTIONS, Caller
from bench.fleet import until

RATE = float(os.environ.get("BENCH_RATE", "500"))
SECONDS = float(os.environ.get("BENCH_SECONDS", "30"))
SERVICES = 50
NAMESPACE = "bulk"


POD: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {
        "generateName": "bulk-000-7c9f8d6b5-",
        "namespace": NAMESPACE,
        "labels": {"app": "bulk-000", "pod-template-hash": "7c9f8d6b5", "team": "shop"},
        "annotations": {"tke.cloud.tencent.com/networks": "tke-route-eni", "checksum": "a" * 64},
    },
    "spec": {
        "containers": [
            {
                "name": name,
                "image": f"ccr.ccs.tencentyun.com/shop/{name}:1.4.2",
                "ports": [{"name": "http", "containerPort": 8080, "protocol": "TCP"}],
                "env": [{"name": f"SETTING_{n}", "value": "x" * 40} for n in range(20)],
                "resources": {"requests": {"cpu": "100m"}, "limits": {"memory": "256Mi"}},
                "volumeMounts": [{"name": "config", "mountPath": "/etc/shop"}],
            }
            for name in ("web", "sidecar")
        ],
        "volumes": [{"name": "config", "configMap": {"name": "shop"}}],
        "tolerations": [{"key": "node.kubernetes.io/not-ready", "operator": "Exists"}],
    },
}


UID = "00000000-0000-0000-0000-{:012d}"


def review() -> tuple[bytes, bytes]:
    """A Pod of usual size, as an API server sends it: what stands before the uid, and after it."""
    mark = "the uid"
    text = json.dumps(
        {
            "apiVersion": "admission.k8s.io/v1",
            "kind": "AdmissionReview",
            "request": {
                "uid": mark,
                "kind": {"group": "", "version": "v1", "kind": "Pod"},
                "resource": {"group": "", "version": "v1", "resource": "pods"},
                "namespace": NAMESPACE,
                "operation": "CREATE",
                "userInfo": {"username": "system:serviceaccount:kube-system:replicaset-controller"},
                "object": POD,
                "oldObject": None,
                "dryRun": False,
            },
        }
    )
    before, _, after = text.partition(mark)
    return before.encode(), after.encode()


def requests(host: str, path: str) -> Callable[[int], bytes]:
    """Made before the clock runs, but for the uid."""
    before, after = review()
    length = len(before) + len(UID.format(0)) + len(after)
    head = (
        f"POST {path}?timeout=2s HTTP/1.1\r\nHost: {host}\r\nAccept: application/json, */*\r\n"
        f"Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
    )
    start = head.encode() + before
    return lambda number: start + UID.format(number).encode() + after


def is_gated(number: int, answer: bytes) -> bool:
    has_patch = b" 200 " in answer[:16] and b'"patch":' in answer
    return has_patch and UID.format(number).encode() in answer


def where(ask: Callable[[str], Any]) -> dict[str, Any] | None:
    """How the API server gets to the webhook for Pods of claimed Services."""
    listed = ask("/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations")
    entries = [entry for item in listed["items"] for entry in item["webhooks"]]
    real = [entry for entry in entries if entry["name"] == "pods.podgate.dev"]
    return real[0]["clientConfig"] if real and NAMESPACE in str(real) else None


def caller(client: dict[str, Any]) -> Caller:
    address = urlsplit(client["url"])
    bundle = base64.b64decode(client["caBundle"]).decode()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    tls.load_verify_locations(cadata=bundle)
    host = address.hostname or ""
    return Caller(host, address.port or 443, tls, requests(host, address.path), is_gated)


@contextmanager
def webhook() -> Iterator[tuple[dict[str, Any], Path]]:
    """A cluster with claimed Services: how its webhook is reached, and the process's folder."""
    with product.headless_sandbox(1) as world:
        product.database(world)
        server = product.kube_of(world)
        for number in range(SERVICES):
            server.create(f"/api/v1/namespaces/{NAMESPACE}/services", service(number))
        state = world.state / "webhook"
        settings = {
            "PODGATE_STATE": str(state),
            "PODGATE_WEBHOOK_LISTEN": "127.0.0.1",
            "PODGATE_WEBHOOK_ADDRESS": "127.0.0.1",
            "PODGATE_WEBHOOK_FIRST_PORT": "0",
        }
        process = subprocess.Popen(
            [sys.executable, "manage.py", "webhook"], env=os.environ | settings
        )
        try:
            until(lambda: where(server.get))
            yield where(server.get) or {}, Path(f"/proc/{process.pid}")
        finally:
            process.terminate()
            process.wait(10)


def service(number: int) -> dict[str, Any]:
    return {
        "metadata": {"name": f"svc-{number}"},
        "spec": {
            "type": "LoadBalancer",
            "loadBalancerClass": "podgate.dev/clb",
            "selector": {"app": f"bulk-{number:03d}"},
            "ports": [{"name": "http", "port": 8080, "targetPort": 8080}],
        },
    }


def machine() -> tuple[int, int, int]:
    """Ticks of all cores so far: idle, stolen by other machines of the host, and all."""
    ticks = [int(word) for word in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    return ticks[3] + ticks[4], ticks[7], sum(ticks)


def main() -> None:
    with webhook() as (client, process):
        caller(client).run(RATE / 5, 2)
        # The caller's own pauses are not the webhook's.
        gc.collect()
        gc.freeze()
        gc.disable()
        found, used, before = caller(client), cpu.used(process), machine()
        found.run(RATE, SECONDS)
        used = cpu.used(process) - used
        idle, stolen, ticks = (b - a for a, b in zip(before, machine(), strict=True))
    report.write(
        "webhook",
        settings={
            "reviews a second": RATE,
            "seconds": SECONDS,
            "connections": CONNECTIONS,
            "claimed Services": SERVICES,
            "bytes of a review": sum(map(len, review())) + len(UID.format(0)),
            "TLS": "on, keep-alive",
        },
        results=report.percentiles(found.seconds)
        | {
            "answered": len(found.seconds),
            "with the gate": found.good,
            "failed": len(found.failed),
            "CPU of the webhook's process ms a review": round(used * 1000 / len(found.seconds), 3),
            "machine idle %": round(100 * idle / ticks, 1),
            "machine stolen %": round(100 * stolen / ticks, 1),
            "caller late": report.percentiles(found.late),
        },
    )
    assert not found.failed, found.failed[:3]


if __name__ == "__main__":
    main()
