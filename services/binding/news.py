"""Which events of a Pod or a Service concern a binding; the others stay with the index.

Most of what happens to a Pod once it serves follows from the binding itself: its gate is written,
its gate opens, it becomes Ready; and so do a Service's finalizer and its address. A run for each
of these would find nothing to do, or try at once again what was just refused.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from console.kinds import Pod, Service
from console.models import Cluster
from services.binding.pods import containers_ready, is_open, is_running
from services.spec import FINALIZER, VIP

# What something is, and what of it is our own doing: news only when it was there and is gone.
type Seen = tuple[int, frozenset[str]]
type OnChange = Callable[[Cluster, str, str, str, Any], None]


class News:
    """Tells of everything but what a binding can have nothing to do with.

    Its memory is its own: after a restart everything is news once.
    """

    def __init__(self, on_change: OnChange) -> None:
        self._on_change = on_change
        self._known: dict[tuple[int, str, str, str], Seen] = {}

    def __call__(
        self, cluster: Cluster, kind: str, namespace: str, name: str, obj: Any | None
    ) -> None:
        key = (cluster.pk, kind, namespace, name)
        now = _seen(cluster, obj)
        if now is not None and _is_old(self._known.get(key), now):
            self._known[key] = now
            return
        self._on_change(cluster, kind, namespace, name, obj)
        # Only now: a change that could not be told is news the next time.
        if now is None:
            self._known.pop(key, None)
        else:
            self._known[key] = now


def _seen(cluster: Cluster, obj: Any | None) -> Seen | None:
    if isinstance(obj, Pod):
        opened = frozenset({"gate"} if is_open(obj, cluster.gate_type) else ())
        return concern(obj), opened
    if isinstance(obj, Service):
        return _service(obj)
    return None


def _service(service: Service) -> Seen:
    meta, shown = service.metadata, service.status.load_balancer.ingress
    annotations = {name: value for name, value in meta.annotations.items() if name != VIP}
    wanted = (meta.uid, meta.deletion_timestamp is None, meta.labels, annotations, service.spec)
    ours = {word for word in (*meta.finalizers, meta.annotations.get(VIP, "")) if word}
    ours |= {each.ip or each.hostname for each in shown}
    others = sorted(name for name in meta.finalizers if name != FINALIZER)
    return hash(msgspec.json.encode((wanted, others), order="sorted")), frozenset(ours)


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


def _is_old(before: Seen | None, now: Seen) -> bool:
    """What opens or appears is our own doing; what was there and is not any more is news."""
    return before is not None and before[0] == now[0] and before[1] <= now[1]
