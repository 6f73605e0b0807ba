import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from console import limiter
from console.limiter import BURST, FLOOR, RATE, Limiter, Priority, Turn

times = st.lists(st.floats(0, 2), min_size=1, max_size=200)


def sent(waits: list[float], priority: Priority, rate: float = RATE) -> list[float]:
    """When calls would be sent that come `waits` after one another."""
    now, level, out = 0.0, BURST, []
    for wait in waits:
        now += wait
        level, answer = limiter.turn(level, wait, floor=FLOOR[priority], rate=rate)
        if answer.granted:
            out.append(now + answer.seconds)
    return out


@given(times)
def test_no_second_ever_holds_twenty_calls(waits: list[float]) -> None:
    moments = sorted(sent(waits, Priority.WEIGHT_ZERO))
    for first, moment in enumerate(moments):
        within = [m for m in moments[first:] if m < moment + 1 - 1e-6]
        assert len(within) < 20


def test_a_burst_goes_at_once_and_the_rest_waits() -> None:
    waits = [limiter.turn(BURST, 0, floor=FLOOR[Priority.INVENTORY])[1]]
    assert waits == [Turn(True, 0)]
    _, answer = limiter.turn(0, 0, floor=FLOOR[Priority.INVENTORY])
    assert not answer.granted
    assert answer.seconds == pytest.approx(1 / RATE)


def test_the_more_urgent_may_owe_more() -> None:
    owed = -4.0
    answers = [limiter.turn(owed, 0, floor=FLOOR[priority])[1].granted for priority in Priority]
    assert answers == [True, True, False, False]


def client() -> redis.Redis:
    # A patient one: the console's own takes a machine's slow moment for a Redis that is away.
    return redis.Redis.from_url(settings.REDIS_URL)


def granted(ask: Callable[[], Turn], asks: int) -> int:
    return sum(ask().granted for _ in range(asks))


def test_processes_share_one_bucket() -> None:
    client().flushdb()
    one, other = Limiter(client()), Limiter(client())

    def ask(each: Limiter) -> int:
        return granted(lambda: each.turn("a:clb:X", Priority.INVENTORY), 50)

    started = time.monotonic()
    with ThreadPoolExecutor(2) as threads:
        total = sum(threads.map(ask, (one, other)))
    assert total <= BURST + RATE * (time.monotonic() - started) + 1


def test_actions_and_accounts_have_buckets_of_their_own() -> None:
    client().flushdb()
    bucket = Limiter(client())
    while bucket.turn("a:clb:X", Priority.INVENTORY).granted:
        pass
    assert bucket.turn("a:clb:Y", Priority.INVENTORY).granted
    assert bucket.turn("b:clb:X", Priority.INVENTORY).granted


def test_redis_and_the_local_bucket_do_the_same_sum() -> None:
    client().flushdb()
    bucket = Limiter(client())
    answers = [bucket.turn("sum", Priority.WEIGHT_ZERO) for _ in range(10)]
    level = BURST
    for answer in answers:
        level, expected = limiter.turn(level, 0, floor=FLOOR[Priority.WEIGHT_ZERO])
        # Real time passed in between: the wait can only be shorter.
        assert answer.granted is expected.granted
        assert answer.seconds <= expected.seconds + 1e-3


def test_without_redis_a_smaller_local_bucket_holds() -> None:
    bucket = Limiter(limiter.client("redis://127.0.0.1:1/0"))
    started = time.monotonic()
    total = granted(lambda: bucket.turn("x", Priority.INVENTORY), 100)
    passed = time.monotonic() - started
    assert BURST <= total <= BURST + limiter.LOCAL_RATE * passed + 1
