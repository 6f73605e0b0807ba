"""Threads that are kept from one piece of work to the next, and so are their databases.

A request, or a region that is drawn, would else open the database anew: with SQLite that takes
longer than what most of them read.
"""

from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

from django.db import close_old_connections, connections


class Threads:
    """Lent to one at a time. `most_idle`: a thread that comes back beyond these ends."""

    def __init__(self, name: str, most_idle: int) -> None:
        self.name = name
        self.most_idle = most_idle
        self.closed = False
        # The last one used is the next one used, so that few are.
        self.idle: list[ThreadPoolExecutor] = []

    @asynccontextmanager
    async def one(self) -> AsyncIterator[ThreadPoolExecutor]:
        """A thread that is the borrower's own meanwhile."""
        thread = self.idle.pop() if self.idle else ThreadPoolExecutor(1, self.name)
        is_free = False
        try:
            yield thread
            is_free = True
        finally:
            # What was given up half way may still be at work in its thread.
            if is_free and len(self.idle) < self.most_idle and not self.closed:
                self.idle.append(thread)
            else:
                end(thread)

    def close(self) -> None:
        """End those that wait, and the others when they come back."""
        self.closed = True
        while self.idle:
            end(self.idle.pop())


def end(thread: ThreadPoolExecutor) -> None:
    """After what it does just now, and with its connections."""
    thread.submit(connections.close_all)
    thread.shutdown(wait=False)


def tidied[T](work: Callable[[], T]) -> T:
    """As around a request: a connection that broke, or is too old, is not used again."""
    close_old_connections()
    try:
        return work()
    finally:
        close_old_connections()
