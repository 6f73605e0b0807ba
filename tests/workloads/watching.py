"""The watcher in a thread, less patient than in production, seen through the index alone."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from console.models import Cluster
from tests.wait import PATIENCE, until
from workloads import index

PACE = index.Pace(watch=3, relist=600, back_off=1, lease=3, look=0.5)


@dataclass
class Told:
    """What on_change was told: (kind, namespace, name, gone)."""

    calls: list[tuple[str, str, str, bool]] = field(default_factory=list)

    def __call__(self, cluster: Cluster, kind: str, namespace: str, name: str, obj: Any) -> None:
        self.calls.append((kind, namespace, name, obj is None))


@contextmanager
def watching(pace: index.Pace = PACE) -> Iterator[Told]:
    told, stop = Told(), threading.Event()
    thread = threading.Thread(target=index.run, args=(told,), kwargs={"stop": stop, "pace": pace})
    thread.start()
    try:
        yield told
    finally:
        stop.set()
        thread.join(PATIENCE)
        until(lambda: not [one for one in threading.enumerate() if one.name.startswith("cls-")])
