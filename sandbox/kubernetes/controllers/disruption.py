"""The disruption controller: how many Pods each PodDisruptionBudget lets go right now."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from sandbox.kubernetes.controllers.family import (
    controller_of,
    find,
    is_terminating,
    key_of,
    set_condition,
)
from sandbox.kubernetes.controllers.loop import Controller
from sandbox.kubernetes.controllers.plane import Plane
from sandbox.kubernetes.controllers.pods import is_finished, is_ready
from sandbox.kubernetes.controllers.queue import Key
from sandbox.kubernetes.controllers.rollout import absolute
from sandbox.kubernetes.controllers.selectors import selects
from sandbox.kubernetes.kinds import KINDS, Object
from sandbox.kubernetes.objects import parsed
from sandbox.kubernetes.store import Event, Store

BUDGET, POD = KINDS["PodDisruptionBudget"], KINDS["Pod"]
SOURCE = "controllermanager"
# An eviction that was granted and never came is forgotten after so long (DeletionTimeout).
FORGOTTEN = 120.0
SCALED = ("ReplicaSet", "StatefulSet", "DaemonSet")


def keys(plane: Plane, event: Event) -> Iterator[Key]:
    if event.kind is BUDGET:
        if event.type != "DELETED":
            yield key_of(event.obj)
        return
    if event.old is not None and not _matters(event.obj, event.old):
        return
    for budget in plane.store.list(BUDGET, event.obj["metadata"]["namespace"]):
        if selects(budget["spec"].get("selector"), event.obj["metadata"].get("labels")):
            yield key_of(budget)


def _matters(pod: Object, old: Object) -> bool:
    def seen(one: Object) -> tuple[object, ...]:
        return is_ready(one), is_finished(one), is_terminating(one), one["metadata"].get("labels")

    return seen(pod) != seen(old)


def covered(store: Store, budget: Object) -> list[Object]:
    """The Pods a budget speaks of: those that have not ended."""
    selector = budget["spec"].get("selector")
    return [
        pod
        for pod in store.list(POD, budget["metadata"]["namespace"])
        if selects(selector, pod["metadata"].get("labels")) and not is_finished(pod)
    ]


async def reconcile(plane: Plane, key: Key) -> float | None:
    budget = find(plane.store, BUDGET, key)
    if budget is None or is_terminating(budget):
        return None
    pods = covered(plane.store, budget)
    expected = _expected(plane.store, budget, pods)
    if expected is None:
        message = "Failed to calculate the number of expected pods: found no controllers for pod"
        plane.events.warning(budget, "CalculateExpectedPodCountFailed", message, source=SOURCE)
        expected = 0
    disrupted = _still_disrupted(budget, pods, plane.clock.real(FORGOTTEN))
    healthy = sum(
        is_ready(pod) and not is_terminating(pod) and pod["metadata"]["name"] not in disrupted
        for pod in pods
    )
    desired = _desired(budget["spec"], expected)
    allowed = max(0, healthy - desired) if expected else 0

    def write(obj: Object) -> None:
        status = obj.setdefault("status", {})
        status |= {
            "currentHealthy": healthy,
            "desiredHealthy": desired,
            "expectedPods": expected,
            "disruptionsAllowed": allowed,
            "observedGeneration": obj["metadata"].get("generation", 1),
        }
        status.pop("disruptedPods", None)
        if disrupted:
            status["disruptedPods"] = disrupted
        word, reason = ("True", "SufficientPods") if allowed else ("False", "InsufficientPods")
        conditions = status.setdefault("conditions", [])
        set_condition(conditions, "DisruptionAllowed", word, reason=reason)

    plane.store.change(BUDGET, key.namespace, key.name, write, subresource="status")
    return FORGOTTEN if disrupted else None


def _expected(store: Store, budget: Object, pods: Sequence[Object]) -> int | None:
    """Pods that should be there; None when a Pod without a scale makes that unknowable."""
    spec = budget["spec"]
    if "maxUnavailable" not in spec and isinstance(spec.get("minAvailable"), int):
        return len(pods)
    scales: dict[str, int] = {}
    for pod in pods:
        owner = controller_of(pod)
        if owner is None or owner["kind"] not in SCALED:
            return None
        if (found := _scaled(store, pod, owner)) is not None:
            scales[found["metadata"]["uid"]] = _scale(found)
    return sum(scales.values())


def _scaled(store: Store, pod: Object, owner: Object) -> Object | None:
    """A Deployment speaks for its ReplicaSets, so that a rollout does not count twice."""
    namespace = pod["metadata"]["namespace"]
    found = store.find(KINDS[owner["kind"]], namespace, owner["name"])
    above = controller_of(found) if found is not None else None
    if above is not None and above["kind"] == "Deployment":
        return store.find(KINDS["Deployment"], namespace, above["name"])
    return found


def _scale(workload: Object) -> int:
    if workload["kind"] == "DaemonSet":
        return int((workload.get("status") or {}).get("desiredNumberScheduled", 0))
    return int(workload["spec"].get("replicas", 1))


def _desired(spec: Object, expected: int) -> int:
    """Percentages are rounded up, on either side (as Kubernetes does)."""
    if (gone := spec.get("maxUnavailable")) is not None:
        return max(0, expected - absolute(gone, expected, default=0, up=True))
    return absolute(spec.get("minAvailable"), expected, default=1, up=True)


def _still_disrupted(budget: Object, pods: Sequence[Object], patience: float) -> dict[str, str]:
    """Evictions granted whose Pods are not yet on their way out."""
    names = {pod["metadata"]["name"]: pod for pod in pods}
    noted: dict[str, str] = (budget.get("status") or {}).get("disruptedPods") or {}
    return {
        name: at
        for name, at in noted.items()
        if name in names
        and not is_terminating(names[name])
        and (datetime.now(UTC) - parsed(at)).total_seconds() < patience
    }


controller = Controller("disruption", (BUDGET, POD), keys, reconcile, gathers=True)
