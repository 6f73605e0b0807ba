"""Who watches what: a lease per cluster, threads that start and stop as clusters come and go."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from console.models import Cluster

# (cluster, kind, namespace, name, the object or None when it is gone); called in a watch thread,
# as soon as the event arrived and before the index is written. Must be quick and not raise.
type OnChange = Callable[[Cluster, str, str, str, Any | None], None]


@dataclass(frozen=True)
class Pace:
    """How patient the watcher is, in seconds; tests and benchmarks are less so."""

    read_timeout: float = 90
    relist: float = 300
    back_off: float = 30
    lease: float = 10
    look: float = 2
    write: float = 0.05


def run(
    on_change: OnChange | None = None,
    *,
    stop: threading.Event | None = None,
    pace: Pace = Pace(),
) -> None:
    """Watch every registered cluster until `stop` is set; blocks."""
    (stop or threading.Event()).wait()
