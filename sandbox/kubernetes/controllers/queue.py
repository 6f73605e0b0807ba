"""Keys waiting to be looked at: each at most once at a time, some only later."""

import asyncio
from typing import NamedTuple


class Key(NamedTuple):
    """What a controller looks at: an object of its kind (empty namespace: cluster-scoped)."""

    namespace: str
    name: str
    kind: str = ""


class WorkQueue:
    """Level-triggered: a key says "look again", never what has happened."""

    def __init__(self) -> None:
        self._waiting: dict[Key, None] = {}
        self._looked_at: set[Key] = set()
        self._again: set[Key] = set()
        self._timers: dict[Key, asyncio.TimerHandle] = {}
        self._filled = asyncio.Event()

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, key: Key) -> None:
        if key in self._looked_at:
            self._again.add(key)
            return
        self._waiting[key] = None
        self._filled.set()

    def add_after(self, key: Key, seconds: float) -> None:
        """Of several promises for one key the earliest is kept; looking early does no harm."""
        loop = asyncio.get_running_loop()
        timer = self._timers.get(key)
        if timer is not None and timer.when() <= loop.time() + seconds:
            return
        if timer is not None:
            timer.cancel()
        self._timers[key] = loop.call_later(seconds, self._due, key)

    def _due(self, key: Key) -> None:
        self._timers.pop(key, None)
        self.add(key)

    async def get(self) -> Key:
        """Whoever takes a key has it alone until `done`."""
        while not self._waiting:
            self._filled.clear()
            await self._filled.wait()
        key = next(iter(self._waiting))
        del self._waiting[key]
        self._looked_at.add(key)
        return key

    def done(self, key: Key) -> None:
        """What came for the key meanwhile makes it wait again."""
        self._looked_at.discard(key)
        if key in self._again:
            self._again.discard(key)
            self.add(key)

    def close(self) -> None:
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
