"""The guard's annotation: what it may say, and how a Service gets it."""

import re
from typing import Any

from django.contrib.auth.models import AnonymousUser, User

from console import activity, doors, kube
from console.models import Cluster
from services.binding import wanted

ANNOTATION = "podgate.dev/min-healthy-targets"
_FLOOR = re.compile(r"[1-9][0-9]{0,5}|(100|[1-9][0-9]?)%")


def is_valid(text: str) -> bool:
    """A number of targets from 1 on, or a percentage of the wanted Pods from 1% to 100%."""
    return bool(_FLOOR.fullmatch(text.strip()))


def floor_of(annotations: dict[str, str] | None) -> str:
    """What the Service asks for; nothing where it asks for nothing that makes sense."""
    text = (annotations or {}).get(ANNOTATION, "").strip()
    return text if is_valid(text) else ""


def write(
    user: User | AnonymousUser, cluster: Cluster, service: dict[str, Any], floor: str
) -> None:
    """Set the floor, or take it away with an empty one; one Activity row either way. KubeError."""
    metadata = service["metadata"]
    before = (metadata.get("annotations") or {}).get(ANNOTATION)
    body = {
        "metadata": {"uid": metadata["uid"], "annotations": {ANNOTATION: floor or None}},
    }
    message = ""
    with doors.recording() as calls:
        try:
            where = kube.path("Service", metadata["namespace"], metadata["name"])
            kube.connect(cluster).patch(where, body, kind="merge")
        except kube.KubeError as error:
            message = error.message or error.reason
            raise
        finally:
            activity.record(
                user,
                "set-traffic-guard",
                cluster=cluster.cluster_id,
                kind="Service",
                namespace=metadata["namespace"],
                name=metadata["name"],
                before={ANNOTATION: before} if before else None,
                after={ANNOTATION: floor} if floor else None,
                ok=not message,
                message=message,
                calls=calls,
            )
    wanted.wanted(cluster, metadata["namespace"], metadata["name"])
