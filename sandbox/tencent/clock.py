"""Emulated time: every duration in this half is in emulated seconds and passes through here.

The time scale lives in this file only; tests may also move the hand forward (`advance`).
"""

import asyncio
import heapq
import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

BEIJING = timezone(timedelta(hours=8))


@dataclass(slots=True)
class Timer:
    """Something due at an emulated time; `cancel` is enough to forget it."""

    when: float
    act: Callable[[], object] | None

    def cancel(self) -> None:
        self.act = None


class Clock:
    """One heap of timers and one real timer for the earliest of them."""

    def __init__(self, scale: float) -> None:
        if scale <= 0:
            raise ValueError("the time scale must be above 0")
        self.scale = scale
        self._zero = time.monotonic()
        self._skipped = 0.0
        self._order = itertools.count()
        self._timers: list[tuple[float, int, Timer]] = []
        self._alarm: asyncio.TimerHandle | None = None

    def now(self) -> float:
        """Emulated seconds since this process began."""
        return (time.monotonic() - self._zero) / self.scale + self._skipped

    def after(self, seconds: float, act: Callable[[], object]) -> Timer:
        timer = Timer(self.now() + seconds, act)
        heapq.heappush(self._timers, (timer.when, next(self._order), timer))
        if self._timers[0][2] is timer:
            self._set_alarm()
        return timer

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            return
        due: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        timer = self.after(seconds, lambda: None if due.done() else due.set_result(None))
        try:
            await due
        finally:
            timer.cancel()

    def advance(self, seconds: float) -> None:
        """Move the hand forward; what falls due meanwhile happens at once, in its order."""
        self._skipped += seconds
        self._ring()

    def stop(self) -> None:
        self._timers.clear()
        if self._alarm:
            self._alarm.cancel()

    def _set_alarm(self) -> None:
        if self._alarm:
            self._alarm.cancel()
            self._alarm = None
        if self._timers:
            real = max(0.0, (self._timers[0][0] - self.now()) * self.scale)
            self._alarm = asyncio.get_running_loop().call_later(real, self._ring)

    def _ring(self) -> None:
        now = self.now()
        while self._timers and self._timers[0][0] <= now:
            _, _, timer = heapq.heappop(self._timers)
            if timer.act:
                timer.act()
        self._set_alarm()


def written_now() -> str:
    """The wall clock as Tencent Cloud writes it: Beijing time without a zone."""
    return datetime.now(UTC).astimezone(BEIJING).strftime("%Y-%m-%d %H:%M:%S")
