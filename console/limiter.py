"""One token bucket per account and API action, shared by all processes through Redis.

The cloud allows 20 requests a second per action. A bucket gives 16 a second and three at once, so
no second ever holds 20. Tokens may be owed: urgent calls may owe more of them, so they wait in
front of the others. Without Redis each process keeps a smaller bucket of its own.
"""

import threading
import time
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

RATE = 16.0
BURST = 3.0
# Several processes without Redis must not exceed the limit together.
LOCAL_RATE = 6.0
# After a failure Redis is left alone this long: every attempt may cost a time-out.
REDIS_PAUSE_SECONDS = 2.0


class Priority(IntEnum):
    """Most urgent first."""

    WEIGHT_ZERO = 0
    REGISTER = 1
    HEALTH = 2
    INVENTORY = 3


# The level a call of each priority may leave behind: below zero it waits its turn.
FLOOR = {
    Priority.WEIGHT_ZERO: -16.0,
    Priority.REGISTER: -8.0,
    Priority.HEALTH: -4.0,
    Priority.INVENTORY: 0.0,
}


@dataclass(frozen=True)
class Turn:
    """`granted`: wait this long, then go. Else: ask again after this long."""

    granted: bool
    seconds: float


def turn(
    level: float, elapsed: float, *, floor: float, rate: float = RATE, burst: float = BURST
) -> tuple[float, Turn]:
    """The bucket's next level and the caller's turn; pure, and the same sum as in `_SCRIPT`."""
    level = min(burst, level + elapsed * rate)
    after = level - 1
    if after < floor:
        return level, Turn(False, (floor - after) / rate)
    return after, Turn(True, max(0.0, -after / rate))


# The server's clock, so that processes on several machines agree.
_SCRIPT = """
local now = redis.call('TIME')
now = tonumber(now[1]) + tonumber(now[2]) / 1000000
local rate, burst, floor = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local held = redis.call('HMGET', KEYS[1], 'level', 'at')
local level = tonumber(held[1]) or burst
local at = tonumber(held[2]) or now
level = math.min(burst, level + math.max(0, now - at) * rate)
local after = level - 1
local granted = after >= floor
if granted then level = after end
redis.call('HSET', KEYS[1], 'level', tostring(level), 'at', string.format('%.6f', now))
redis.call('EXPIRE', KEYS[1], 60)
if granted then return {1, tostring(math.max(0, -after / rate))} end
return {0, tostring((floor - after) / rate)}
"""


class Limiter:
    """Asks Redis for a turn; falls back to buckets in this process while Redis is away."""

    def __init__(self, client: redis.Redis) -> None:
        self._client = client
        self._script = client.register_script(_SCRIPT)
        self._lock = threading.Lock()
        self._local: dict[str, tuple[float, float]] = {}
        self._away_until = 0.0

    def turn(self, key: str, priority: Priority) -> Turn:
        if time.monotonic() >= self._away_until:
            try:
                granted, seconds = self._script(
                    keys=[f"podgate:limit:{key}"], args=[RATE, BURST, FLOOR[priority]]
                )
                return Turn(bool(granted), float(seconds))
            except redis.RedisError:
                self._away_until = time.monotonic() + REDIS_PAUSE_SECONDS
        return self._local_turn(key, priority)

    def _local_turn(self, key: str, priority: Priority) -> Turn:
        with self._lock:
            now = time.monotonic()
            level, at = self._local.get(key, (BURST, now))
            level, answer = turn(level, now - at, floor=FLOOR[priority], rate=LOCAL_RATE)
            self._local[key] = (level, now)
            return answer


def client(url: str) -> redis.Redis:
    """Fails at once rather than try for long: there is a bucket to fall back to."""
    return redis.Redis.from_url(
        url, socket_timeout=0.5, socket_connect_timeout=0.5, retry=Retry(NoBackoff(), 0)
    )


def limiter() -> Limiter:
    return _limiter(settings.REDIS_URL)


@lru_cache(maxsize=1)
def _limiter(url: str) -> Limiter:
    return Limiter(client(url))
