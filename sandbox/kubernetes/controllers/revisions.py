"""The history of a Deployment: a ReplicaSet per template, numbered, and only so many kept."""

from sandbox.kubernetes.controllers.family import is_terminating, owned_by, set_condition
from sandbox.kubernetes.controllers.plane import Plane
from sandbox.kubernetes.controllers.pods import template_hash
from sandbox.kubernetes.controllers.replicasets import (
    HASH,
    REPLICASET,
    REVISION,
    SOURCE,
    Fleets,
    bare,
    fleet,
    revision,
    size_notes,
)
from sandbox.kubernetes.controllers.rollout import margins, new_wanted
from sandbox.kubernetes.errors import AlreadyExists
from sandbox.kubernetes.kinds import KINDS, Object

DEPLOYMENT = KINDS["Deployment"]
HISTORY = "deployment.kubernetes.io/revision-history"
_NOT_COPIED = frozenset(
    {
        "kubectl.kubernetes.io/last-applied-configuration",
        "deprecated.deployment.rollback.to",
        REVISION,
        HISTORY,
        "deployment.kubernetes.io/desired-replicas",
        "deployment.kubernetes.io/max-replicas",
    }
)


def synced(plane: Plane, fleets: Fleets, *, create: bool) -> Fleets:
    """The fleets with the new ReplicaSet there (if `create`), numbered, and the Deployment told."""
    deployment = fleets.deployment
    newest = str(max((revision(old) for old in fleets.old), default=0) + 1)
    if fleets.new is not None:
        new = _renumbered(plane, deployment, fleets.new, newest)
        others = [replicaset for replicaset in fleets.replicasets if replicaset is not fleets.new]
    elif create:
        new, others = _created(plane, fleets, newest), fleets.replicasets
    else:
        return fleets
    return Fleets(_told(plane, deployment, new), [*others, new])


def _copied(deployment: Object) -> dict[str, str]:
    annotations = deployment["metadata"].get("annotations") or {}
    return {name: value for name, value in annotations.items() if name not in _NOT_COPIED}


def _renumbered(plane: Plane, deployment: Object, new: Object, newest: str) -> Object:
    """A template taken up again (a rollback) becomes the newest revision."""

    def write(obj: Object) -> None:
        annotations = obj["metadata"].setdefault("annotations", {})
        annotations.update(_copied(deployment))
        if revision(obj) < int(newest):
            if REVISION in annotations:
                history = annotations.get(HISTORY)
                annotations[HISTORY] = ",".join(filter(None, (history, annotations[REVISION])))
            annotations[REVISION] = newest
        obj["spec"]["minReadySeconds"] = deployment["spec"].get("minReadySeconds", 0)
        if not obj["spec"]["minReadySeconds"]:
            del obj["spec"]["minReadySeconds"]

    metadata = new["metadata"]
    return plane.store.change(REPLICASET, metadata["namespace"], metadata["name"], write)


def _created(plane: Plane, fleets: Fleets, newest: str) -> Object:
    deployment = fleets.deployment
    old = [fleet(replicaset) for replicaset in fleets.old]
    surge, _ = margins(fleets.strategy, fleets.replicas)
    manifest = _manifest(deployment, newest)
    name = manifest["metadata"]["name"]
    wanted = (
        new_wanted(fleet(manifest), old, replicas=fleets.replicas, surge=surge)
        if old
        else fleets.replicas
    )
    manifest["spec"]["replicas"] = wanted
    try:
        made = plane.store.create(REPLICASET, manifest)
    except AlreadyExists:
        # Somebody else's ReplicaSet has our name: count up and make another one (next look).
        _count_collision(plane, deployment)
        raise
    if wanted:
        message = f"Scaled up replica set {name} to {wanted} from 0"
        plane.events.normal(deployment, "ScalingReplicaSet", message, source=SOURCE)
    return made


def _manifest(deployment: Object, newest: str) -> Object:
    spec, metadata = deployment["spec"], deployment["metadata"]
    template = bare(spec["template"])
    collisions = (deployment.get("status") or {}).get("collisionCount")
    short = template_hash({"template": template, "collisions": collisions})
    labels = {**template["metadata"]["labels"], HASH: short}
    selector = spec["selector"]
    return {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {
            "name": f"{metadata['name']}-{short}",
            "namespace": metadata["namespace"],
            "labels": labels,
            "annotations": {**_copied(deployment), REVISION: newest, **size_notes(deployment)},
            "ownerReferences": [owned_by(deployment, DEPLOYMENT)],
        },
        "spec": {
            "replicas": 0,
            "selector": {
                **selector,
                "matchLabels": {**(selector.get("matchLabels") or {}), HASH: short},
            },
            "template": {**template, "metadata": {**template["metadata"], "labels": labels}},
            **({"minReadySeconds": spec["minReadySeconds"]} if spec.get("minReadySeconds") else {}),
        },
    }


def _count_collision(plane: Plane, deployment: Object) -> None:
    def write(obj: Object) -> None:
        status = obj.setdefault("status", {})
        status["collisionCount"] = status.get("collisionCount", 0) + 1

    metadata = deployment["metadata"]
    plane.store.change(
        DEPLOYMENT, metadata["namespace"], metadata["name"], write, subresource="status"
    )


def _told(plane: Plane, deployment: Object, new: Object) -> Object:
    """The Deployment carries the revision, and the condition that it found or made one."""
    metadata = deployment["metadata"]
    number = new["metadata"]["annotations"][REVISION]

    def number_it(obj: Object) -> None:
        obj["metadata"].setdefault("annotations", {})[REVISION] = number

    def note(obj: Object) -> None:
        conditions = obj.setdefault("status", {}).setdefault("conditions", [])
        if any(c["type"] == "Progressing" for c in conditions):
            return
        name = new["metadata"]["name"]
        set_condition(
            conditions,
            "Progressing",
            "True",
            reason="NewReplicaSetCreated",
            message=f'Created new replica set "{name}"',
        )

    place = (DEPLOYMENT, metadata["namespace"], metadata["name"])
    plane.store.change(*place, number_it)
    return plane.store.change(*place, note, subresource="status")


def forget_old(plane: Plane, fleets: Fleets) -> None:
    """Empty old ReplicaSets beyond revisionHistoryLimit go, oldest revision first."""
    limit = fleets.deployment["spec"].get("revisionHistoryLimit", 10)
    idle = [
        old
        for old in fleets.old
        if not old["spec"]["replicas"]
        and not (old.get("status") or {}).get("replicas")
        and not is_terminating(old)
    ]
    for old in sorted(idle, key=revision)[: max(0, len(idle) - limit)]:
        metadata = old["metadata"]
        plane.store.delete(REPLICASET, metadata["namespace"], metadata["name"])
