"""The threads regions are drawn in: a few, each with a connection to the database that it keeps.

Opening SQLite anew for each region takes longer than what is read there.
"""

from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any

from django.db import close_old_connections, connections

type Job = tuple[Future[Any], Callable[[], Any]]


class Threads:
    """They begin with the first jobs; `close` ends them and gives up the jobs that wait or come."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.closed = False
        self._begun: list[Thread] = []
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()

    def submit[T](self, work: Callable[[], T]) -> Future[T]:
        future: Future[T] = Future()
        if self.closed:
            future.cancel()
            return future
        self._jobs.put((future, work))
        if len(self._begun) < self.most:
            self._begun.append(Thread(target=self._work, name="live", daemon=True))
            self._begun[-1].start()
        return future

    def close(self) -> None:
        self.closed = True
        with suppress(Empty):
            while job := self._jobs.get_nowait():
                job[0].cancel()
        for _ in self._begun:
            self._jobs.put(None)

    def _work(self) -> None:
        while job := self._jobs.get():
            _do(*job)
        connections.close_all()


def _do(future: Future[Any], work: Callable[[], Any]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    _tidy()
    try:
        found = work()
    except BaseException as error:
        _tidy()
        future.set_exception(error)
    else:
        # Whoever waits for the answer may end what this thread needs.
        _tidy()
        future.set_result(found)


def _tidy() -> None:
    """As around a request: a connection that broke, or is too old, is not used again.

    Whatever is wrong with it, the thread goes on.
    """
    try:
        close_old_connections()
    except Exception:
        connections.close_all()
