"""Threads that answer requests: each one at a time, and again afterwards with its connection.

Django would start two threads for every request and open the database anew in the first.
"""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from asgiref.sync import ThreadSensitiveContext
from django.db import connections

CONNECTION_SECONDS = 60


def keep_connections() -> None:
    """For a process that answers requests; its threads keep what they opened, for a while."""
    for each in connections.settings.values():
        each |= {"CONN_MAX_AGE": CONNECTION_SECONDS, "CONN_HEALTH_CHECKS": True}


class Threads:
    """`kept` of them wait for the next request; more are started when more is asked at once."""

    def __init__(self, kept: int = 8) -> None:
        self.kept = kept
        self.idle: list[ThreadPoolExecutor] = []

    async def answer(self, application: Any, scope: Any, receive: Any, send: Any) -> None:
        thread = self.idle.pop() if self.idle else ThreadPoolExecutor(1, "request")
        try:
            async with ThreadSensitiveContext(executor=thread):
                await application(scope, receive, send)
        finally:
            # Behind what the view of somebody who left may still be doing there.
            thread.submit(self._give_back, thread)

    def _give_back(self, thread: ThreadPoolExecutor) -> None:
        if len(self.idle) < self.kept:
            self.idle.append(thread)
        else:
            connections.close_all()
            thread.shutdown(wait=False)
