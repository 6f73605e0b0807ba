"""A cluster in this process: a store, its controllers, kubelets with real sockets, fast time."""

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from sandbox import world
from sandbox.kubernetes import nodes
from sandbox.kubernetes.demo.manifests import GATE, App, deployment, namespace, node
from sandbox.kubernetes.kinds import KINDS, Kind, Object
from sandbox.kubernetes.rules import rules_of
from sandbox.kubernetes.store import Store
from sandbox.net import lock_any
from tests.wait import PATIENCE

TIME_SCALE = 0.02
WEB = App("web", "shop/web:1", (("http", 8080),), replicas=3, drain_seconds=0)


@dataclass
class Live:
    """`headless`: no sockets. All a test does goes through the store, as clients' calls do."""

    headless: bool = False
    scale: float = TIME_SCALE
    runner: asyncio.Runner = field(default_factory=asyncio.Runner)

    def __post_init__(self) -> None:
        self.lock = lock_any("tests of the controllers")
        self.cluster = world.clusters(self.lock.net)[0]
        self.store = Store(self.cluster.id, rules=rules_of(self.cluster))
        self.found()
        self._nodes: asyncio.Task[None] | None = None

    def found(self) -> None:
        """The least a cluster has: two namespaces and three nodes."""
        for name in ("default", "shop"):
            self.create("Namespace", namespace(name))
        for number in range(3):
            self.create("Node", node(self.cluster, number))

    async def start(self) -> None:
        running = nodes.start(
            self.store, self.cluster, time_scale=self.scale, headless=self.headless
        )
        self._nodes = asyncio.create_task(running)

    async def stop(self) -> None:
        assert self._nodes is not None
        self._nodes.cancel()
        with suppress(asyncio.CancelledError):
            await self._nodes

    def close(self) -> None:
        self.lock.release()

    @staticmethod
    def kind(name: str) -> Kind:
        return KINDS[name]

    def spare_node(self) -> Object:
        return node(self.cluster, 9)

    # Acting

    def create(self, kind: str, manifest: Object) -> Object:
        return self.store.create(KINDS[kind], manifest)

    def deploy(self, app: App = WEB, **strategy: Any) -> Object:
        return self.create("Deployment", deployment(app, "shop", **strategy))

    def change(self, kind: str, name: str, fn: Callable[[Object], object]) -> Object:

        def write(obj: Object) -> None:
            fn(obj)

        return self.store.change(KINDS[kind], "shop", name, write)

    def annotate(self, pod: Object, **annotations: str) -> None:
        said = {f"sandbox.podgate.dev/{k.replace('_', '-')}": v for k, v in annotations.items()}

        def write(obj: Object) -> None:
            obj["metadata"].setdefault("annotations", {}).update(said)

        self.change("Pod", pod["metadata"]["name"], write)

    def delete(self, kind: str, name: str, **how: Any) -> None:
        self.store.delete(KINDS[kind], "shop", name, **how)

    def gate(self, pod: Object, status: str, type_: str = GATE) -> None:
        """Set a readiness gate as a binder does: only its own condition, through the status."""

        def write(obj: Object) -> None:
            conditions = obj["status"].setdefault("conditions", [])
            conditions[:] = [c for c in conditions if c["type"] != type_]
            conditions.append({"type": type_, "status": status, "reason": "Test"})

        self.store.change(
            KINDS["Pod"], "shop", pod["metadata"]["name"], write, subresource="status"
        )

    # Seeing

    def get(self, kind: str, name: str) -> Object:
        return self.store.get(KINDS[kind], "shop", name)

    def find(self, kind: str, name: str) -> Object | None:
        return self.store.find(KINDS[kind], "shop", name)

    def all(self, kind: str) -> list[Object]:
        return self.store.list(KINDS[kind], "shop")

    def pods(self, app: str = "web") -> list[Object]:
        """Those that are not on their way out."""
        return [
            pod
            for pod in self.all("Pod")
            if pod["metadata"]["labels"].get("app") == app
            and "deletionTimestamp" not in pod["metadata"]
        ]

    def reasons(self) -> set[str]:
        return {event["reason"] for event in self.all("Event")}

    def said(self, reason: str) -> list[str]:
        return [event["message"] for event in self.all("Event") if event["reason"] == reason]

    async def until[T](self, outcome: Callable[[], T], *, seconds: float = PATIENCE) -> T:
        async with asyncio.timeout(seconds):
            while not (found := outcome()):
                await asyncio.sleep(0.01)
            return found

    async def settled(self, seconds: float = 0.4) -> None:
        """Long enough (twenty emulated seconds) for what should not happen to happen."""
        await asyncio.sleep(seconds)

    async def ready_pods(self, count: int, app: str = "web") -> list[Object]:
        def enough() -> list[Object]:
            ready = [pod for pod in self.pods(app) if condition(pod, "Ready") == "True"]
            return ready if len(ready) == count else []

        return await self.until(enough)

    async def running_pods(self, count: int, app: str = "web") -> list[Object]:
        def enough() -> list[Object]:
            ready = [p for p in self.pods(app) if condition(p, "ContainersReady") == "True"]
            return ready if len(ready) == count else []

        return await self.until(enough)


def condition(obj: Object, type_: str) -> str:
    """The status of a condition; empty when there is none."""
    return next((c["status"] for c in conditions(obj) if c["type"] == type_), "")


def conditions(obj: Object) -> list[Object]:
    return list((obj.get("status") or {}).get("conditions") or ())


def why(obj: Object, type_: str) -> tuple[str, str]:
    found = next(c for c in conditions(obj) if c["type"] == type_)
    return found.get("reason", ""), found.get("message", "")


def ip(pod: Object) -> str:
    return str(pod["status"]["podIP"])


async def http(host: str, port: int, path: str = "/", *, source: str = "") -> Any:
    """GET; the JSON answered, or the status code when that is not 200."""
    local = (source, 0) if source else None
    reader, writer = await asyncio.open_connection(host, port, local_addr=local)
    try:
        writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        answer = await reader.read()
    finally:
        writer.close()
        await writer.wait_closed()
    if not answer:
        raise ConnectionResetError("closed without an answer")
    head, _, body = answer.partition(b"\r\n\r\n")
    code = int(head.split()[1])
    return json.loads(body) if code == 200 else code
