"""Pods and Services by the hundred in a running product, and what its sandbox wrote down of them.

The sandbox is headless and assumes health: what is measured is the product, not Pods that listen.
"""

import json
import os
import ssl
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from http.client import HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

from bench import cpu
from bench.stack import Running, running
from sandbox.kubernetes.demo.bulk import manifests
from tests import world as worlds

NAMESPACE = "bulk"
PORT = 8080
OPTIONS = "--headless --health assume"
SETTINGS = {
    "sandbox": OPTIONS,
    "time scale": 1.0,
    "health check": "5 s x 3 (default)",
    "worker threads": int(os.environ.get("PODGATE_WORKER_THREADS", "12")),
    "database": "sqlite",
}
type Call = dict[str, Any]


class Fleet:
    """One product, its sandbox, and a connection to its first cluster's API server."""

    def __init__(self, product: Running) -> None:
        self.product = product
        self.world = worlds.of(product.state, product.process)
        cluster = self.world.cluster()
        address = urlsplit(cluster["server"])
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(cadata=cluster["ca"])
        self._connection = HTTPSConnection(
            address.hostname or "", address.port, timeout=60, context=context
        )
        self._headers = {"Authorization": f"Bearer {cluster['token']}"}

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """One call of the API server; a PATCH is a merge patch."""
        kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
        data = None if body is None else json.dumps(body)
        self._connection.request(method, path, data, self._headers | {"Content-Type": kind})
        answer = self._connection.getresponse()
        text = answer.read()
        assert answer.status < 300, (method, path, answer.status, text[:500])
        return json.loads(text)

    def close(self) -> None:
        self._connection.close()

    def pods(self, count: int, *, per_deployment: int = 200, into: str = NAMESPACE) -> list[str]:
        """Gated Pods, running; answers the names of their Deployments."""
        names = []
        for kind, manifest in manifests(
            count, into=into, per_deployment=per_deployment, gated=True
        ):
            if kind == "Namespace":
                self.ask("POST", "/api/v1/namespaces", manifest)
            elif kind == "Deployment":
                names.append(manifest["metadata"]["name"])
                self.ask("POST", f"/apis/apps/v1/namespaces/{into}/deployments", manifest)
        # With an address their containers are ready at once.
        until(lambda: len(self.pod_of(into)) >= count, every=2)
        return names

    def pod_of(self, into: str = NAMESPACE) -> dict[str, str]:
        """Address -> Pod's name, of the Pods that have one."""
        return dict(self._addresses(into))

    def _addresses(self, into: str) -> Iterator[tuple[str, str]]:
        where, more = f"/api/v1/namespaces/{into}/pods?limit=500", ""
        while True:
            page = self.ask("GET", where + more)
            for pod in page["items"]:
                if ip := pod["status"].get("podIP"):
                    yield ip, pod["metadata"]["name"]
            if not (token := page["metadata"].get("continue")):
                return
            more = f"&continue={token}"

    def service(
        self,
        name: str,
        selects: str,
        *,
        into: str = NAMESPACE,
        annotations: dict[str, str] | None = None,
    ) -> str:
        """A public Service claimed by class, for the Pods of this Deployment; answers its uid."""
        manifest = {
            "metadata": {
                "name": name,
                "annotations": {"service.cloud.tencent.com/direct-access": "true"}
                | (annotations or {}),
            },
            "spec": {
                "type": "LoadBalancer",
                "loadBalancerClass": "podgate.dev/clb",
                "selector": {"app": selects},
                "ports": [{"name": "http", "port": PORT, "targetPort": PORT}],
            },
        }
        made = self.ask("POST", f"/api/v1/namespaces/{into}/services", manifest)
        return str(made["metadata"]["uid"])

    def select(self, name: str, selects: str) -> None:
        where = f"/api/v1/namespaces/{NAMESPACE}/services/{name}"
        self.ask("PATCH", where, {"spec": {"selector": {"app": selects}}})

    def ready(self, names: Iterable[str], *, into: str = NAMESPACE) -> int:
        where = f"/apis/apps/v1/namespaces/{into}/deployments/"
        return sum(self.ask("GET", where + n)["status"].get("readyReplicas", 0) for n in names)

    def cloud_calls(self, since: float = 0) -> list[Call]:
        return list(self.world.control("tencent", "GET", f"calls?since={since}"))

    def cluster_calls(self, since: float = 0) -> list[Call]:
        return list(self.world.control("kubernetes", "GET", f"calls?since={since}"))

    def load_balancers(self) -> list[dict[str, Any]]:
        return list(self.world.control("tencent", "GET", "lb"))

    def cpu(self) -> dict[str, float]:
        """Seconds of CPU each process of the product has used."""
        return cpu.by_role(self.product.state)


@contextmanager
def fleet(**settings: str) -> Iterator[Fleet]:
    """A product of its own for the time of the block; settings are environment variables."""
    with (
        running(PODGATE_SANDBOX_OPTIONS=OPTIONS, **settings) as product,
        closing(Fleet(product)) as one,
    ):
        yield one


def until(is_so: Callable[[], Any], *, every: float = 0.2, seconds: float = 600) -> None:
    """Wait for something to be so; a benchmark that waits too long has failed."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(every)


def named(calls: Iterable[Call], action: str) -> list[Call]:
    return [call for call in calls if call["action"] == action]


def ended(call: Call) -> float:
    """When a call was answered, in epoch seconds."""
    return float(call["time"] + call["took"])


def rejected(calls: Iterable[Call]) -> int:
    """How many calls the cloud's 20 a second refused."""
    return sum(call["code"].startswith("RequestLimitExceeded") for call in calls)
