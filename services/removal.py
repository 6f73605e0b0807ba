"""Takes a Service away: the ordinary way through its binding, or without cleaning up the cloud."""

import time
from typing import Any

from django.contrib.auth.models import AnonymousUser, User
from django.utils.translation import gettext

from console import activity, doors, kube
from console.models import Cluster
from services.binding import release as binding_release
from services.binding import wanted
from services.models import Binding

# Seconds a page may wait for a worker.
PATIENCE = 5.0


def remove(user: User | AnonymousUser, cluster: Cluster, service: dict[str, Any]) -> None:
    """Asks Kubernetes to delete exactly this Service; its binding then cleans up. KubeError."""
    metadata = service["metadata"]
    where = kube.path("Service", metadata["namespace"], metadata["name"])
    with doors.recording() as calls:
        try:
            kube.connect(cluster).delete(where, {"preconditions": {"uid": metadata["uid"]}})
        except kube.KubeError as error:
            _record(user, "delete", cluster, service, calls, message=error.message)
            raise
    _record(user, "delete", cluster, service, calls)
    wanted.wanted(cluster, metadata["namespace"], metadata["name"])


def release(
    user: User | AnonymousUser, cluster: Cluster, service: dict[str, Any], binding: Binding
) -> None:
    """Lets a stuck deletion finish; what is left at the CLB is written down. KubeError."""
    left = binding.lb_id or "no load balancer known"
    with doors.recording() as calls:
        try:
            _release_alone(binding)
        except kube.KubeError as error:
            _record(user, "release", cluster, service, calls, message=error.message)
            raise
    message = f"Released without cloud cleanup; left behind: {left}."
    _record(user, "release", cluster, service, calls, message=message, ok=True)


def _release_alone(binding: Binding) -> None:
    """A worker that is at it ends within seconds."""
    deadline = time.monotonic() + PATIENCE
    while not binding_release.release_alone(binding):
        if time.monotonic() > deadline:
            raise kube.Conflict(409, "Busy", gettext("podgate is at work on it: try again."))
        time.sleep(0.2)


def _record(
    user: User | AnonymousUser,
    verb: str,
    cluster: Cluster,
    service: dict[str, Any],
    calls: list[doors.Call],
    *,
    message: str = "",
    ok: bool | None = None,
) -> None:
    metadata = service["metadata"]
    activity.record(
        user,
        verb,
        cluster=cluster.cluster_id,
        kind="Service",
        namespace=metadata["namespace"],
        name=metadata["name"],
        before=service,
        ok=not message if ok is None else ok,
        message=message,
        calls=calls,
    )
