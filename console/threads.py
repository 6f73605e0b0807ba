"""The threads Django's views run in: kept from one request to the next, and so are their databases.

Under ASGI each request would begin a thread of its own, which opens the database anew and ends.
"""

from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

from asgiref.sync import ThreadSensitiveContext
from django.db import connections


class Threads:
    """`most_idle`: the thread of a request beyond these ends with it."""

    def __init__(self, most_idle: int = 8) -> None:
        self.most_idle = most_idle
        # The last one used is the next one used, so that few are.
        self.idle: list[ThreadPoolExecutor] = []

    @asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        """All synchronous code of a request runs in one thread, which is its own meanwhile."""
        thread = self.idle.pop() if self.idle else ThreadPoolExecutor(1, "view")
        is_free = False
        try:
            async with ThreadSensitiveContext(executor=thread):
                yield
            is_free = True
        finally:
            # A request given up half way may still be at work in its thread.
            if is_free and len(self.idle) < self.most_idle:
                self.idle.append(thread)
            else:
                end(thread)

    def close(self) -> None:
        """End those that wait."""
        while self.idle:
            end(self.idle.pop())


def end(thread: ThreadPoolExecutor) -> None:
    """After what it does just now, and with its connections."""
    thread.submit(connections.close_all)
    thread.shutdown(wait=False)
