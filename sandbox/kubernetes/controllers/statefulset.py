"""The StatefulSet controller: Pods with ordinals, made, updated and taken away in order."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from sandbox.kubernetes import admission
from sandbox.kubernetes.controllers import history
from sandbox.kubernetes.controllers.family import (
    children,
    find,
    is_terminating,
    key_of,
    keys_of_controllers,
    owned_by,
)
from sandbox.kubernetes.controllers.loop import Controller
from sandbox.kubernetes.controllers.plane import Plane
from sandbox.kubernetes.controllers.pods import available_in, from_template, is_finished, is_ready
from sandbox.kubernetes.controllers.queue import Key
from sandbox.kubernetes.errors import StatusError
from sandbox.kubernetes.kinds import KINDS, Object
from sandbox.kubernetes.store import Event

STATEFULSET, POD = KINDS["StatefulSet"], KINDS["Pod"]
SOURCE = "statefulset-controller"


def keys(plane: Plane, event: Event) -> Iterator[Key]:
    if event.kind is STATEFULSET:
        yield key_of(event.obj)
    else:
        yield from keys_of_controllers(event, STATEFULSET)


@dataclass(frozen=True)
class Set:
    """A StatefulSet with its Pods by ordinal and its two revisions."""

    obj: Object
    pods: dict[int, Object]
    current: Object
    update: Object

    @property
    def spec(self) -> Object:
        found: Object = self.obj["spec"]
        return found

    @property
    def replicas(self) -> int:
        return int(self.spec.get("replicas", 1))

    @property
    def is_ordered(self) -> bool:
        return bool(self.spec.get("podManagementPolicy", "OrderedReady") == "OrderedReady")

    @cached_property
    def ordinals(self) -> range:
        start = (self.spec.get("ordinals") or {}).get("start", 0)
        return range(start, start + self.replicas)

    @property
    def partition(self) -> int:
        strategy = self.spec.get("updateStrategy") or {}
        return int((strategy.get("rollingUpdate") or {}).get("partition", 0))

    @property
    def rolls(self) -> bool:
        strategy = self.spec.get("updateStrategy") or {}
        return bool(strategy.get("type", "RollingUpdate") == "RollingUpdate")

    def revision_for(self, ordinal: int) -> Object:
        """Below the partition a Pod comes back as it was."""
        return self.current if self.rolls and ordinal < self.partition else self.update

    def is_updated(self, pod: Object) -> bool:
        labels = pod["metadata"].get("labels") or {}
        return bool(labels.get(history.HASH) == self.update["metadata"]["name"])


def _ordinal(pod: Object) -> int:
    return int(pod["metadata"]["name"].rpartition("-")[2])


def _read(plane: Plane, obj: Object) -> Set:
    update = history.synced(plane, obj, STATEFULSET)
    name = (obj.get("status") or {}).get("currentRevision", "")
    known = {r["metadata"]["name"]: r for r in history.revisions(plane, obj)}
    pods = {_ordinal(pod): pod for pod in children(plane.store, obj, POD)}
    return Set(obj, pods, known.get(name, update), update)


async def reconcile(plane: Plane, key: Key) -> float | None:
    obj = find(plane.store, STATEFULSET, key)
    if obj is None:
        return None
    if not is_terminating(obj):
        await _step(plane, _read(plane, obj))
    fresh = _read(plane, obj)
    wait = _report(plane, fresh)
    live = {fresh.current["metadata"]["name"], fresh.update["metadata"]["name"]}
    history.forget_old(plane, obj, live=live)
    return wait


def _is_settled(plane: Plane, members: Set, pod: Object) -> bool:
    """Running, ready, and for as long as minReadySeconds asks."""
    wait = available_in(pod, members.spec.get("minReadySeconds", 0), plane.clock)
    return not is_terminating(pod) and wait == 0


async def _step(plane: Plane, members: Set) -> None:
    """As far as the order allows: missing Pods, then surplus ones, then outdated ones."""
    if not await _fill(plane, members):
        return
    if not _shrink(plane, members):
        return
    if members.rolls:
        _update(plane, members)


async def _fill(plane: Plane, members: Set) -> bool:
    """False: something must happen first."""
    for ordinal in members.ordinals:
        pod = members.pods.get(ordinal)
        if pod is None:
            await _create(plane, members, ordinal)
            if members.is_ordered:
                return False
        elif is_finished(pod) and not is_terminating(pod):
            _delete(plane, members, pod, "RecreatingFailedPod")
            return False
        elif members.is_ordered and not _is_settled(plane, members, pod):
            return False
    return True


def _shrink(plane: Plane, members: Set) -> bool:
    surplus = sorted((n for n in members.pods if n not in members.ordinals), reverse=True)
    for ordinal in surplus:
        pod = members.pods[ordinal]
        if not is_terminating(pod):
            _delete(plane, members, pod, "SuccessfulDelete")
        if members.is_ordered:
            return False
    return not surplus


def _update(plane: Plane, members: Set) -> None:
    """From the highest ordinal down to the partition, one at a time."""
    for ordinal in reversed(members.ordinals):
        if ordinal < members.partition:
            return
        pod = members.pods.get(ordinal)
        if pod is None:
            return
        if not members.is_updated(pod) and not is_terminating(pod):
            _delete(plane, members, pod, "SuccessfulDelete")
            return
        if not _is_settled(plane, members, pod):
            return


async def _create(plane: Plane, members: Set, ordinal: int) -> None:
    revision = members.revision_for(ordinal)
    metadata = members.obj["metadata"]
    name = f"{metadata['name']}-{ordinal}"
    template = history.template_of(revision)
    pod = from_template(template, metadata["namespace"], owned_by(members.obj, STATEFULSET))
    pod["metadata"]["name"] = name
    pod["metadata"].setdefault("labels", {}).update(
        {
            "statefulset.kubernetes.io/pod-name": name,
            "apps.kubernetes.io/pod-index": str(ordinal),
            history.HASH: revision["metadata"]["name"],
        }
    )
    subdomain = members.spec.get("serviceName", "")
    pod["spec"] = {**pod["spec"], "hostname": name, "subdomain": subdomain}
    try:
        await admission.create(plane.store, POD, pod, by=admission.controller(SOURCE))
    except StatusError as error:
        message = (
            f"create Pod {name} in StatefulSet {metadata['name']} failed error: {error.message}"
        )
        plane.events.warning(members.obj, "FailedCreate", message, source=SOURCE)
        raise
    message = f"create Pod {name} in StatefulSet {metadata['name']} successful"
    plane.events.normal(members.obj, "SuccessfulCreate", message, source=SOURCE)


def _delete(plane: Plane, members: Set, pod: Object, reason: str) -> None:
    metadata = pod["metadata"]
    plane.store.delete(POD, metadata["namespace"], metadata["name"], uid=metadata["uid"])
    owner = members.obj["metadata"]["name"]
    if reason == "SuccessfulDelete":
        message = f"delete Pod {metadata['name']} in StatefulSet {owner} successful"
        plane.events.normal(members.obj, reason, message, source=SOURCE)
    else:
        where = f"{metadata['namespace']}/{metadata['name']}"
        message = f"StatefulSet {metadata['namespace']}/{owner} is recreating failed Pod {where}"
        plane.events.warning(members.obj, reason, message, source=SOURCE)


def _report(plane: Plane, members: Set) -> float | None:
    pods = list(members.pods.values())
    min_ready = members.spec.get("minReadySeconds", 0)
    waits = [available_in(pod, min_ready, plane.clock) for pod in pods]
    live = [pod for pod in pods if not is_terminating(pod)]
    updated = sum(members.is_updated(pod) for pod in live)
    ready = sum(is_ready(pod) for pod in pods)
    done = updated == ready == len(pods) == members.replicas and members.rolls
    current = members.update if done else members.current
    name = current["metadata"]["name"]
    counts = {
        "replicas": len(pods),
        "readyReplicas": ready,
        "availableReplicas": waits.count(0.0),
        "updatedReplicas": updated,
        "currentReplicas": sum(
            (pod["metadata"].get("labels") or {}).get(history.HASH) == name for pod in live
        ),
    }

    def write(obj: Object) -> None:
        status = obj.setdefault("status", {})
        for field in counts:
            status.pop(field, None)
        status.update({field: count for field, count in counts.items() if count})
        status.update(
            observedGeneration=members.obj["metadata"]["generation"],
            replicas=counts["replicas"],
            availableReplicas=counts["availableReplicas"],
            currentRevision=name,
            updateRevision=members.update["metadata"]["name"],
            collisionCount=0,
        )

    metadata = members.obj["metadata"]
    place = (STATEFULSET, metadata["namespace"], metadata["name"])
    plane.store.change(*place, write, subresource="status")
    return min((wait for wait in waits if wait), default=None)


controller = Controller("statefulset", (STATEFULSET, POD), keys, reconcile, gathers=True, workers=5)
