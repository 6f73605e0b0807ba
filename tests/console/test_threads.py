import asyncio
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.signals import request_started
from django.db import connection, connections

from console import asgi
from console.models import Cluster
from console.threads import Threads, tidied
from tests.wait import PATIENCE


@pytest.fixture
def threads() -> Iterator[Threads]:
    made = Threads("test", most_idle=2)
    yield made
    made.close()


async def run[T](threads: Threads, work: Callable[[], T]) -> T:
    async with threads.one() as thread:
        return await asyncio.get_running_loop().run_in_executor(thread, tidied, work)


def test_what_comes_one_after_the_other_runs_in_the_same_thread(threads: Threads) -> None:
    async def twice() -> list[int]:
        return [await run(threads, threading.get_ident) for _ in range(2)]

    first, second = asyncio.run(twice())
    assert first == second != threading.get_ident()


def test_what_comes_at_the_same_time_does_not_wait(threads: Threads) -> None:
    meet = threading.Barrier(3)

    def work() -> int:
        meet.wait(PATIENCE)
        return threading.get_ident()

    async def together() -> list[int]:
        return await asyncio.gather(*(run(threads, work) for _ in range(3)))

    assert len(set(asyncio.run(together()))) == 3
    assert len(threads.idle) == 2


@pytest.mark.django_db(transaction=True)
def test_a_thread_keeps_its_connection_and_takes_it_along_when_it_ends(threads: Threads) -> None:
    def read() -> tuple[threading.Thread, Any, Any]:
        Cluster.objects.count()
        return threading.current_thread(), connections["default"], connection.connection

    async def twice() -> list[tuple[threading.Thread, Any, Any]]:
        return [await run(threads, read) for _ in range(2)]

    (thread, wrapper, first), (_, _, second) = asyncio.run(twice())
    assert first is second is not None
    threads.close()
    thread.join(PATIENCE)
    assert not thread.is_alive()
    assert wrapper.connection is None


def test_a_thread_that_comes_back_after_the_end_ends(threads: Threads) -> None:
    async def scene() -> threading.Thread:
        async with threads.one() as thread:
            threads.close()
            return thread.submit(threading.current_thread).result(PATIENCE)

    thread = asyncio.run(scene())
    thread.join(PATIENCE)
    assert not thread.is_alive()
    assert threads.idle == []


def test_the_thread_of_a_request_given_up_half_way_ends_when_its_work_does(
    threads: Threads,
) -> None:
    go_on = threading.Event()
    working: list[threading.Thread] = []

    def work() -> None:
        working.append(threading.current_thread())
        go_on.wait(PATIENCE)

    async def given_up() -> None:
        async with threads.one() as thread:
            thread.submit(work)
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
    working[0].join(PATIENCE)
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
    assert len(seen) == 2
    assert len(set(seen)) == 1
