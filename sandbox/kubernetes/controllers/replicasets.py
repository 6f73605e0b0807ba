"""A Deployment's ReplicaSets: which is the new one, and how they are scaled."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sandbox.kubernetes.controllers.plane import Plane
from sandbox.kubernetes.controllers.rollout import Fleet, margins
from sandbox.kubernetes.kinds import KINDS, Object

REPLICASET = KINDS["ReplicaSet"]
HASH = "pod-template-hash"
DESIRED = "deployment.kubernetes.io/desired-replicas"
MAXIMUM = "deployment.kubernetes.io/max-replicas"
REVISION = "deployment.kubernetes.io/revision"
SOURCE = "deployment-controller"


def bare(template: Object) -> Object:
    """A template without the hash label the controller adds."""
    metadata = dict(template.get("metadata") or {})
    labels = {k: v for k, v in (metadata.get("labels") or {}).items() if k != HASH}
    metadata.pop("creationTimestamp", None)
    return {**template, "metadata": {**metadata, "labels": labels}}


@dataclass(frozen=True)
class Fleets:
    """A Deployment with its ReplicaSets as they are right now."""

    deployment: Object
    replicasets: list[Object]

    @property
    def replicas(self) -> int:
        return int(self.deployment["spec"].get("replicas", 1))

    @property
    def strategy(self) -> dict[str, Any]:
        found: dict[str, Any] = self.deployment["spec"].get("strategy") or {}
        return found

    @cached_property
    def new(self) -> Object | None:
        """The oldest ReplicaSet of the present template."""
        wanted = bare(self.deployment["spec"]["template"])
        for replicaset in self._by_age:
            if bare(replicaset["spec"]["template"]) == wanted:
                return replicaset
        return None

    @cached_property
    def old(self) -> list[Object]:
        return [replicaset for replicaset in self._by_age if replicaset is not self.new]

    @property
    def _by_age(self) -> list[Object]:
        return sorted(
            self.replicasets,
            key=lambda r: (r["metadata"]["creationTimestamp"], r["metadata"]["name"]),
        )


def fleet(replicaset: Object) -> Fleet:
    status = replicaset.get("status") or {}
    return Fleet(
        replicaset["metadata"]["name"],
        wanted=replicaset["spec"]["replicas"],
        running=status.get("replicas", 0),
        available=status.get("availableReplicas", 0),
    )


def revision(obj: Object) -> int:
    annotations = obj["metadata"].get("annotations") or {}
    return int(annotations.get(REVISION, "0"))


def size_notes(deployment: Object) -> dict[str, str]:
    """The annotations that say for which size a ReplicaSet was last scaled."""
    replicas = deployment["spec"].get("replicas", 1)
    surge, _ = margins(deployment["spec"].get("strategy") or {}, replicas)
    return {DESIRED: str(replicas), MAXIMUM: str(replicas + surge)}


def scale(plane: Plane, deployment: Object, replicaset: Object, replicas: int) -> bool:
    """Bring one ReplicaSet to a size; True if that changed it."""
    metadata = replicaset["metadata"]
    before = replicaset["spec"]["replicas"]

    def write(obj: Object) -> None:
        obj["spec"]["replicas"] = replicas
        obj["metadata"].setdefault("annotations", {}).update(size_notes(deployment))

    plane.store.change(REPLICASET, metadata["namespace"], metadata["name"], write)
    if before == replicas:
        return False
    word = "up" if replicas > before else "down"
    message = f"Scaled {word} replica set {metadata['name']} to {replicas} from {before}"
    plane.events.normal(deployment, "ScalingReplicaSet", message, source=SOURCE)
    return True
