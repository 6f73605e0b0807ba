"""What changed: events in order, a bounded memory of them, and subscriptions to what comes next."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Literal

from sandbox.kubernetes.errors import Gone
from sandbox.kubernetes.kinds import Kind, Object

Change = Literal["ADDED", "MODIFIED", "DELETED"]

# The real server keeps about five minutes; a count bounds memory in a bench with 10,000 Pods.
REMEMBERED = 20_000


@dataclass(frozen=True)
class Event:
    """One change. `old` is the object before it, for watches that select by label."""

    type: Change
    kind: Kind
    obj: Object
    revision: int = 0
    old: Object | None = None


class Subscription:
    """An async iterator of events; ends when closed."""

    def __init__(self, hub: "Hub", kinds: tuple[Kind, ...], backlog: list[Event]) -> None:
        self._hub = hub
        self.kinds = kinds
        self._waiting: deque[Event] = deque(backlog)
        self._news = asyncio.Event()
        self.closed = False

    def put(self, event: Event) -> None:
        self._waiting.append(event)
        self._news.set()

    def nudge(self) -> None:
        """Make `wait` return once though nothing happened."""
        self._news.set()

    def close(self) -> None:
        self.closed = True
        self._hub.leave(self)
        self._news.set()

    def ready(self) -> Event | None:
        """The next event if there is one already."""
        return self._waiting.popleft() if self._waiting else None

    async def wait(self) -> None:
        """Return when there may be something to read, or the subscription was closed."""
        if not (self._waiting or self.closed):
            await self._news.wait()
        self._news.clear()

    async def next(self) -> Event:
        """The next event; raises StopAsyncIteration once closed and read to the end."""
        while not self._waiting:
            if self.closed:
                raise StopAsyncIteration
            await self.wait()
        return self._waiting.popleft()

    async def __anext__(self) -> Event:
        return await self.next()

    def __aiter__(self) -> AsyncIterator[Event]:
        return self


class Hub:
    """Remembers the latest events of each kind and hands new ones to the subscriptions."""

    def __init__(self, revision: int) -> None:
        self._past: dict[str, deque[Event]] = {}
        self._forgotten: dict[str, int] = {}
        self._start = revision
        self._subscriptions: dict[str, list[Subscription]] = {}

    def publish(self, event: Event) -> None:
        past = self._past.setdefault(event.kind.kind, deque())
        past.append(event)
        if len(past) > REMEMBERED:
            self._forgotten[event.kind.kind] = past.popleft().revision
        for subscription in self._subscriptions.get(event.kind.kind, ()):
            subscription.put(event)

    def since(self, kind: Kind, revision: int) -> list[Event]:
        """Everything after that revision, or Gone when some of it was forgotten."""
        oldest = self._forgotten.get(kind.kind, self._start)
        if revision < oldest:
            raise Gone(f"too old resource version: {revision} ({oldest})")
        newer: list[Event] = []
        for event in reversed(self._past.get(kind.kind, ())):
            if event.revision <= revision:
                break
            newer.append(event)
        return newer[::-1]

    def forget(self, revision: int) -> None:
        """Compact: watches from before this revision get 410 Gone from now on."""
        self._past.clear()
        self._forgotten.clear()
        self._start = revision

    def join(self, kinds: tuple[Kind, ...], backlog: list[Event]) -> Subscription:
        subscription = Subscription(self, kinds, backlog)
        for kind in kinds:
            self._subscriptions.setdefault(kind.kind, []).append(subscription)
        return subscription

    def leave(self, subscription: Subscription) -> None:
        for kind in subscription.kinds:
            members = self._subscriptions.get(kind.kind, [])
            if subscription in members:
                members.remove(subscription)

    def nudge(self) -> None:
        """Wake every reader: a fault was switched on that open watches must show."""
        for members in self._subscriptions.values():
            for subscription in members:
                subscription.nudge()

    def close(self) -> None:
        """End every subscription: the server is going down, or the world starts over."""
        for members in list(self._subscriptions.values()):
            for subscription in list(members):
                subscription.close()
