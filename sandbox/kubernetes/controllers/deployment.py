"""The Deployment controller: one ReplicaSet per template, and a rolling update between them."""

from collections.abc import Iterator

from sandbox.kubernetes.controllers import deployment_status, proportional, revisions
from sandbox.kubernetes.controllers.family import (
    children,
    find,
    is_terminating,
    key_of,
    keys_of_controller,
    keys_of_controllers,
)
from sandbox.kubernetes.controllers.loop import Controller
from sandbox.kubernetes.controllers.plane import Plane
from sandbox.kubernetes.controllers.pods import is_active
from sandbox.kubernetes.controllers.queue import Key
from sandbox.kubernetes.controllers.replicasets import Fleets, fleet, scale
from sandbox.kubernetes.controllers.rollout import margins, new_wanted, old_wanted
from sandbox.kubernetes.kinds import KINDS, Object
from sandbox.kubernetes.store import Event

DEPLOYMENT, REPLICASET, POD = KINDS["Deployment"], KINDS["ReplicaSet"], KINDS["Pod"]


def keys(plane: Plane, event: Event) -> Iterator[Key]:
    """A ReplicaSet touches its Deployment; a Pod that ends one that recreates."""
    if event.kind is DEPLOYMENT:
        yield key_of(event.obj)
    elif event.kind is REPLICASET:
        yield from keys_of_controllers(event, DEPLOYMENT)
    elif event.type == "DELETED":
        for key in keys_of_controller(event.obj, REPLICASET):
            if replicaset := find(plane.store, REPLICASET, key):
                yield from keys_of_controller(replicaset, DEPLOYMENT)


async def reconcile(plane: Plane, key: Key) -> float | None:
    deployment = find(plane.store, DEPLOYMENT, key)
    if deployment is None:
        return None
    fleets = Fleets(deployment, children(plane.store, deployment, REPLICASET))
    if not is_terminating(deployment):
        _steer(plane, fleets)
    fresh = Fleets(
        find(plane.store, DEPLOYMENT, key) or deployment,
        children(plane.store, deployment, REPLICASET),
    )
    return deployment_status.report(plane, fresh)


def _steer(plane: Plane, fleets: Fleets) -> None:
    """One step: at most one of scaling, growing the new, shrinking the old."""
    paused = fleets.deployment["spec"].get("paused", False)
    if paused or proportional.is_scaling(fleets):
        if not paused:
            fleets = revisions.synced(plane, fleets, create=False)
        proportional.share(plane, fleets)
        if paused:
            revisions.forget_old(plane, fleets)
        return
    if fleets.strategy.get("type") == "Recreate":
        _recreate(plane, fleets)
    else:
        _roll(plane, fleets)


def _recreate(plane: Plane, fleets: Fleets) -> None:
    fleets = revisions.synced(plane, fleets, create=False)
    for old in fleets.old:
        if old["spec"]["replicas"]:
            scale(plane, fleets.deployment, old, 0)
            return
    if any(
        is_active(pod) or not _has_stopped(pod)
        for old in fleets.old
        for pod in children(plane.store, old, POD)
    ):
        return
    fleets = revisions.synced(plane, fleets, create=True)
    assert fleets.new is not None
    scale(plane, fleets.deployment, fleets.new, fleets.replicas)
    _finish(plane, fleets)


def _has_stopped(pod: Object) -> bool:
    return (pod.get("status") or {}).get("phase") in ("Succeeded", "Failed")


def _roll(plane: Plane, fleets: Fleets) -> None:
    fleets = revisions.synced(plane, fleets, create=True)
    assert fleets.new is not None
    surge, unavailable = margins(fleets.strategy, fleets.replicas)
    new, old = fleet(fleets.new), [fleet(replicaset) for replicaset in fleets.old]
    wanted = new_wanted(new, old, replicas=fleets.replicas, surge=surge)
    if scale(plane, fleets.deployment, fleets.new, wanted):
        return
    keep = old_wanted(new, old, replicas=fleets.replicas, unavailable=unavailable)
    for replicaset in fleets.old:
        scale(plane, fleets.deployment, replicaset, keep[replicaset["metadata"]["name"]])
    _finish(plane, fleets)


def _finish(plane: Plane, fleets: Fleets) -> None:
    if deployment_status.is_complete(fleets):
        revisions.forget_old(plane, fleets)


controller = Controller("deployment", (DEPLOYMENT, REPLICASET, POD), keys, reconcile, gathers=True)
