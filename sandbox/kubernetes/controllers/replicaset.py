"""The ReplicaSet controller: as many Pods as wanted, the right ones taken away first."""

import asyncio
from collections import Counter
from collections.abc import Iterator

from sandbox.kubernetes import admission
from sandbox.kubernetes.controllers.creating import note_refusal, slowly
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
from sandbox.kubernetes.controllers.pods import (
    available_in,
    deletion_rank,
    from_template,
    is_active,
    is_ready,
)
from sandbox.kubernetes.controllers.queue import Key
from sandbox.kubernetes.errors import StatusError
from sandbox.kubernetes.kinds import KINDS, Object
from sandbox.kubernetes.objects import now
from sandbox.kubernetes.store import Event

POD, REPLICASET = KINDS["Pod"], KINDS["ReplicaSet"]
SOURCE = "replicaset-controller"
# No more Pods than this are made or taken away in one look (burstReplicas).
BURST = 500
# The API gets a turn after so many writes.
BREATH = 25


def keys(plane: Plane, event: Event) -> Iterator[Key]:
    if event.kind is REPLICASET:
        yield key_of(event.obj)
    else:
        yield from keys_of_controllers(event, REPLICASET)


async def reconcile(plane: Plane, key: Key) -> float | None:
    replicaset = find(plane.store, REPLICASET, key)
    if replicaset is None:
        return None
    active = _active(plane, replicaset)
    refused: StatusError | None = None
    if not is_terminating(replicaset):
        try:
            await _scale(plane, replicaset, active)
        except StatusError as error:
            refused = error
        active = _active(plane, replicaset)
    min_ready = replicaset["spec"].get("minReadySeconds", 0)
    waits = [available_in(pod, min_ready, plane.clock) for pod in active]
    _report(plane, replicaset, active, available=waits.count(0.0), refused=refused)
    if refused:
        raise refused
    return min((wait for wait in waits if wait), default=None)


def _active(plane: Plane, replicaset: Object) -> list[Object]:
    return [pod for pod in children(plane.store, replicaset, POD) if is_active(pod)]


async def _scale(plane: Plane, replicaset: Object, active: list[Object]) -> None:
    missing = int(replicaset["spec"].get("replicas", 1)) - len(active)
    if missing > 0:
        await _create(plane, replicaset, min(missing, BURST))
    elif missing < 0:
        await _delete(plane, replicaset, active, min(-missing, BURST))


async def _create(plane: Plane, replicaset: Object, count: int) -> None:
    metadata = replicaset["metadata"]
    owner = owned_by(replicaset, REPLICASET)
    by = admission.controller(SOURCE)

    async def make(_: int) -> None:
        pod = from_template(replicaset["spec"]["template"], metadata["namespace"], owner)
        pod["metadata"]["generateName"] = metadata["name"] + "-"
        try:
            made = await admission.create(plane.store, POD, pod, by=by)
        except StatusError as error:
            note_refusal(plane, replicaset, error, source=SOURCE)
            raise
        name = made["metadata"]["name"]
        plane.events.normal(replicaset, "SuccessfulCreate", f"Created pod: {name}", source=SOURCE)

    await slowly(count, make)


async def _delete(plane: Plane, replicaset: Object, active: list[Object], count: int) -> None:
    """Crowded nodes give first: siblings of all ReplicaSets of the same Deployment count."""
    crowd = Counter(pod["spec"].get("nodeName") for pod in _siblings(plane, replicaset))
    ranked = sorted(active, key=lambda pod: deletion_rank(pod, crowd[pod["spec"].get("nodeName")]))
    for n, pod in enumerate(ranked[:count]):
        name, namespace = pod["metadata"]["name"], pod["metadata"]["namespace"]
        plane.store.delete(POD, namespace, name, uid=pod["metadata"]["uid"])
        plane.events.normal(replicaset, "SuccessfulDelete", f"Deleted pod: {name}", source=SOURCE)
        if n % BREATH == BREATH - 1:
            await asyncio.sleep(0)


def _siblings(plane: Plane, replicaset: Object) -> list[Object]:
    owners = replicaset["metadata"].get("ownerReferences") or ()
    families = [
        related
        for owner in owners
        for kind, related in plane.store.owned(owner["uid"])
        if kind is REPLICASET
    ]
    return [pod for family in families or [replicaset] for pod in _active(plane, family)]


def _report(
    plane: Plane,
    replicaset: Object,
    active: list[Object],
    *,
    available: int,
    refused: StatusError | None,
) -> None:
    wanted = (replicaset["spec"]["template"].get("metadata") or {}).get("labels") or {}
    labelled = sum(wanted.items() <= (p["metadata"].get("labels") or {}).items() for p in active)
    counts = {
        "fullyLabeledReplicas": labelled,
        "readyReplicas": sum(is_ready(pod) for pod in active),
        "availableReplicas": available,
    }

    def report(obj: Object) -> None:
        status = obj.setdefault("status", {})
        for field, count in counts.items():
            status.pop(field, None)
            if count:
                status[field] = count
        status["replicas"] = len(active)
        status["observedGeneration"] = replicaset["metadata"]["generation"]
        _tell_failure(status, refused)

    metadata = replicaset["metadata"]
    plane.store.change(
        REPLICASET, metadata["namespace"], metadata["name"], report, subresource="status"
    )


def _tell_failure(status: Object, refused: StatusError | None) -> None:
    """ReplicaFailure stays as it first was until Pods can be made again."""
    conditions = status.pop("conditions", [])
    failing = [each for each in conditions if each["type"] == "ReplicaFailure"]
    conditions = [each for each in conditions if each["type"] != "ReplicaFailure"]
    if refused:
        fresh = {
            "type": "ReplicaFailure",
            "status": "True",
            "reason": "FailedCreate",
            "message": refused.message,
            "lastTransitionTime": now(),
        }
        conditions += failing or [fresh]
    if conditions:
        status["conditions"] = conditions


controller = Controller("replicaset", (REPLICASET, POD), keys, reconcile, gathers=True, workers=5)
