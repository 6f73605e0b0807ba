"""GET /live/?region=...: one page's stream, spoken in raw ASGI beside Django.

Django keeps a thread for every open response; this keeps a few kilobytes.
"""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qs

from django.http import Http404

from console.live.hub import Hub, Stream
from console.live.hub import hub as the_hub
from console.live.render import Source, source
from console.live.viewer import Viewer, viewer_of

type Scope = MutableMapping[str, Any]
type Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
type Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

# A page has a handful of regions; more is somebody trying.
MOST_REGIONS = 16
_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
    (b"x-content-type-options", b"nosniff"),
]


async def stream(scope: Scope, receive: Receive, send: Send, *, hub: Hub = the_hub) -> None:
    """Answer one stream request, until the page goes, the right goes, or the process goes."""
    if scope["method"] != "GET":
        return await _refuse(send, 405, "Use GET.")
    if hub.closing:
        return await _refuse(send, 503, "This process is stopping.")
    viewer: Viewer | None = await hub.call(viewer_of, dict(scope["headers"]))
    if viewer is None:
        return await _refuse(send, 403, "Log in first.")
    try:
        sources = _sources(scope["query_string"])
    except (Http404, UnicodeDecodeError, ValueError, TypeError):
        return await _refuse(send, 404, "No live region lives there.")
    opened = Stream(viewer, sources)
    await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
    await send(_body(b"retry: 1000\n\n: podgate\n\n", more=True))
    hub.join(opened)
    gone = asyncio.create_task(_disconnected(receive))
    try:
        await _pump(opened, send, gone)
    finally:
        hub.leave(opened)
        gone.cancel()
    return None


def _sources(query: bytes) -> list[Source]:
    urls = parse_qs(query.decode("ascii")).get("region", [])
    if not 0 < len(urls) <= MOST_REGIONS:
        raise Http404
    return [source(url) for url in dict.fromkeys(urls)]


async def _pump(opened: Stream, send: Send, gone: asyncio.Task[None]) -> None:
    gone.add_done_callback(lambda _: opened.wake.set())
    more = True
    while more and not gone.done():
        await opened.wake.wait()
        # The word that ends it may come while something else is being sent.
        more = opened.open
        if body := opened.take():
            await send(_body(body, more=more))


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _refuse(send: Send, status: int, words: str) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send(_body(words.encode(), more=False))


def _body(body: bytes, *, more: bool) -> dict[str, Any]:
    return {"type": "http.response.body", "body": body, "more_body": more}
