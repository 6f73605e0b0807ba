"""A Deployment scaled while it rolls or rests: every ReplicaSet gets its share."""

from sandbox.kubernetes.controllers.plane import Plane
from sandbox.kubernetes.controllers.replicasets import DESIRED, MAXIMUM, Fleets, fleet, scale
from sandbox.kubernetes.controllers.rollout import margins, proportions
from sandbox.kubernetes.kinds import Object


def _annotation(replicaset: Object, name: str) -> int | None:
    said = (replicaset["metadata"].get("annotations") or {}).get(name)
    return None if said is None else int(said)


def _active(fleets: Fleets) -> list[Object]:
    return [replicaset for replicaset in fleets.replicasets if replicaset["spec"]["replicas"]]


def is_scaling(fleets: Fleets) -> bool:
    """Somebody changed spec.replicas since the ReplicaSets were last scaled."""
    desired = (_annotation(replicaset, DESIRED) for replicaset in _active(fleets))
    return any(size is not None and size != fleets.replicas for size in desired)


def share(plane: Plane, fleets: Fleets) -> None:
    active = _active(fleets)
    deployment, replicas = fleets.deployment, fleets.replicas
    if len(active) <= 1:
        only = active[0] if active else fleets.new
        if only is not None:
            scale(plane, deployment, only, replicas)
        return
    new = fleets.new
    if new is not None and fleet(new).available == fleet(new).wanted == replicas:
        for old in fleets.old:
            scale(plane, deployment, old, 0)
        return
    surge, _ = margins(fleets.strategy, replicas)
    sized = [(fleet(one), _annotation(one, MAXIMUM) or one["spec"]["replicas"]) for one in active]
    shares = proportions(sized, replicas + surge if replicas else 0)
    for replicaset in active:
        scale(plane, deployment, replicaset, shares[replicaset["metadata"]["name"]])
