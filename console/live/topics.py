"""Topics are paths: an announcement wakes its own topic and every topic above it.

`cls-1/pods/shop/web-0` wakes regions that listen to it, to `cls-1/pods` and to `cls-1`. A topic
that ends in a slash (`cls-1/pods/`) also wakes everything below: "too much changed to name it".
"""

import json
import logging
import threading
from collections.abc import Iterable
from functools import partial

import redis
from django.conf import settings
from django.db import transaction

CHANNEL = "podgate:live"
# A Redis that is down costs one attempt per second, not one per announcement.
PAUSE = 1.0
_log = logging.getLogger(__name__)


class _Publisher:
    """One connection per process. What could not be told is told more coarsely a second later."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.client: redis.Redis | None = None
        self.lost: set[str] = set()

    def publish(self, topics: Iterable[str]) -> None:
        with self.lock:
            if self.lost:
                # Redis is away: remember which clusters changed, without waiting for it again.
                self.lost |= _roots(topics)
            else:
                self._send(set(topics))

    def _send(self, topics: set[str]) -> None:
        try:
            if self.client is None:
                self.client = redis.Redis.from_url(
                    settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=1
                )
            self.client.publish(CHANNEL, json.dumps(sorted(topics)))
        except (redis.RedisError, OSError) as trouble:
            _log.warning("live announcements wait: %s", trouble)
            self.client, self.lost = None, _roots(topics)
            timer = threading.Timer(PAUSE, self._again)
            timer.daemon = True
            timer.start()

    def _again(self) -> None:
        with self.lock:
            topics, self.lost = self.lost, set()
            self._send(topics)


def _roots(topics: Iterable[str]) -> set[str]:
    """Everything below the first part of each topic: coarse, but never too little."""
    return {topic.split("/")[0] + "/" for topic in topics}


_publisher = _Publisher()


def announce(*topics: str) -> None:
    """Tell every open page that what these topics name has changed; after the commit, never raises.

    Without Redis the hub falls back to slow polling, and what was announced is told later.
    """
    if topics:
        transaction.on_commit(partial(_publisher.publish, topics), robust=True)


def tell(*topics: str) -> None:
    """The same at once and from any thread, of what stands in no database."""
    _publisher.publish(topics)


def ancestors(topic: str) -> list[str]:
    """The topic and every topic above it: a/b/c, a/b, a."""
    parts = topic.rstrip("/").split("/")
    return ["/".join(parts[:length]) for length in range(len(parts), 0, -1)]
