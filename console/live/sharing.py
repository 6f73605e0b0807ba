"""One reading for all who ask at the same time; nobody gets one that began before he had to ask.

A region has to be drawn since an announcement or the clock said so, a page since it was asked for:
what was read before that moment may not know what happened, what was read after it does.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import cast

# So many seconds after the last who asked, what was read is given up.
UNUSED = 60.0
_since: ContextVar[float | None] = ContextVar("since", default=None)


def since() -> float:
    """By the monotonic clock, what is read now must not be older than this."""
    told = _since.get()
    return time.monotonic() if told is None else told


@contextmanager
def answering(moment: float) -> Iterator[None]:
    """What is read in here answers something that was said at this moment."""
    token = _since.set(moment)
    try:
        yield
    finally:
        _since.reset(token)


class _Kept[V]:
    def __init__(self) -> None:
        self.turn = threading.Lock()
        self.used_at = 0.0
        self.began = float("-inf")
        self.value: V | None = None


class Shared[K: Hashable, V]:
    """The last readings of this process, by what was read, of those who asked a moment ago."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._lock = threading.Lock()
        self._kept: OrderedDict[K, _Kept[V]] = OrderedDict()

    def get(self, key: K, read: Callable[[V | None], V]) -> V:
        """A reading that began when this was asked for, or later; `read` gets the one before."""
        asked, kept = since(), self._of(key)
        with kept.turn:
            # Who waited for his turn may find what was begun meanwhile.
            if kept.began < asked:
                began = time.monotonic()
                kept.value = read(kept.value)
                kept.began = began
            return cast(V, kept.value)

    def forget(self) -> None:
        with self._lock:
            self._kept.clear()

    def _of(self, key: K) -> _Kept[V]:
        with self._lock:
            kept = self._kept.setdefault(key, _Kept())
            self._kept.move_to_end(key)
            kept.used_at = time.monotonic()
            oldest = next(iter(self._kept.values()))
            while len(self._kept) > self.most or oldest.used_at < kept.used_at - UNUSED:
                self._kept.popitem(last=False)
                oldest = next(iter(self._kept.values()))
            return kept
