"""A webhook's process of this test, in a thread, with its snapshots in a folder of the test."""

import asyncio
import json
import ssl
import threading
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest
from pytest_django.fixtures import Settings

from services.admission.front import Front
from services.admission.server import LOOP
from services.admission.webhook import Process
from services.models import AccessLayer
from tests.wait import PATIENCE, until

ID = "cls-vpccni01"


@dataclass
class Webhook:
    """A running process; `front` is what it serves of the demo cluster."""

    process: Process | None = None
    thread: threading.Thread | None = None
    started: threading.Event = field(default_factory=threading.Event)

    # What was served when it was stopped.
    last: Front | None = None
    has_database: bool = True

    def start(self, *, with_database: bool = True) -> None:
        self.has_database = with_database
        self.started.clear()
        self.thread = threading.Thread(target=self._in_its_loop, daemon=True)
        self.thread.start()
        assert self.started.wait(PATIENCE)

    def _in_its_loop(self) -> None:
        asyncio.run(self._run(), loop_factory=LOOP)

    async def _run(self) -> None:
        self.process = Process(with_database=self.has_database)
        self.started.set()
        await self.process.run()

    def stop(self) -> None:
        if self.process and self.thread:
            self.last = self.front if self.process.served else None
            self.process.loop.call_soon_threadsafe(self.process.stopping.set)
            self.thread.join(PATIENCE)
            assert not self.thread.is_alive()
        self.process = None

    @property
    def front(self) -> Front:
        assert self.process
        return next(iter(self.process.served.values())).front

    def is_ready(self) -> bool:
        assert self.process
        served = list(self.process.served.values())
        return bool(served) and all(one.server and one.desk.ready.is_set() for one in served)

    def post(self, body: bytes, *, path: str = "", bundle: str = "") -> tuple[int, bytes]:
        """As an API server would, trusting the bundle alone."""
        front = self.front
        request = urllib.request.Request(
            front.where + (path or f"{front.path}?timeout=2s"),
            data=body,
            headers={"Content-Type": "application/json"},
        )
        trust = ssl.create_default_context(cadata=bundle or front.bundle)
        handlers = (urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=trust))
        try:
            with urllib.request.build_opener(*handlers).open(request, timeout=PATIENCE) as answer:
                return int(answer.status), answer.read()
        except HTTPError as error:
            with error:
                return error.code, error.read()

    def patches(self, review: dict[str, Any]) -> bool:
        status, body = self.post(json.dumps(review).encode())
        assert status == 200, body
        return "patch" in json.loads(body)["response"]


@pytest.fixture
def webhook(settings: Settings, tmp_path: Path, transactional_db: Any) -> Iterator[Webhook]:
    settings.WEBHOOK_STATE = tmp_path / "webhook"
    settings.WEBHOOK_LISTEN = settings.WEBHOOK_ADDRESS = "127.0.0.1"
    settings.WEBHOOK_FIRST_PORT = 0
    running = Webhook()
    yield running
    running.stop()


def layer() -> AccessLayer:
    return AccessLayer.objects.get(cluster__cluster_id=ID)


@pytest.fixture
def ready(webhook: Webhook, cluster: Any) -> Webhook:
    """It serves the demo cluster, and has read its Services."""
    webhook.start()
    until(webhook.is_ready)
    return webhook
