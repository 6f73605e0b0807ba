"""Kubernetes Events in plain sentences on Services and Pods; the same one again only counts up."""

import hashlib
from datetime import UTC, datetime
from typing import Any

from console.kube import Conflict, Kube, KubeError, path

COMPONENT = "podgate"
# One look tells of at most this many Pods by name; the Service's own event tells the number.
POD_EVENTS = 20


def on_service(kube: Kube, service: dict[str, Any], reason: str, message: str) -> None:
    metadata = service["metadata"]
    _tell(
        kube, "Service", metadata["namespace"], metadata["name"], metadata["uid"], reason, message
    )


def on_pod(kube: Kube, namespace: str, name: str, uid: str, reason: str, message: str) -> None:
    _tell(kube, "Pod", namespace, name, uid, reason, message)


def on_workload(kube: Kube, kind: str, metadata: dict[str, Any], reason: str, message: str) -> None:
    where = (metadata["namespace"], metadata["name"], metadata["uid"])
    _tell(kube, kind, *where, reason, message, api_version="apps/v1")


def _tell(
    kube: Kube,
    kind: str,
    namespace: str,
    name: str,
    uid: str,
    reason: str,
    message: str,
    *,
    api_version: str = "v1",
) -> None:
    """An event that cannot be written is never a reason to stop."""
    now = datetime.now(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")
    digest = hashlib.sha256(f"{uid}{reason}{message}".encode()).hexdigest()[:16]
    event_name = f"{name[:200]}.{digest}"
    body = {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": event_name, "namespace": namespace},
        "involvedObject": {
            "apiVersion": api_version,
            "kind": kind,
            "namespace": namespace,
            "name": name,
            "uid": uid,
        },
        "type": "Warning" if reason in WARNINGS else "Normal",
        "reason": reason,
        "message": message[:1000],
        "source": {"component": COMPONENT},
        "reportingComponent": COMPONENT,
        "firstTimestamp": now,
        "lastTimestamp": now,
        "count": 1,
    }
    try:
        kube.create(path("Event", namespace), body)
    except Conflict:
        _count_up(kube, path("Event", namespace, event_name), now)
    except KubeError:
        return


def _count_up(kube: Kube, where: str, now: str) -> None:
    try:
        count = kube.get(where).get("count") or 1
        kube.patch(where, {"count": count + 1, "lastTimestamp": now}, kind="merge")
    except KubeError:
        return


WARNINGS = {
    "Blocked",
    "Degraded",
    "Unhealthy",
    "ForeignListener",
    "LoadBalancerGone",
    "TrafficGuard",
}
