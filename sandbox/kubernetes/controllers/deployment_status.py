"""What a Deployment says about itself: counts, Available, Progressing and its deadline."""

from collections.abc import Callable

from sandbox.kubernetes.controllers.family import condition, set_condition
from sandbox.kubernetes.controllers.plane import Plane
from sandbox.kubernetes.controllers.replicasets import Fleets
from sandbox.kubernetes.controllers.rollout import margins
from sandbox.kubernetes.kinds import KINDS, Object
from sandbox.kubernetes.objects import now

DEPLOYMENT = KINDS["Deployment"]
Counts = dict[str, int]


def _sum(replicasets: list[Object], field: str) -> int:
    return sum((replicaset.get("status") or {}).get(field, 0) for replicaset in replicasets)


def counts(fleets: Fleets) -> Counts:
    replicas = _sum(fleets.replicasets, "replicas")
    available = _sum(fleets.replicasets, "availableReplicas")
    wanted = sum(replicaset["spec"]["replicas"] for replicaset in fleets.replicasets)
    return {
        "replicas": replicas,
        "updatedReplicas": _sum([fleets.new] if fleets.new else [], "replicas"),
        "readyReplicas": _sum(fleets.replicasets, "readyReplicas"),
        "availableReplicas": available,
        "unavailableReplicas": max(0, wanted - available),
    }


def is_complete(fleets: Fleets) -> bool:
    """All Pods are of the new template, available, and none of the old are left."""
    now_ = counts(fleets)
    return (
        now_["updatedReplicas"] == now_["replicas"] == now_["availableReplicas"] == fleets.replicas
    )


def report(plane: Plane, fleets: Fleets) -> float | None:
    """Write the status; emulated seconds until the progress deadline needs a look."""
    deployment = fleets.deployment
    seen = counts(fleets)
    waits: list[float] = []

    def write(obj: Object) -> None:
        status = obj.setdefault("status", {})
        before = {field: status.pop(field, 0) for field in seen}
        status.update({field: count for field, count in seen.items() if count})
        status["observedGeneration"] = deployment["metadata"]["generation"]
        conditions = status.setdefault("conditions", [])
        _available(fleets, seen, conditions)
        _replica_failure(fleets, conditions)
        if (wait := _progressing(plane, fleets, conditions, before)) is not None:
            waits.append(wait)

    metadata = deployment["metadata"]
    plane.store.change(
        DEPLOYMENT, metadata["namespace"], metadata["name"], write, subresource="status"
    )
    return waits[0] if waits else None


def _available(fleets: Fleets, seen: Counts, conditions: list[Object]) -> None:
    _, unavailable = margins(fleets.strategy, fleets.replicas)
    enough = seen["availableReplicas"] >= fleets.replicas - unavailable
    set_condition(
        conditions,
        "Available",
        "True" if enough else "False",
        reason="MinimumReplicasAvailable" if enough else "MinimumReplicasUnavailable",
        message=f"Deployment {'has' if enough else 'does not have'} minimum availability.",
    )


def _replica_failure(fleets: Fleets, conditions: list[Object]) -> None:
    """What keeps the new ReplicaSet from its Pods, else what keeps an old one."""
    replicasets = [*([fleets.new] if fleets.new else []), *fleets.replicasets]
    found = (condition(replicaset, "ReplicaFailure") for replicaset in replicasets)
    failure = next((each for each in found if each), None)
    if failure:
        said = {name: failure[name] for name in ("reason", "message")}
        set_condition(conditions, "ReplicaFailure", failure["status"], **said)
    else:
        conditions[:] = [each for each in conditions if each["type"] != "ReplicaFailure"]


def _progressing(
    plane: Plane, fleets: Fleets, conditions: list[Object], before: Counts
) -> float | None:
    deployment = fleets.deployment
    old = condition({"status": {"conditions": conditions}}, "Progressing")
    deadline = deployment["spec"].get("progressDeadlineSeconds", 600)

    def say(status: str, reason: str, message: str) -> None:
        set_condition(conditions, "Progressing", status, reason=reason, message=message)

    if deployment["spec"].get("paused"):
        say("Unknown", "DeploymentPaused", "Deployment is paused")
        return None
    if old is not None and old["reason"] == "DeploymentPaused":
        say("Unknown", "DeploymentResumed", "Deployment is resumed")
        return float(deadline)
    named = f'ReplicaSet "{fleets.new["metadata"]["name"]}"' if fleets.new else "Deployment"
    if is_complete(fleets):
        say("True", "NewReplicaSetAvailable", f"{named} has successfully progressed.")
        return None
    if _has_progressed(fleets, before):
        say("True", "ReplicaSetUpdated", f"{named} is progressing.")
        _touch(conditions)
        return float(deadline)
    return _deadline(
        plane,
        old,
        deadline,
        lambda: say("False", "ProgressDeadlineExceeded", f"{named} has timed out progressing."),
    )


def _has_progressed(fleets: Fleets, before: Counts) -> bool:
    """More new Pods, fewer old ones, or more of any that serve, than at the last look."""
    seen = counts(fleets)
    old_now = seen["replicas"] - seen["updatedReplicas"]
    old_before = before["replicas"] - before["updatedReplicas"]
    return (
        seen["updatedReplicas"] > before["updatedReplicas"]
        or old_now < old_before
        or seen["readyReplicas"] > before["readyReplicas"]
        or seen["availableReplicas"] > before["availableReplicas"]
    )


def _touch(conditions: list[Object]) -> None:
    next(c for c in conditions if c["type"] == "Progressing")["lastUpdateTime"] = now()


def _deadline(
    plane: Plane, progressing: Object | None, deadline: int, give_up: Callable[[], None]
) -> float | None:
    """A rollout that stood still for too long says so; a finished one has no deadline."""
    if progressing is None or progressing["reason"] in (
        "NewReplicaSetAvailable",
        "ProgressDeadlineExceeded",
    ):
        return None
    left = deadline - plane.clock.since(progressing["lastUpdateTime"])
    if left > 0:
        return left
    give_up()
    return None
