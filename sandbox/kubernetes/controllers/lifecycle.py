"""The node lifecycle controller: what becomes of a node whose kubelet is silent, and its Pods."""

import time
from collections.abc import Iterable, Iterator

from sandbox.kubernetes import machines
from sandbox.kubernetes.controllers.family import condition, find, is_terminating, key_of
from sandbox.kubernetes.controllers.fitting import tolerates
from sandbox.kubernetes.controllers.loop import Controller
from sandbox.kubernetes.controllers.plane import Plane
from sandbox.kubernetes.controllers.queue import Key
from sandbox.kubernetes.kinds import KINDS, Object
from sandbox.kubernetes.objects import now
from sandbox.kubernetes.store import Event

NODE, POD = KINDS["Node"], KINDS["Pod"]
SOURCE, EVICTOR = "node-controller", "taint-eviction-controller"
# --node-monitor-grace-period, in emulated seconds.
GRACE = 40.0
UNREACHABLE = "node.kubernetes.io/unreachable"
SILENT = "Kubelet stopped posting node status."


class Lifecycle:
    def __init__(self) -> None:
        self._silent_since: dict[str, float] = {}

    def keys(self, plane: Plane, event: Event) -> Iterator[Key]:
        if event.type != "DELETED":
            yield key_of(event.obj)

    async def reconcile(self, plane: Plane, key: Key) -> float | None:
        node = find(plane.store, NODE, key)
        if node is None:
            return None
        if not machines.trouble(node):
            self._silent_since.pop(key.name, None)
            if _is_marked(node):
                _welcome(plane, node)
            return None
        since = self._silent_since.setdefault(key.name, time.monotonic())
        silent = (time.monotonic() - since) / plane.clock.scale
        if silent < GRACE and not _is_marked(node):
            return GRACE - silent
        if not _is_marked(node):
            _mark(plane, node)
            node = plane.store.get(NODE, None, key.name)
        return _evict(plane, node)


def _is_marked(node: Object) -> bool:
    taints = (node.get("spec") or {}).get("taints") or ()
    return any(taint["key"] == UNREACHABLE for taint in taints)


def _mark(plane: Plane, node: Object) -> None:
    """Conditions Unknown, taints, and all its Pods unready: nobody knows better any more."""
    name = node["metadata"]["name"]

    def unknown(obj: Object) -> None:
        for one in obj["status"]["conditions"]:
            one |= {"status": "Unknown", "reason": "NodeStatusUnknown", "message": SILENT}
            one["lastTransitionTime"] = now()

    def taint(obj: Object) -> None:
        kept = [t for t in obj["spec"].get("taints") or () if t["key"] != UNREACHABLE]
        added = [
            {"key": UNREACHABLE, "effect": effect, "timeAdded": now()}
            for effect in ("NoSchedule", "NoExecute")
        ]
        obj["spec"]["taints"] = [*kept, *added]

    plane.store.change(NODE, None, name, unknown, subresource="status")
    plane.store.change(NODE, None, name, taint)
    said = f"Node {name} status is now: NodeNotReady"
    plane.events.normal(node, "NodeNotReady", said, source=SOURCE)
    for pod in _pods(plane, name):
        _unready(plane, pod)


def _unready(plane: Plane, pod: Object) -> None:
    """MarkPodsNotReady: the status alone; reason and message stay what the kubelet wrote."""
    ready = condition(pod, "Ready")
    if ready is None or ready["status"] != "True":
        return

    def write(obj: Object) -> None:
        for one in obj["status"]["conditions"]:
            if one["type"] == "Ready":
                one |= {"status": "False", "lastTransitionTime": now()}

    metadata = pod["metadata"]
    place = (POD, metadata["namespace"], metadata["name"])
    plane.store.change(*place, write, subresource="status")
    plane.events.warning(pod, "NodeNotReady", "Node is not ready", source=SOURCE)


def _welcome(plane: Plane, node: Object) -> None:
    """The kubelet posts again: its conditions, and with them the taints go."""
    name = node["metadata"]["name"]

    def well(obj: Object) -> None:
        said = {
            "MemoryPressure": ("KubeletHasSufficientMemory", "has sufficient memory available"),
            "DiskPressure": ("KubeletHasNoDiskPressure", "has no disk pressure"),
            "PIDPressure": ("KubeletHasSufficientPID", "has sufficient PID available"),
            "Ready": ("KubeletReady", "is posting ready status"),
        }
        for one in obj["status"]["conditions"]:
            reason, words = said[one["type"]]
            one |= {"status": "True" if one["type"] == "Ready" else "False", "reason": reason}
            one |= {"message": f"kubelet {words}", "lastTransitionTime": now()}

    def untaint(obj: Object) -> None:
        obj["spec"]["taints"] = [t for t in obj["spec"]["taints"] if t["key"] != UNREACHABLE]

    plane.store.change(NODE, None, name, well, subresource="status")
    plane.store.change(NODE, None, name, untaint)
    said = f"Node {name} status is now: NodeReady"
    plane.events.normal(node, "NodeReady", said, source=f"kubelet, {name}")


def _evict(plane: Plane, node: Object) -> float | None:
    """Deletes Pods whose toleration of the taint is over; emulated seconds until the next one's."""
    taint = next(
        t for t in node["spec"]["taints"] if t["key"] == UNREACHABLE and t["effect"] == "NoExecute"
    )
    passed = plane.clock.since(taint["timeAdded"])
    left = []
    for pod in _pods(plane, node["metadata"]["name"]):
        patience = _patience(pod["spec"].get("tolerations") or (), taint)
        if patience is None or is_terminating(pod):
            continue
        if patience > passed:
            left.append(patience - passed)
            continue
        metadata = pod["metadata"]
        name = f"{metadata['namespace']}/{metadata['name']}"
        said = f"Marking for deletion Pod {name}"
        plane.events.normal(pod, "TaintManagerEviction", said, source=EVICTOR)
        plane.store.delete(POD, metadata["namespace"], metadata["name"], uid=metadata["uid"])
    return min(left, default=None)


def _patience(tolerations: Iterable[Object], taint: Object) -> float | None:
    """Seconds a Pod stays on the tainted node; None: for ever."""
    fitting = [one for one in tolerations if tolerates(one, taint)]
    if not fitting:
        return 0.0
    limited = [one["tolerationSeconds"] for one in fitting if "tolerationSeconds" in one]
    return float(min(limited)) if len(limited) == len(fitting) else None


def _pods(plane: Plane, node: str) -> list[Object]:
    return [pod for pod in plane.store.list(POD) if pod["spec"].get("nodeName") == node]


def controller() -> Controller:
    lifecycle = Lifecycle()
    return Controller("node-lifecycle", (NODE,), lifecycle.keys, lifecycle.reconcile)
