"""One stream, spoken to as an ASGI server speaks: no sockets, the same application."""

import asyncio
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.test import Client

from console.live.hub import Hub
from console.live.stream import stream
from tests.wait import PATIENCE


class Page:
    """A browser's end of a stream: what has arrived, and how to leave."""

    def __init__(
        self, hub: Hub, client: Client | None, *regions: str, language: str = "en"
    ) -> None:
        session = client.cookies[settings.SESSION_COOKIE_NAME].value if client else ""
        cookies = f"{settings.SESSION_COOKIE_NAME}={session}; django_language={language}"
        query = urlencode([("region", region) for region in regions])
        self.scope = {
            "type": "http",
            "method": "GET",
            "path": "/live/",
            "query_string": query.encode(),
            "headers": [(b"cookie", cookies.encode())],
        }
        self.hub = hub
        self.status = 0
        self.text = ""
        self.ended = False
        self.gone = asyncio.Event()
        self.task = asyncio.create_task(
            stream(self.scope, self._receive, self._send, hub=hub), name="page"
        )

    async def _receive(self) -> dict[str, Any]:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        else:
            self.text += message["body"].decode()
            self.ended = not message["more_body"]

    def events(self, name: str) -> list[dict[str, Any]]:
        blocks = [block.split("\n") for block in self.text.split("\n\n")]
        return [
            json.loads(lines[1].removeprefix("data: "))
            for lines in blocks
            if lines[0] == f"event: {name}"
        ]

    def html(self) -> list[str]:
        return [event["html"] for event in self.events("region")]

    async def leave(self) -> None:
        self.gone.set()
        await asyncio.wait_for(self.task, PATIENCE)


async def until(outcome: Callable[[], Any], seconds: float = PATIENCE) -> None:
    """Waits for an outcome without blocking the loop."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    while not outcome():
        assert loop.time() < deadline, "not in time"
        await asyncio.sleep(0.02)
