"""Which events of a Pod concern a binding; the others stay with the index.

Most of what happens to a Pod once it serves follows from the binding itself: its gate is written,
its gate opens, it becomes Ready. A run for each of these would find nothing to do.
"""

from collections.abc import Callable
from typing import Any

from console.kinds import Pod
from console.models import Cluster
from services.binding.pods import containers_ready, is_open, is_running

type OnChange = Callable[[Cluster, str, str, str, Any], None]


class News:
    """Tells of everything but Pods whose binding can have nothing to do.

    Its memory is its own: after a restart every Pod is news once.
    """

    def __init__(self, on_change: OnChange) -> None:
        self._on_change = on_change
        self._known: dict[tuple[int, str, str], tuple[int, bool]] = {}

    def __call__(
        self, cluster: Cluster, kind: str, namespace: str, name: str, obj: Any | None
    ) -> None:
        if kind != "Pod":
            self._on_change(cluster, kind, namespace, name, obj)
            return
        key = (cluster.pk, namespace, name)
        now = None if obj is None else (concern(obj), is_open(obj, cluster.gate_type))
        if now is not None and _is_old(self._known.get(key), now):
            self._known[key] = now
            return
        self._on_change(cluster, kind, namespace, name, obj)
        # Only now: a change that could not be told is news the next time.
        if now is None:
            self._known.pop(key, None)
        else:
            self._known[key] = now


def concern(pod: Pod) -> int:
    """Equal for two looks at a Pod between which no binding has anything to do."""
    meta, status = pod.metadata, pod.status
    return hash(
        (
            meta.uid,
            meta.deletion_timestamp is None,
            status.pod_ip,
            status.phase,
            containers_ready(pod),
            is_running(pod),
            frozenset(meta.labels.items()),
            frozenset(meta.annotations.items()),
        )
    )


def _is_old(before: tuple[int, bool] | None, now: tuple[int, bool]) -> bool:
    """A gate that opens is our own doing; one that was open and is not any more is news."""
    if before is None or before[0] != now[0]:
        return False
    return now[1] or not before[1]
