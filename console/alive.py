"""Which processes were last seen when: each writes its beat to Redis, pages and probes read it."""

import time
from functools import cache
from typing import cast

import redis
from django.conf import settings

PREFIX = "podgate:alive:"
# A role not seen for this many seconds is down, for health checks and for pages.
DOWN_AFTER = 15.0
ROLES = ("worker", "ticker", "watcher")


@cache
def _at(url: str) -> "redis.Redis":
    return redis.Redis.from_url(
        url, socket_timeout=2, socket_connect_timeout=2, decode_responses=True
    )


def _redis() -> "redis.Redis":
    return _at(settings.REDIS_URL)


def beat(role: str) -> None:
    """Says that a process of this role works now. A Redis that is away never stops the process."""
    try:
        _redis().set(PREFIX + role, str(time.time()), ex=3600)
    except redis.RedisError:
        return


def silent() -> dict[str, float | None]:
    """The roles that are down, each with the seconds since it was seen (None: not in an hour).

    Nothing while Redis is away: then nobody knows.
    """
    try:
        seen = _redis().mget([PREFIX + role for role in ROLES])
    except redis.RedisError:
        return {}
    ages = {
        role: None if at is None else max(0.0, time.time() - float(str(at)))
        for role, at in zip(ROLES, cast(list[str | None], seen), strict=True)
    }
    return {role: age for role, age in ages.items() if age is None or age > DOWN_AFTER}


def age(role: str) -> float | None:
    """Seconds since the role was last seen; None when never in the last hour, or Redis is away."""
    try:
        value = _redis().get(PREFIX + role)
    except redis.RedisError:
        return None
    return None if value is None else max(0.0, time.time() - float(str(value)))
