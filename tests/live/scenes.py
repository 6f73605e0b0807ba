"""Scenes with a hub of their own, and the database from within them."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from console.live.hub import Hub

type Scene = Callable[[Hub], Coroutine[Any, Any, None]]


def play(scene: Scene) -> None:
    """Run a scene with a hub of its own, closed at the end as at a shutdown."""

    async def run() -> None:
        hub = Hub()
        try:
            await scene(hub)
        finally:
            hub.close()
            await asyncio.gather(*hub.tasks, return_exceptions=True)

    asyncio.run(run())


async def aside(function: Callable[..., Any], *args: Any) -> Any:
    """The database from within a scene: Django forbids it in the loop's own thread."""
    from django.db import connection

    def work() -> Any:
        try:
            return function(*args)
        finally:
            connection.close()

    return await asyncio.to_thread(work)
