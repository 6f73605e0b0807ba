"""Reads timelines back, many at a time, without model instances."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet

from console.models import Cluster
from workloads.history.notes import COLUMN
from workloads.models import Pod, PodTimeline
from workloads.timeline import Stage
from workloads.timeline.lives import Life

_TEXT = (
    "pod_uid",
    "name",
    "revision",
    "image",
    "node",
    "gated",
    "word",
    "because",
    "restarts",
    "ip_source",
    "registered_source",
)
_MOMENTS = tuple(COLUMN.values())
# Kubernetes writes whole seconds, so a Pod may seem older than the rollout that made it.
SLACK = timedelta(seconds=2)
# Old Pods drain for a while after the last new one is Ready.
AFTERWARDS = timedelta(minutes=2)


def of_workload(cluster: Cluster, kind: str, namespace: str, name: str) -> QuerySet[PodTimeline]:
    return PodTimeline.objects.filter(
        cluster=cluster, namespace=namespace, workload_kind=kind, workload_name=name
    ).order_by()


def new_lives(
    timelines: QuerySet[PodTimeline], begins: datetime, ends: datetime | None
) -> list[Life]:
    """The Pods created in this period, in the order of their creation."""
    found = timelines.filter(created_at__gte=begins - SLACK)
    if ends is not None:
        found = found.filter(created_at__lte=ends)
    return sorted(lives(found), key=lambda life: (life.at[Stage.CREATED], life.name))


def old_lives(
    timelines: QuerySet[PodTimeline], begins: datetime, ends: datetime | None
) -> list[Life]:
    """The Pods from before this period that left in it, in the order in which they left."""
    found = timelines.filter(terminating_at__gte=begins - SLACK, created_at__lt=begins - SLACK)
    if ends is not None:
        found = found.filter(terminating_at__lte=ends + AFTERWARDS)
    return sorted(lives(found), key=lambda life: (life.at[Stage.TERMINATING], life.name))


def lives(timelines: QuerySet[PodTimeline]) -> Iterator[Life]:
    for row in values(timelines, (*_TEXT, *_MOMENTS)):
        text, moments = row[: len(_TEXT)], row[len(_TEXT) :]
        at = {
            stage: moment
            for stage, moment in zip(COLUMN, moments, strict=True)
            if moment is not None
        }
        told = dict(zip(_TEXT, text, strict=True))
        told["uid"], told["gated"] = told.pop("pod_uid"), bool(told["gated"])
        yield Life(**told, at=at)


def serving(cluster: Cluster, kind: str, namespace: str, name: str) -> Iterator[Life]:
    """The Pods that run now, by the index: those that nothing happened to have no timeline."""
    pods = Pod.objects.filter(
        cluster=cluster,
        workload_kind=kind,
        namespace=namespace,
        workload_name=name,
        terminating=False,
    )
    columns = ("uid", "name", "revision", "node", "status", "ready", "created_at", "containers")
    for uid, pod, revision, node, word, ready, created, containers in pods.values_list(*columns):
        at = {Stage.CREATED: created}
        if ready:
            at[Stage.READY] = created
        image = containers[0]["image"] if containers else ""
        yield Life(uid, pod, revision, image, node, False, word, "", 0, at)


def values(timelines: QuerySet[PodTimeline], columns: tuple[str, ...]) -> Iterator[tuple[Any, ...]]:
    """Rows with their moments as datetimes, without the model instances Django would make."""
    try:
        sql, params = timelines.values_list(*columns).query.sql_with_params()
    except EmptyResultSet:
        return
    moments = [place for place, column in enumerate(columns) if column.endswith("_at")]
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        for row in cursor.fetchall():
            found = list(row)
            for place in moments:
                if (at := found[place]) is not None and at.tzinfo is None:
                    # SQLite has UTC without saying so.
                    found[place] = at.replace(tzinfo=UTC)
            yield tuple(found)
