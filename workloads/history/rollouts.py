"""Notes when a rollout of a workload begins, stumbles and ends, as the watcher sees it.

A rollout is a new template; scaling is none. What cannot be known because nobody watched is left
out, never made up.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import DateTimeField, Max, Value
from django.db.models.functions import Greatest
from django.utils import timezone

from console import kinds
from workloads import rollouts
from workloads.models import Rollout
from workloads.rollouts import State
from workloads.timeline import refined, templates, waves

# A workload younger than this when it is first seen is being rolled out for the first time.
YOUNG = timedelta(minutes=15)
# The template was written this shortly before its rollout was seen.
JUST_NOW = timedelta(seconds=30)


@dataclass(frozen=True)
class Seen:
    """A workload as it is now; None: it is gone. `at`: when the event arrived, None for a list."""

    kind: str
    uid: str
    workload: kinds.Workload | None
    at: datetime | None


@dataclass(frozen=True)
class _Known:
    template: str
    state: str
    # Of the Pods, as the controller names it: late, and it may still be the one before.
    revision: str
    # As the template began: what is written next is not rolled out yet.
    images: dict[str, str]


class RolloutHistory:
    """The rollouts of one cluster; `note` is called by its writer thread."""

    def __init__(self, cluster_pk: int) -> None:
        self.cluster_pk = cluster_pk
        self._known: dict[str, _Known] = {}

    def note(self, workloads: Iterable[Seen]) -> None:
        for seen in workloads:
            if seen.workload is None:
                self._known.pop(seen.uid, None)
                self._close(seen.uid, "deleted", seen.at or timezone.now())
            else:
                self._note(seen, seen.workload)

    def _note(self, seen: Seen, workload: kinds.Workload) -> None:
        template = templates.key(seen.kind, workload)
        if not template:
            return
        state = rollouts.progress(seen.kind, workload).state
        revision = templates.revision(seen.kind, workload)
        before = self._known.get(seen.uid)
        is_same = before is not None and before.template == template
        images = before.images if before and is_same else templates.images(workload)
        now = _Known(template, state, revision, images)
        if before == now:
            return
        self._advance(seen, workload, before, now)
        self._known[seen.uid] = now

    def _advance(
        self, seen: Seen, workload: kinds.Workload, before: _Known | None, now: _Known
    ) -> None:
        rows = Rollout.objects.filter(cluster_id=self.cluster_pk, workload_uid=seen.uid)
        latest = rows.order_by("-started_at", "-pk").first()
        at = seen.at or timezone.now()
        if self._is_new(workload, latest, before, now, at):
            self._close(seen.uid, "superseded", at)
            latest = self._begin(seen, workload, before, latest, at)
        if latest is None or latest.finished_at is not None or latest.template != now.template:
            return
        if before is not None and now.revision not in {before.revision, latest.revision, ""}:
            rows.filter(pk=latest.pk).update(revision=now.revision)
        if now.state == State.COMPLETE:
            self._close(seen.uid, "complete", templates.finished_at(workload, seen.at) or at)
        elif now.state in {State.PAUSED, State.STUCK}:
            rows.filter(pk=latest.pk).update(
                **{"paused" if now.state == State.PAUSED else "stuck": True}
            )

    def _is_new(
        self,
        workload: kinds.Workload,
        latest: Rollout | None,
        before: _Known | None,
        now: _Known,
        at: datetime,
    ) -> bool:
        if before is not None:
            return before.template != now.template
        if latest is not None and latest.template == now.template:
            return False
        if now.state == State.COMPLETE:
            # It was rolled out while nobody watched.
            return False
        created = workload.metadata.creation_timestamp
        if latest is None and created is not None and at - created < YOUNG:
            return True
        return workload.status.updated_replicas < templates.wanted(workload)

    def _begin(
        self,
        seen: Seen,
        workload: kinds.Workload,
        before: _Known | None,
        latest: Rollout | None,
        at: datetime,
    ) -> Rollout:
        meta, spec = workload.metadata, workload.spec
        writer = templates.writer(workload)
        revision = templates.revision(seen.kind, workload)
        old = before.revision if before else latest.revision if latest else ""
        replicas = rollouts.replicas(seen.kind, workload).wanted
        margins = waves.margins(seen.kind, spec.strategy or spec.update_strategy or {}, replicas)
        is_first = before is None and latest is None and templates.number(workload) <= 1
        if is_first:
            # Nothing is replaced: all Pods come at once.
            margins = waves.Margins(replicas, 0)
        fallback = latest.images if latest is not None else {}
        return Rollout.objects.create(
            cluster_id=self.cluster_pk,
            kind=seen.kind,
            namespace=meta.namespace,
            name=meta.name,
            workload_uid=seen.uid,
            template=templates.key(seen.kind, workload),
            number=self._number(seen, workload),
            revision="" if revision == old else revision,
            started_at=(is_first and meta.creation_timestamp) or _started(writer, seen.at, at),
            manager=writer.manager if writer else "",
            cause=meta.annotations.get("kubernetes.io/change-cause", ""),
            images_before=before.images if before else fallback,
            images=templates.images(workload),
            replicas=replicas,
            surge=margins.surge,
            unavailable=margins.unavailable,
            min_ready=spec.min_ready_seconds,
        )

    def _number(self, seen: Seen, workload: kinds.Workload) -> int:
        if number := templates.number(workload):
            return number
        rows = Rollout.objects.filter(cluster_id=self.cluster_pk, workload_uid=seen.uid)
        last: dict[str, Any] = rows.aggregate(last=Max("number"))
        return (last["last"] or 0) + 1

    def _close(self, uid: str, result: str, at: datetime) -> None:
        rows = Rollout.objects.filter(
            cluster_id=self.cluster_pk, workload_uid=uid, finished_at=None
        )
        # Kubernetes tells whole seconds: it may seem to have ended before it began.
        rows.update(finished_at=Greatest("started_at", Value(at, DateTimeField())), result=result)


def _started(
    writer: kinds.ManagedFields | None, seen_at: datetime | None, at: datetime
) -> datetime:
    """When the template was written, as Kubernetes knows it; else when it was seen."""
    if writer and writer.time and timedelta(seconds=-2) < at - writer.time < JUST_NOW:
        return refined(writer.time, seen_at)
    return at
