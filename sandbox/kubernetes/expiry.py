"""Events live for an hour, as with the API server's --event-ttl."""

from datetime import UTC, datetime, timedelta

from sandbox.kubernetes import objects
from sandbox.kubernetes.errors import NotFound
from sandbox.kubernetes.kinds import KINDS, Object
from sandbox.kubernetes.store import Store

TTL = timedelta(hours=1)


def forget_events(store: Store) -> None:
    kind, oldest = KINDS["Event"], objects.stamp(datetime.now(UTC) - TTL)
    for event in store.list(kind, selector=lambda event: _last_time(event) < oldest):
        try:
            store.delete(kind, *objects.key(kind, event))
        except NotFound:
            continue


def _last_time(event: Object) -> str:
    last: str = event.get("lastTimestamp") or event["metadata"]["creationTimestamp"]
    return last
