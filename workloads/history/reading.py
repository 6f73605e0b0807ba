"""Reads timelines back, many at a time, without model instances, and none that is known already."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet
from django.db.models.fields.json import KT

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


class Lives:
    """The lives of a workload's Pods; of one whose row is as it was before nothing is read again.

    `before`: what an earlier reading came to, by uid: a life and the mark its row had. A mark is
    written with every change of a row, so another mark is news, whichever is the later.
    """

    def __init__(self, before: Mapping[str, tuple[object, Life]] | None = None) -> None:
        self._before = before or {}
        self.read: dict[str, tuple[object, Life]] = {}

    def new(
        self, timelines: QuerySet[PodTimeline], begins: datetime, ends: datetime | None
    ) -> list[Life]:
        """The Pods created in this period, in the order of their creation."""
        found = timelines.filter(created_at__gte=begins - SLACK)
        if ends is not None:
            found = found.filter(created_at__lte=ends)
        return sorted(self._of(found), key=lambda life: (life.at[Stage.CREATED], life.name))

    def old(
        self, timelines: QuerySet[PodTimeline], begins: datetime, ends: datetime | None
    ) -> list[Life]:
        """The Pods from before this period that left in it, in the order in which they left."""
        found = timelines.filter(terminating_at__gte=begins - SLACK, created_at__lt=begins - SLACK)
        if ends is not None:
            found = found.filter(terminating_at__lte=ends + AFTERWARDS)
        return sorted(self._of(found), key=lambda life: (life.at[Stage.TERMINATING], life.name))

    def _of(self, timelines: QuerySet[PodTimeline]) -> list[Life]:
        known, news = self._known(timelines) if self._before else ({}, timelines)
        if news is not None:
            known |= {life.uid: (mark, life) for mark, life in _marked(news)}
        self.read |= known
        return [life for _mark, life in known.values()]

    def _known(
        self, timelines: QuerySet[PodTimeline]
    ) -> tuple[dict[str, tuple[object, Life]], QuerySet[PodTimeline] | None]:
        """Those that are as they were, and the rows of the others."""
        marks = list(values(timelines, ("pod_uid", "noted_at")))
        was = self._before
        known = {uid: was[uid] for uid, mark in marks if uid in was and was[uid][0] == mark}
        news = [uid for uid, _mark in marks if uid not in known]
        return known, timelines.filter(pod_uid__in=news) if news else None


def lives(timelines: QuerySet[PodTimeline]) -> Iterator[Life]:
    return (life for _mark, life in _marked(timelines))


def _marked(timelines: QuerySet[PodTimeline]) -> Iterator[tuple[object, Life]]:
    for row in values(timelines, ("noted_at", *_TEXT, *_MOMENTS)):
        mark, text, moments = row[0], row[1 : len(_TEXT) + 1], row[len(_TEXT) + 1 :]
        at = {
            stage: moment
            for stage, moment in zip(COLUMN, moments, strict=True)
            if moment is not None
        }
        told = dict(zip(_TEXT, text, strict=True))
        told["uid"], told["gated"] = told.pop("pod_uid"), bool(told["gated"])
        yield mark, Life(**told, at=at)


def pods_of(cluster: Cluster, kind: str, namespace: str, name: str) -> QuerySet[Pod]:
    """The Pods that run now, by the index."""
    return Pod.objects.filter(
        cluster=cluster,
        workload_kind=kind,
        namespace=namespace,
        workload_name=name,
        terminating=False,
    )


def serving(pods: QuerySet[Pod]) -> Iterator[Life]:
    """Of these: those that nothing happened to have no timeline."""
    # The rest of the containers takes long to decode.
    columns = ("uid", "name", "revision", KT("containers__0__image"), "node", "status")
    for *told, word, ready, created in pods.values_list(*columns, "ready", "created_at"):
        uid, name, revision, image, node = told
        at = {Stage.CREATED: created} | ({Stage.READY: created} if ready else {})
        yield Life(uid, name, revision, image or "", node, False, word, "", 0, at)


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
