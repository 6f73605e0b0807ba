import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.core.signals import request_started

from console import asgi
from console.threads import Threads


@pytest.fixture
def threads() -> Iterator[Threads]:
    made = Threads(most_idle=2)
    yield made
    made.close()


async def thread_of(threads: Threads, *, meet: threading.Barrier | None = None) -> int:
    def work() -> int:
        if meet:
            meet.wait(30)
        return threading.get_ident()

    async with threads.one():
        return await sync_to_async(work)()


def test_requests_one_after_the_other_run_in_the_same_thread(threads: Threads) -> None:
    async def twice() -> list[int]:
        return [await thread_of(threads), await thread_of(threads)]

    first, second = asyncio.run(twice())
    assert first == second != threading.get_ident()


def test_requests_at_the_same_time_do_not_wait_for_each_other(threads: Threads) -> None:
    meet = threading.Barrier(3)

    async def together() -> list[int]:
        return await asyncio.gather(*(thread_of(threads, meet=meet) for _ in range(3)))

    assert len(set(asyncio.run(together()))) == 3
    assert len(threads.idle) == 2


def test_the_thread_of_a_request_given_up_half_way_ends_when_its_work_does(
    threads: Threads,
) -> None:
    go_on = threading.Event()
    working: list[threading.Thread] = []

    def work() -> None:
        working.append(threading.current_thread())
        go_on.wait(30)

    async def given_up() -> None:
        async with threads.one():
            asyncio.ensure_future(sync_to_async(work)())
            while not working:
                await asyncio.sleep(0.01)
            raise ConnectionResetError

    async def ask() -> None:
        with pytest.raises(ConnectionResetError):
            await given_up()
        assert threads.idle == []
        assert working[0].is_alive()
        go_on.set()

    asyncio.run(ask())
    working[0].join(30)
    assert not working[0].is_alive()


def test_django_itself_answers_in_a_thread_that_is_kept() -> None:
    seen: list[int] = []

    def note(**_: Any) -> None:
        seen.append(threading.get_ident())

    async def ask() -> None:
        asked = iter([{"type": "http.request", "body": b"", "more_body": False}])
        over = asyncio.Event()

        async def receive() -> Any:
            if (message := next(asked, None)) is None:
                await over.wait()
            return message or {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            if not message.get("more_body", True):
                over.set()

        scope = {"type": "http", "method": "GET", "path": "/healthz", "headers": []}
        await asgi.application(scope | {"query_string": b""}, receive, send)

    async def twice() -> None:
        await ask()
        await ask()

    request_started.connect(note)
    try:
        asyncio.run(twice())
    finally:
        request_started.disconnect(note)
        asgi.threads.close()
    assert len(seen) == 2
    assert len(set(seen)) == 1
