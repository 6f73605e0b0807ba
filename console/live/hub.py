"""The hub of one web process: one Redis subscription, every open stream, each region drawn once."""

import asyncio
import json
import logging
import time
from functools import partial
from typing import Any

import redis.asyncio
from django.conf import settings

from console.live import ages, topics
from console.live.pace import stretch, turn
from console.live.render import Rendered, Source, event, render
from console.live.sharing import answering
from console.live.viewer import Viewer, still
from console.threads import Threads, tidied

_log = logging.getLogger(__name__)
# Without Redis nobody tells what changed, so everything is looked at this often.
SLOW = 3.0
# Regions drawn at the same time.
AT_ONCE = 4
BEAT = 2.0
CHECK = 4.0
type Key = tuple[str, str, str]


class Stream:
    """One page's stream: what it still has to send, the newest picture of each region only."""

    def __init__(self, viewer: Viewer, sources: list[Source]) -> None:
        self.viewer = viewer
        self.sources = sources
        self.pending: dict[str, bytes] = {}
        self.wake = asyncio.Event()
        self.open = True

    def push(self, slot: str, message: bytes) -> None:
        self.pending[slot] = message
        self.wake.set()

    def close(self, why: str) -> None:
        self.push("closed", event("closed", {"why": why}))
        self.open = False

    def take(self) -> bytes:
        """What is to be sent now, as one piece."""
        self.wake.clear()
        body = b"".join(self.pending.values())
        self.pending.clear()
        return body


class Shown:
    """A region that somebody looks at, for one scope and language."""

    def __init__(self, source: Source, viewer: Viewer) -> None:
        self.source = source
        self.viewer = viewer
        self.streams: set[Stream] = set()
        # Those of them that were sent nothing yet.
        self.waiting: set[Stream] = set()
        self.last: Rendered | None = None
        self.drawn_at = 0.0
        # Processor time of the last picture, in seconds.
        self.cost = 0.0
        self.stale = True
        # When it had to be drawn anew: what is read for that must not be older.
        self.asked_at = 0.0
        self.task: asyncio.Task[None] | None = None


