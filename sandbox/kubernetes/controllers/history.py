"""ControllerRevisions: the templates a StatefulSet or DaemonSet had, so that it can go back."""

from collections.abc import Collection
from typing import Any

from sandbox.kubernetes.controllers.family import children, owned_by
from sandbox.kubernetes.controllers.plane import Plane
from sandbox.kubernetes.controllers.pods import template_hash
from sandbox.kubernetes.kinds import KINDS, Kind, Object

REVISION = KINDS["ControllerRevision"]
HASH = "controller-revision-hash"


def revisions(plane: Plane, owner: Object) -> list[Object]:
    """Oldest first."""
    found = children(plane.store, owner, REVISION)
    return sorted(found, key=lambda revision: int(revision["revision"]))


def template_of(revision: Object) -> Object:
    template: Any = revision["data"]["spec"]["template"]
    return {name: value for name, value in template.items() if name != "$patch"}


def hash_of(revision: Object) -> str:
    return str(revision["metadata"]["labels"][HASH])


def synced(plane: Plane, owner: Object, kind: Kind) -> Object:
    """The revision of the present template, made or renumbered to be the newest."""
    known = revisions(plane, owner)
    template = owner["spec"]["template"]
    newest = int(known[-1]["revision"]) if known else 0
    for revision in known:
        if template_of(revision) == template:
            if int(revision["revision"]) == newest:
                return revision
            return _renumbered(plane, revision, newest + 1)
    return _created(plane, owner, kind, newest + 1)


def _renumbered(plane: Plane, revision: Object, number: int) -> Object:
    def write(obj: Object) -> None:
        obj["revision"] = number

    metadata = revision["metadata"]
    return plane.store.change(REVISION, metadata["namespace"], metadata["name"], write)


def _created(plane: Plane, owner: Object, kind: Kind, number: int) -> Object:
    metadata, template = owner["metadata"], owner["spec"]["template"]
    short = template_hash(template)
    return plane.store.create(
        REVISION,
        {
            "metadata": {
                "name": f"{metadata['name']}-{short}",
                "namespace": metadata["namespace"],
                "labels": {**((template.get("metadata") or {}).get("labels") or {}), HASH: short},
                "ownerReferences": [owned_by(owner, kind)],
            },
            "data": {"spec": {"template": {**template, "$patch": "replace"}}},
            "revision": number,
        },
    )


def forget_old(plane: Plane, owner: Object, *, live: Collection[str]) -> None:
    """Revisions no Pod has any more, beyond revisionHistoryLimit, go; oldest first."""
    limit = owner["spec"].get("revisionHistoryLimit", 10)
    idle = [r for r in revisions(plane, owner) if r["metadata"]["name"] not in live]
    for revision in idle[: max(0, len(idle) - limit)]:
        metadata = revision["metadata"]
        plane.store.delete(REVISION, metadata["namespace"], metadata["name"])
