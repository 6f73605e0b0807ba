"""Topics are paths: an announcement wakes its own topic and every topic above it.

`cls-1/pods/shop/web-0` wakes regions that listen to it, to `cls-1/pods` and to `cls-1`. A topic
that ends in a slash (`cls-1/pods/`) also wakes everything below: "too much changed to name it".
"""

import json
import logging
import threading
import time
from functools import partial

import redis
from django.conf import settings
from django.db import transaction

CHANNEL = "podgate:live"
# A Redis that is down costs one attempt per second, not one per announcement.
_PAUSE = 1.0
_log = logging.getLogger(__name__)
_lock = threading.Lock()


class _Publisher:
    def __init__(self) -> None:
        self.client: redis.Redis | None = None
        self.not_before = 0.0

    def publish(self, message: str) -> None:
        if time.monotonic() < self.not_before:
            return
        try:
            if self.client is None:
                self.client = redis.Redis.from_url(
                    settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=0.5
                )
            self.client.publish(CHANNEL, message)
        except (redis.RedisError, OSError) as trouble:
            self.not_before = time.monotonic() + _PAUSE
            _log.warning("live announcements are lost: %s", trouble)


_publisher = _Publisher()


def announce(*topics: str) -> None:
    """Tell every open page that what these topics name has changed; after the commit, never raises.

    Lost announcements cost freshness only: without Redis the hub falls back to slow polling.
    """
    if topics:
        transaction.on_commit(partial(_publish, json.dumps(topics)), robust=True)


def _publish(message: str) -> None:
    with _lock:
        _publisher.publish(message)


def ancestors(topic: str) -> list[str]:
    """The topic and every topic above it: a/b/c, a/b, a."""
    parts = topic.rstrip("/").split("/")
    return ["/".join(parts[:length]) for length in range(len(parts), 0, -1)]
