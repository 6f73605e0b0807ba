"""Kubernetes Events, newest first, as one look at the API server gives them.

They are too many and too short-lived to index: a page reads what it shows.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from django.urls import reverse

from console import kinds, kube, secrets
from console.models import Cluster

# One look reads at most this many Events, and prints at most that many of them.
PAGE_LIMIT = 500
PAGES = 4
PRINTED = 200
_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_FIELDS = {
    "kind": "involvedObject.kind",
    "name": "involvedObject.name",
    # Of this very object, not of an earlier one of the same name.
    "uid": "involvedObject.uid",
    "type": "type",
    "reason": "reason",
}


@dataclass(frozen=True)
class Line:
    at: datetime | None
    type: str
    tone: str
    reason: str
    message: str
    kind: str
    namespace: str
    name: str
    url: str
    source: str
    count: int


@dataclass(frozen=True)
class Look:
    """`more`: the token to read on with. `hidden`: read, but older than what is printed."""

    lines: tuple[Line, ...] = ()
    more: str = ""
    hidden: int = 0
    error: str = ""
    expired: bool = False


def page(cluster: Cluster, filters: Mapping[str, str], *, token: str = "") -> Look:
    """The newest Events that pass the filters; API trouble is part of the answer."""
    selector = ",".join(
        f"{field}={_escaped(filters[name])}" for name, field in _FIELDS.items() if name in filters
    )
    asked = {"fieldSelector": selector} if selector else {}
    found: list[kinds.Event] = []
    try:
        where = kube.path("Event", filters.get("namespace", ""))
        for number in range(PAGES):
            more = {"continue": token} if token else {}
            answer = kube.connect(cluster).get(
                where, kinds.List[kinds.Event], limit=PAGE_LIMIT, **asked, **more
            )
            found += answer.items
            token = answer.metadata.continue_
            if not token or number == PAGES - 1:
                break
    except kube.Gone:
        return Look(expired=True)
    except (kube.KubeError, secrets.Unreadable) as error:
        return Look(error=str(error))
    found.sort(key=lambda event: _time(event) or _LONG_AGO, reverse=True)
    lines = tuple(_line(cluster, event) for event in found[:PRINTED])
    return Look(lines, token, max(len(found) - PRINTED, 0))


def _escaped(value: str) -> str:
    """A value inside a field selector: backslash, comma and equals sign are its punctuation."""
    return value.replace("\\", "\\\\").replace(",", "\\,").replace("=", "\\=")


def _time(event: kinds.Event) -> datetime | None:
    return event.last_timestamp or event.event_time or event.metadata.creation_timestamp


def _line(cluster: Cluster, event: kinds.Event) -> Line:
    about = event.involved_object
    return Line(
        at=_time(event),
        type=event.type,
        tone="warning" if event.type == "Warning" else "idle",
        reason=event.reason,
        message=event.message,
        kind=about.kind,
        namespace=about.namespace,
        name=about.name,
        url=_url(cluster, about),
        source=(event.source.component if event.source else "") or event.reporting_component,
        count=event.count or 1,
    )


def _url(cluster: Cluster, about: kinds.ObjectReference) -> str:
    if not (about.namespace and about.name):
        return ""
    if about.kind == "Pod":
        return reverse("pod", args=[cluster.cluster_id, about.namespace, about.name])
    kind = about.kind.lower()
    if kind in {"deployment", "statefulset", "daemonset"}:
        return reverse("workload", args=[cluster.cluster_id, kind, about.namespace, about.name])
    if kind == "service":
        # Its page belongs to a room above.
        return f"/clusters/{cluster.cluster_id}/services/{about.namespace}/{about.name}/"
    return ""
