"""The Pod templates a workload had: a Deployment's ReplicaSets, the others' ControllerRevisions."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from console import kube
from console.kube import Kube
from workloads.actions.changes import Manifest, bare, same_template

REVISION = "deployment.kubernetes.io/revision"
CHANGE_CAUSE = "kubernetes.io/change-cause"


@dataclass(frozen=True)
class Revision:
    """`pods`: of it that run now, where Kubernetes says so (a Deployment's ReplicaSets do)."""

    number: int
    name: str
    template: Manifest
    created_at: str = ""
    cause: str = ""
    is_current: bool = False
    pods: int | None = None

    @property
    def made(self) -> datetime | None:
        return datetime.fromisoformat(self.created_at) if self.created_at else None

    @property
    def images(self) -> list[str]:
        containers = (self.template.get("spec") or {}).get("containers") or ()
        return [one.get("image", "") for one in containers]


def read(door: Kube, kind: str, live: Manifest) -> list[Revision]:
    """Newest first. KubeError."""
    namespace = live["metadata"]["namespace"]
    where = kube.path("ReplicaSet" if kind == "Deployment" else "ControllerRevision", namespace)
    selector = (live["spec"].get("selector") or {}).get("matchLabels") or {}
    asked = {"labelSelector": ",".join(f"{k}={v}" for k, v in selector.items())} if selector else {}
    items = door.get(where, **asked).get("items") or ()
    return listed(kind, live, items)


def listed(kind: str, live: Manifest, items: Iterable[Manifest]) -> list[Revision]:
    """The workload's own among these objects; pure."""
    uid = live["metadata"]["uid"]
    make = _of_replica_set if kind == "Deployment" else _of_controller_revision
    found = [make(live, item) for item in items if _is_owned(item, uid)]
    return sorted(found, key=lambda revision: -revision.number)


def find(revisions: Iterable[Revision], number: int | None) -> Revision | None:
    """That revision; without a number the one before the current, as `rollout undo` takes it."""
    if number is not None:
        return next((one for one in revisions if one.number == number), None)
    return next((one for one in revisions if not one.is_current), None)


def _is_owned(item: Manifest, uid: str) -> bool:
    owners = item["metadata"].get("ownerReferences") or ()
    return any(owner.get("uid") == uid and owner.get("controller") for owner in owners)


def _of_replica_set(live: Manifest, item: Manifest) -> Revision:
    annotations = item["metadata"].get("annotations") or {}
    number = annotations.get(REVISION, "0")
    return Revision(
        number=int(number) if number.isdecimal() else 0,
        name=item["metadata"]["name"],
        template=bare(item["spec"]["template"]),
        created_at=item["metadata"].get("creationTimestamp", ""),
        cause=annotations.get(CHANGE_CAUSE, ""),
        is_current=same_template(item["spec"]["template"], live["spec"]["template"]),
        pods=(item.get("status") or {}).get("replicas", 0),
    )


def _of_controller_revision(live: Manifest, item: Manifest) -> Revision:
    template: Any = item["data"]["spec"]["template"]
    annotations = item["metadata"].get("annotations") or {}
    return Revision(
        number=int(item["revision"]),
        name=item["metadata"]["name"],
        template=bare(template),
        created_at=item["metadata"].get("creationTimestamp", ""),
        cause=annotations.get(CHANGE_CAUSE, ""),
        is_current=same_template(template, live["spec"]["template"]),
    )
