"""The scheduler: every Pod to the emptiest node that takes it."""

from collections import Counter
from collections.abc import Iterator, Mapping

from sandbox.kubernetes.controllers.family import find, is_terminating, key_of
from sandbox.kubernetes.controllers.fitting import is_resolvable, refusals, requests
from sandbox.kubernetes.controllers.loop import Controller
from sandbox.kubernetes.controllers.plane import Plane
from sandbox.kubernetes.controllers.pods import is_finished
from sandbox.kubernetes.controllers.queue import Key
from sandbox.kubernetes.kinds import KINDS, Object
from sandbox.kubernetes.objects import now
from sandbox.kubernetes.store import Event

POD, NODE = KINDS["Pod"], KINDS["Node"]
SOURCE = "default-scheduler"
# Unschedulable Pods are tried again when the cluster changes, and at the latest after so long.
AGAIN = 30.0


class Scheduler:
    """Keeps what is taken on each node, so that placing a Pod does not read all of them."""

    def __init__(self) -> None:
        self._placed: dict[str, tuple[str, Counter[str]]] = {}
        self._load: dict[str, Counter[str]] = {}
        self._waiting: dict[Key, None] = {}

    def keys(self, plane: Plane, event: Event) -> Iterator[Key]:
        if event.kind is NODE:
            yield from list(self._waiting)
            return
        pod = event.obj
        if event.type == "DELETED" or is_finished(pod):
            self._waiting.pop(key_of(pod), None)
            if self._free(pod["metadata"]["uid"]):
                yield from list(self._waiting)
        elif name := pod["spec"].get("nodeName"):
            self._take(pod, name)
        elif not is_terminating(pod):
            yield key_of(pod)

    def _take(self, pod: Object, node: str) -> None:
        uid = pod["metadata"]["uid"]
        if uid not in self._placed:
            taken = requests(pod) + Counter(pods=1)
            self._placed[uid] = (node, taken)
            self._load.setdefault(node, Counter()).update(taken)

    def _free(self, uid: str) -> bool:
        node, taken = self._placed.pop(uid, ("", Counter[str]()))
        if node:
            self._load[node].subtract(taken)
        return bool(node)

    async def reconcile(self, plane: Plane, key: Key) -> float | None:
        pod = find(plane.store, POD, key)
        if pod is None or pod["spec"].get("nodeName") or is_terminating(pod):
            self._waiting.pop(key, None)
            return None
        nodes = plane.store.list(NODE)
        said: dict[str, tuple[str, ...]] = {}
        fitting = []
        for node in nodes:
            name = node["metadata"]["name"]
            load = self._load.get(name, Counter())
            said[name] = () if plane.headless else refusals(pod, node, load)
            if not said[name]:
                fitting.append((load["pods"], name))
        if not fitting:
            self._waiting[key] = None
            _give_up(plane, pod, unfit(said, plane.cluster.minor))
            return AGAIN
        self._waiting.pop(key, None)
        self._bind(plane, pod, min(fitting)[1])
        return None

    def _bind(self, plane: Plane, pod: Object, node: str) -> None:
        metadata = pod["metadata"]

        def bind(obj: Object) -> None:
            obj["spec"]["nodeName"] = node

        def scheduled(obj: Object) -> None:
            _condition(obj, {"type": "PodScheduled", "status": "True"})

        place = (POD, metadata["namespace"], metadata["name"])
        bound = plane.store.change(*place, bind)
        self._take(bound, node)
        if not plane.headless:
            plane.store.change(*place, scheduled, subresource="status")
        name = f"{metadata['namespace']}/{metadata['name']}"
        message = f"Successfully assigned {name} to {node}"
        plane.events.normal(pod, "Scheduled", message, source=SOURCE)


def _condition(pod: Object, says: Object) -> None:
    conditions = pod.setdefault("status", {}).setdefault("conditions", [])
    others = [c for c in conditions if c["type"] != says["type"]]
    fresh = {"lastProbeTime": None, "lastTransitionTime": now(), **says}
    pod["status"]["conditions"] = [*others, fresh]


# Since 1.24 the sentence says what came of preempting others.
PREEMPTION_MINOR = 24


def unfit(said: Mapping[str, tuple[str, ...]], minor: int) -> str:
    """The scheduler's sentence (FitError) for what it heard of each node; pure."""
    if not said:
        return "no nodes available to schedule pods"
    counts = Counter(why for reasons in said.values() for why in reasons)
    message = f"0/{len(said)} nodes are available: {_listed(counts)}."
    if minor < PREEMPTION_MINOR:
        return message
    helpful = "No preemption victims found for incoming pod"
    helpless = "Preemption is not helpful for scheduling"
    thought = Counter(
        helpful if all(map(is_resolvable, reasons)) else helpless for reasons in said.values()
    )
    return f"{message} preemption: 0/{len(said)} nodes are available: {_listed(thought)}."


def _listed(counts: Counter[str]) -> str:
    return ", ".join(sorted(f"{count} {what}" for what, count in counts.items()))


def _give_up(plane: Plane, pod: Object, message: str) -> None:
    plane.events.warning(pod, "FailedScheduling", message, source=SOURCE)
    old = (pod.get("status") or {}).get("conditions") or ()
    if any(c["type"] == "PodScheduled" and c.get("message") == message for c in old):
        return

    def write(obj: Object) -> None:
        says = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}
        _condition(obj, {**says, "message": message})

    metadata = pod["metadata"]
    place = (POD, metadata["namespace"], metadata["name"])
    plane.store.change(*place, write, subresource="status")


def controller() -> Controller:
    scheduler = Scheduler()
    return Controller("scheduler", (POD, NODE), scheduler.keys, scheduler.reconcile)
