"""The load generator must not be the one that hides what is lost."""

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from queue import Queue

import pytest

from bench.traffic import Traffic
from tests.wait import PATIENCE

type Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@contextmanager
def serving(answer: Answer) -> Iterator[int]:
    """A server in a thread; the port it listens on."""
    ports: Queue[int] = Queue()
    stop, loop = asyncio.Event(), asyncio.new_event_loop()

    async def serve() -> None:
        async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
            ports.put(server.sockets[0].getsockname()[1])
            await stop.wait()

    def run() -> None:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(serve())

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield ports.get(timeout=PATIENCE)
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()


def says(text: bytes, *, abort: bool = False) -> Answer:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(text)
        if abort:
            writer.transport.abort()
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    return answer


async def is_silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """No answer until the caller hangs up."""
    await reader.read()
    writer.close()


def answers_when_there_are(count: int) -> Answer:
    """Nobody is answered before so many have asked."""
    asked, all_are_there = 0, asyncio.Event()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        asked += 1
        if asked == count:
            all_are_there.set()
        await all_are_there.wait()
        await says(OK)(reader, writer)

    return answer


def sent(
    answer: Answer, *, rate: float = 100, seconds: float = 0.1, timeout: float = PATIENCE
) -> Traffic:
    with serving(answer) as port:
        traffic = Traffic("127.0.0.1", port, rate=rate, timeout=timeout)
        traffic.run(seconds)
    return traffic


@pytest.mark.parametrize(
    ("answer", "word"),
    [
        (says(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"), "HTTP 503"),
        (says(b"HTTP/1.1 301 Moved\r\nContent-Length: 0\r\n\r\n"), "HTTP 301"),
        (says(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"), "closed early"),
        (says(b""), "closed early"),
        (says(b"", abort=True), "closed early"),
    ],
    ids=["error", "moved", "cut-off", "empty", "aborted"],
)
def test_all_that_is_no_whole_2xx_is_lost(answer: Answer, word: str) -> None:
    traffic = sent(answer)
    assert traffic.sent == 10
    assert traffic.ok == 0
    assert set(traffic.lost) <= {word, "reset"}
    assert traffic.lost_count == 10


def test_a_port_where_nobody_listens_is_counted() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        traffic = Traffic("127.0.0.1", bound.getsockname()[1], rate=100)
        traffic.run(0.1)
    assert traffic.lost == {"refused": 10}


def test_what_does_not_answer_in_time_is_lost() -> None:
    assert sent(is_silent, timeout=0.2).lost == {"timed out": 10}


def test_a_slow_server_does_not_slow_down_what_is_sent() -> None:
    """Closed loops hide loss: here all ten requests must be under way for one to be answered."""
    traffic = sent(answers_when_there_are(10))
    assert (traffic.sent, traffic.ok, traffic.lost_count) == (10, 10, 0)


@pytest.mark.parametrize(("host", "rate"), [("10.0.0.1", 10), ("127.0.0.1", 201)])
def test_it_is_no_weapon(host: str, rate: float) -> None:
    with pytest.raises(ValueError, match="no loopback|at most"):
        Traffic(host, 80, rate=rate)
