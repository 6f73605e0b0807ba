"""Waiting for an outcome with a generous deadline; seconds are the benchmarks' business."""

import time
from collections.abc import Callable


def until[T](outcome: Callable[[], T], *, seconds: float = 30, every: float = 0.05) -> T:
    """Calls `outcome` until it is truthy and returns that; fails with its last value."""
    deadline = time.monotonic() + seconds
    while True:
        value = outcome()
        if value:
            return value
        assert time.monotonic() < deadline, f"not within {seconds} s, last: {value!r}"
        time.sleep(every)