class Hub:
    def __init__(self) -> None:
        self.streams: set[Stream] = set()
        self.shown: dict[Key, Shown] = {}
        self.by_topic: dict[str, set[Key]] = {}
        self.redis_down = False
        self.closing = False
        self.tasks: list[asyncio.Task[None]] = []
        self.threads = Threads("live", most_idle=AT_ONCE)
        self.turns = asyncio.Semaphore(AT_ONCE)

    # Streams come and go.

    def start(self) -> None:
        """Start what runs for all streams, in the running loop; again after a loop that ended."""
        self.tasks = [task for task in self.tasks if not task.done()]
        if not self.tasks and not self.closing:
            loops = (self._subscribe, self._beat, self._check, self._tick)
            self.tasks = [asyncio.create_task(loop(), name=loop.__name__) for loop in loops]

    async def call[T](self, function: Any, *args: Any) -> T:
        """Run blocking code in one of the hub's threads."""
        loop, work = asyncio.get_running_loop(), partial(function, *args)
        async with self.turns, self.threads.one() as thread:
            found: T = await loop.run_in_executor(thread, tidied, work)
        return found

    def join(self, stream: Stream) -> None:
        if self.closing:
            # Who it is was found out meanwhile.
            stream.close("shutdown")
            return
        self.start()
        self.streams.add(stream)
        for source in stream.sources:
            key = (source.url, stream.viewer.language, stream.viewer.scope)
            shown = self.shown.get(key)
            if shown is None:
                shown = self.shown[key] = Shown(source, stream.viewer)
                for topic in source.topics:
                    self.by_topic.setdefault(topic, set()).add(key)
            shown.streams.add(stream)
            if shown.last is not None and shown.last.status == 200 and not shown.stale:
                stream.push(source.url, shown.last.message)
            else:
                shown.waiting.add(stream)
                self.draw(shown)

    def leave(self, stream: Stream) -> None:
        self.streams.discard(stream)
        for source in stream.sources:
            key = (source.url, stream.viewer.language, stream.viewer.scope)
            shown = self.shown.get(key)
            if shown is None:
                continue
            shown.streams.discard(stream)
            shown.waiting.discard(stream)
            if not shown.streams:
                del self.shown[key]
                for topic in source.topics:
                    self.by_topic[topic].discard(key)
                    if not self.by_topic[topic]:
                        del self.by_topic[topic]

    def close(self) -> None:
        """End every stream: the process is about to stop."""
        self.closing = True
        for stream in list(self.streams):
            stream.close("shutdown")
        for task in self.tasks:
            task.cancel()
        self.threads.close()

    # Regions are drawn.

    def announced(self, topic: str) -> None:
        keys: set[Key] = set()
        for above in topics.ancestors(topic):
            keys |= self.by_topic.get(above, set())
        if topic.endswith("/"):
            for below, found in self.by_topic.items():
                if below.startswith(topic):
                    keys |= found
        for key in keys:
            self.draw(self.shown[key])

    def draw(self, shown: Shown) -> None:
        """Draw the region now, or as soon as its last picture is old enough."""
        shown.stale, shown.asked_at = True, time.monotonic()
        if shown.task is None or shown.task.done():
            shown.task = asyncio.create_task(self._draw(shown))

    async def _draw(self, shown: Shown) -> None:
        while shown.stale and shown.streams and not self.closing:
            now = time.monotonic()
            await asyncio.sleep(turn(shown.drawn_at, shown.cost, now) - now)
            # Changes from here on need another picture: the flag falls before the reading starts.
            shown.stale = False
            shown.drawn_at = time.monotonic()
            # A viewer who has not left: the first one's session may have ended meanwhile.
            viewer = next((stream.viewer for stream in shown.streams if stream.open), None)
            if viewer is None:
                return
            before = shown.last
            asked_at = shown.asked_at
            shown.last, shown.cost = await self.call(_timed, shown.source, viewer, asked_at)
            if shown.last.status == 403 and not await self._is_still(viewer):
                # That is said to this viewer; the others get a picture by one of their own.
                shown.last, shown.stale = before, True
                self._end(viewer)
                continue
            self._spread(shown, before)

    def _spread(self, shown: Shown, before: Rendered | None) -> None:
        rendered = shown.last
        if rendered is None or rendered.status == 500:
            return
        is_news = before is None or before.digest != rendered.digest or before.status != 200
        for stream in shown.streams:
            if rendered.status == 403:
                stream.close("forbidden")
            elif is_news or stream in shown.waiting:
                stream.push(shown.source.url, rendered.message)
        shown.waiting.clear()
        if rendered.status != 200:
            shown.last = None

    # What runs for all streams.

    async def _subscribe(self) -> None:
        pause = 0.2
        while True:
            try:
                async with (
                    redis.asyncio.from_url(
                        settings.REDIS_URL, socket_connect_timeout=2, health_check_interval=5
                    ) as client,
                    client.pubsub(ignore_subscribe_messages=True) as listener,
                ):
                    await listener.subscribe(topics.CHANNEL)
                    # The answer to it: what was announced before that went past, also at a start.
                    await listener.get_message(timeout=5)
                    self._draw_all()
                    self.redis_down = False
                    pause = 0.2
                    await self._listen(listener)
            except (redis.RedisError, OSError) as trouble:
                if not self.redis_down:
                    _log.warning("live pages poll slowly, Redis cannot be reached: %s", trouble)
                self.redis_down = True
                await asyncio.sleep(pause)
                pause = min(pause * 2, 5)

    async def _listen(self, listener: Any) -> None:
        while True:
            found = await listener.get_message(timeout=5)
            for topic in json.loads(found["data"]) if found else ():
                self.announced(topic)

    async def _tick(self) -> None:
        """Draw what goes stale by itself: regions with `every`, and all of them without Redis."""
        while True:
            await asyncio.sleep(0.5)
            now = time.monotonic()
            by_clock = [(one, every) for one in self.shown.values() if (every := self._every(one))]
            times = stretch((one.cost, every) for one, every in by_clock)
            for shown, every in by_clock:
                if now - shown.drawn_at >= every * times:
                    self.draw(shown)

    def _every(self, shown: Shown) -> float:
        return shown.source.region.every or (SLOW if self.redis_down else 0)

    def _draw_all(self) -> None:
        for shown in list(self.shown.values()):
            self.draw(shown)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(BEAT)
            if not self.streams:
                continue
            try:
                known: dict[str, ages.Age] | None = await self.call(ages.ages)
            except Exception:
                _log.exception("the age of the index could not be read")
                known = None
            body = event("beat", {"ages": known, "slow": self.redis_down})
            for stream in self.streams:
                stream.push("beat", body)

    async def _check(self) -> None:
        while True:
            await asyncio.sleep(CHECK)
            for viewer in {stream.viewer for stream in self.streams}:
                if not await self._is_still(viewer):
                    self._end(viewer)

    async def _is_still(self, viewer: Viewer) -> bool:
        try:
            return await self.call(still, viewer)
        except Exception:
            # A stream whose rights cannot be checked is not worth the risk.
            _log.exception("the rights behind a stream could not be checked")
            return False

    def _end(self, viewer: Viewer) -> None:
        for stream in self.streams:
            if stream.viewer == viewer and stream.open:
                stream.close("session")


def _timed(source: Source, viewer: Viewer, asked_at: float) -> tuple[Rendered, float]:
    """The picture, and the processor time it took."""
    started = time.thread_time()
    with answering(asked_at):
        rendered = render(source, viewer)
    return rendered, time.thread_time() - started


hub = Hub()
