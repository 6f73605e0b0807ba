"""Threads that answer requests: each one at a time, and again afterwards with its connection.

Django would start two threads for every request and open the database anew in the first.
"""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from asgiref.sync import ThreadSensitiveContext
from django.db import connections

# So many wait for the next request; more are started when more is asked at once.
KEPT = 8
CONNECTION_SECONDS = 60

_idle: list[ThreadPoolExecutor] = []


def keep_connections() -> None:
    """For a process that answers requests; its threads keep what they opened, for a while."""
    for each in connections.settings.values():
        each |= {"CONN_MAX_AGE": CONNECTION_SECONDS, "CONN_HEALTH_CHECKS": True}


async def answer(application: Any, scope: Any, receive: Any, send: Any) -> None:
    thread = _idle.pop() if _idle else ThreadPoolExecutor(1, thread_name_prefix="request")
    try:
        async with ThreadSensitiveContext(executor=thread):
            await application(scope, receive, send)
    finally:
        # Behind what the view of somebody who left may still be doing there.
        thread.submit(_give_back, thread)


def _give_back(thread: ThreadPoolExecutor) -> None:
    if len(_idle) < KEPT:
        _idle.append(thread)
    else:
        connections.close_all()
        thread.shutdown(wait=False)
