"""GET /live/logs/: one container's log as it is written, in raw ASGI beside Django.

The API server's stream blocks a thread; there are so many of them and no more. The right to read
is checked when it opens and every few seconds, as for the live regions.
"""

import asyncio
import threading
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qs

from django.core.exceptions import PermissionDenied
from django.db import connection
from django.http import Http404

from console import kube, secrets
from console.access import cluster_for
from console.live.hub import hub
from console.live.render import event
from console.live.viewer import Viewer, still, user_of, viewer_of
from console.models import Cluster
from workloads.logs.lines import Line, after
from workloads.logs.reading import Where, follow, is_waiting

type Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

MOST = 64
CHECK = 4.0
AGAIN = 1.0
# Lines that wait for a slow browser; beyond that the oldest go, and the page is told.
WAITING = 5_000
_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
    (b"x-content-type-options", b"nosniff"),
]
_threads = ThreadPoolExecutor(MOST, thread_name_prefix="logs")
_room = threading.BoundedSemaphore(MOST)


class Following:
    """One page's reader: the thread puts lines in, the loop takes them out."""

    def __init__(self, cluster: Cluster, where: Where, last: str) -> None:
        self.cluster = cluster
        self.where = where
        self.last = last
        self.loop = asyncio.get_running_loop()
        self.wake = asyncio.Event()
        self.stop = threading.Event()
        self.lock = threading.Lock()
        self.lines: list[Line] = []
        self.lost = 0
        self.state = "following"
        self.over = False

    def run(self) -> None:
        try:
            while not self.stop.is_set():
                self._once()
                if self.over:
                    break
                self.stop.wait(AGAIN)
        finally:
            self.over = True
            self._tell()
            _room.release()

    def _once(self) -> None:
        """One run of the container, as far as it goes; the next one is asked for again."""
        try:
            for line in after(follow(self.cluster, self.where, self.last), self.last):
                if self.stop.is_set():
                    return
                self._put(line)
        except kube.NotFound:
            self.state, self.over = "gone", True
        except (kube.KubeError, secrets.Unreadable) as error:
            self.state = "waiting" if is_waiting(error) else str(error)
            self._tell()

    def _put(self, line: Line) -> None:
        with self.lock:
            self.lines.append(line)
            if len(self.lines) > WAITING:
                self.lost += len(self.lines) - WAITING
                del self.lines[:-WAITING]
            self.last = line.at or self.last
            self.state = "following"
        self._tell()

    def _tell(self) -> None:
        if not self.loop.is_closed():
            self.loop.call_soon_threadsafe(self.wake.set)

    def take(self) -> bytes:
        """What is to be sent now."""
        self.wake.clear()
        with self.lock:
            found, self.lines, lost, self.lost = self.lines, [], self.lost, 0
            state, last = self.state, self.last
        body = {
            "lines": [[one.clock, one.text] for one in found],
            "lost": lost,
            "state": state,
        }
        head = f"id: {last}\n".encode() if last else b""
        return head + event("lines", body)


async def stream(scope: Any, receive: Any, send: Send) -> None:
    if scope["method"] != "GET":
        return await _refuse(send, 405, "Use GET.")
    headers = dict(scope["headers"])
    viewer: Viewer | None = await hub.call(viewer_of, headers)
    if viewer is None or hub.closing:
        return await _refuse(send, 503 if viewer else 403, "Log in first.")
    try:
        query = parse_qs(scope["query_string"].decode("ascii"))
        asked: tuple[Cluster, Where] = await hub.call(_asked, viewer, query)
    except (Http404, PermissionDenied, UnicodeDecodeError):
        return await _refuse(send, 404, "No such container.")
    if not _room.acquire(blocking=False):
        return await _refuse(send, 503, "Too many logs are followed at the moment.")
    last = headers.get(b"last-event-id", b"").decode("latin-1") or _one(query, "since")
    following = Following(*asked, last)
    _threads.submit(_closing, following.run)
    await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
    try:
        await _pump(following, viewer, receive, send)
    finally:
        following.stop.set()
    return None


async def _pump(following: Following, viewer: Viewer, receive: Any, send: Send) -> None:
    gone = asyncio.create_task(_disconnected(receive))
    gone.add_done_callback(lambda _: following.wake.set())
    try:
        await send(_body(b"retry: 1000\n\n", more=True))
        while not gone.done():
            allowed = not hub.closing and await hub.call(still, viewer)
            if not allowed or following.over:
                why = "shutdown" if hub.closing else "over" if allowed else "session"
                last = following.take() + event("closed", {"why": why})
                return await send(_body(last, more=False))
            await _wait(following)
            if not gone.done():
                await send(_body(following.take(), more=True))
        return None
    finally:
        gone.cancel()


async def _wait(following: Following) -> None:
    """Until there is something, or it is time to look at the rights again; lines come in crowds."""
    try:
        async with asyncio.timeout(CHECK):
            await following.wake.wait()
    except TimeoutError:
        return
    await asyncio.sleep(0.1)


def _asked(viewer: Viewer, query: dict[str, list[str]]) -> tuple[Cluster, Where]:
    cluster = cluster_for(user_of(viewer.session_key), _one(query, "cluster"))
    where = Where(_one(query, "namespace"), _one(query, "pod"), _one(query, "container"))
    if not (where.namespace and where.pod):
        raise Http404
    return cluster, where


def _one(query: dict[str, list[str]], name: str) -> str:
    return query.get(name, [""])[0].replace("\x00", "")[:253]


def _closing(work: Callable[[], None]) -> None:
    try:
        work()
    finally:
        connection.close()


async def _disconnected(receive: Any) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _refuse(send: Send, status: int, words: str) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send(_body(words.encode(), more=False))


def _body(body: bytes, *, more: bool) -> dict[str, Any]:
    return {"type": "http.response.body", "body": body, "more_body": more}
