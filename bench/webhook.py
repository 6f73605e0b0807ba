"""`python -m bench.webhook`: the webhook called directly, as an API server under load would.

HTTPS over keep-alive connections, open loop: reviews start at a constant rate, and latency counts
from the intended start. The process is `manage.py webhook` as in production, with a cluster that it
watches and a database that it writes to; no other process of the product runs beside it.
"""

import asyncio
import base64
import gc
import json
import os
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from bench import product, report
from bench.fleet import until

RATE = float(os.environ.get("BENCH_RATE", "500"))
SECONDS = float(os.environ.get("BENCH_SECONDS", "30"))
CONNECTIONS, SERVICES = 16, 50
NAMESPACE = "bulk"


@dataclass
class Caller:
    """Reviews over a few connections, each answered before the next goes on the same one."""

    host: str
    port: int
    path: str
    tls: ssl.SSLContext
    seconds: list[float] = field(default_factory=list)
    gated: int = 0
    failed: list[str] = field(default_factory=list)
    late: float = 0.0

    async def run(self, rate: float, seconds: float) -> None:
        free: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
        for _ in range(CONNECTIONS):
            stream = await asyncio.open_connection(self.host, self.port, ssl=self.tls)
            free.put_nowait(stream)
        loop = asyncio.get_running_loop()
        start, tasks = loop.time(), set()
        for number in range(int(rate * seconds)):
            due = start + number / rate
            if (wait := due - loop.time()) > 0:
                await asyncio.sleep(wait)
            self.late = max(self.late, loop.time() - due)
            task = loop.create_task(self._one(free, number, due))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
        await asyncio.gather(*tasks)
        while not free.empty():
            free.get_nowait()[1].close()

    async def _one(self, free: Any, number: int, due: float) -> None:
        reader, writer = stream = await free.get()
        try:
            body = review(number)
            writer.write(
                f"POST {self.path}?timeout=2s HTTP/1.1\r\nHost: {self.host}\r\n"
                f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode()
                + body
            )
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
            answer = await reader.readexactly(length)
        except (OSError, asyncio.IncompleteReadError, IndexError) as error:
            self.failed.append(repr(error))
            return
        self.seconds.append(asyncio.get_running_loop().time() - due)
        free.put_nowait(stream)
        if b" 200 " in head[:16] and b'"patch":' in answer:
            self.gated += 1
        else:
            self.failed.append(head[:30].decode(errors="replace"))


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


def review(number: int) -> bytes:
    """A Pod of usual size, as an API server sends it."""
    return json.dumps(
        {
            "apiVersion": "admission.k8s.io/v1",
            "kind": "AdmissionReview",
            "request": {
                "uid": f"00000000-0000-0000-0000-{number:012d}",
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
    ).encode()


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
    return Caller(address.hostname or "", address.port or 443, address.path, tls)


@contextmanager
def webhook() -> Iterator[dict[str, Any]]:
    """A cluster with claimed Services, and the webhook's process; how it is reached."""
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
            yield where(server.get) or {}
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


def main() -> None:
    with webhook() as client:
        asyncio.run(caller(client).run(RATE / 5, 2))
        # The caller's own pauses are not the webhook's.
        gc.collect()
        gc.freeze()
        found = caller(client)
        asyncio.run(found.run(RATE, SECONDS))
    report.write(
        "webhook",
        settings={
            "reviews a second": RATE,
            "seconds": SECONDS,
            "connections": CONNECTIONS,
            "claimed Services": SERVICES,
            "bytes of a review": len(review(0)),
            "TLS": "on, keep-alive",
        },
        results=report.percentiles(found.seconds)
        | {
            "answered": len(found.seconds),
            "with the gate": found.gated,
            "failed": len(found.failed),
            "worst start ms late": round(found.late * 1000, 1),
        },
    )
    assert not found.failed, found.failed[:3]


if __name__ == "__main__":
    main()
