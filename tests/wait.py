"""Waiting for an outcome with a generous deadline; seconds are the benchmarks' business."""

import time
from collections.abc import Callable

# A machine ten times as slow as ours, with others at work on it, must get there too.
PATIENCE = 180.0


def until[T](
    outcome: Callable[[], T],
    *,
    seconds: float = PATIENCE,
    every: float = 0.05,
    state: Callable[[], object] | None = None,
) -> T:
    """Calls `outcome` until it is truthy and returns that; fails with that, or with `state`."""
    deadline = time.monotonic() + seconds
    while True:
        value = outcome()
        if value:
            return value
        if time.monotonic() >= deadline:
            last = state() if state else repr(value)
            raise AssertionError(f"not within {seconds} s, last: {last}")
        time.sleep(every)
