"""Requests are answered in threads that are used again, one request at a time."""

import asyncio
import threading
from collections.abc import Callable
from typing import Any

from asgiref.sync import sync_to_async

from console.threads import Threads
from tests.wait import until


async def ask(threads: Threads, view: Callable[[], object]) -> None:
    async def application(scope: Any, receive: Any, send: Any) -> None:
        await sync_to_async(view)()

    await threads.answer(application, {}, None, None)


def test_the_next_request_has_the_thread_of_the_last_one() -> None:
    threads, seen = Threads(), set()
    for _ in range(3):
        asyncio.run(ask(threads, lambda: seen.add(threading.current_thread())))
        until(lambda: threads.idle)
    assert len(seen) == 1


def test_two_requests_at_once_have_a_thread_each() -> None:
    threads, both = Threads(), threading.Barrier(2, timeout=30)

    async def together() -> None:
        await asyncio.gather(ask(threads, both.wait), ask(threads, both.wait))

    asyncio.run(together())
    until(lambda: len(threads.idle) == 2)


def test_a_thread_is_not_used_again_while_a_view_nobody_waits_for_runs_in_it() -> None:
    threads, begun, go_on = Threads(), threading.Event(), threading.Event()
    seen: list[threading.Thread] = []

    def slow() -> None:
        seen.append(threading.current_thread())
        begun.set()
        go_on.wait(30)

    async def leave() -> None:
        task = asyncio.create_task(ask(threads, slow))
        await asyncio.to_thread(begun.wait, 30)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await ask(threads, lambda: seen.append(threading.current_thread()))
        go_on.set()

    asyncio.run(leave())
    assert len(set(seen)) == 2


def test_no_more_threads_are_kept_than_wanted() -> None:
    threads, all_here = Threads(kept=2), threading.Barrier(5, timeout=30)

    async def together() -> None:
        await asyncio.gather(*(ask(threads, all_here.wait) for _ in range(5)))

    before = threading.active_count()
    asyncio.run(together())
    until(lambda: threading.active_count() <= before + 2)
    assert len(threads.idle) == 2
