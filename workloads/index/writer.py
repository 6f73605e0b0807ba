"""One thread per cluster that tells of changes and writes them: the newest of each object only.

What arrives while it writes, and rests a little from that, is told of at once and merged by
object, so that a storm costs a few statements, not many.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import msgspec
from django.db import DatabaseError, connection, models
from django.utils import timezone

from console import live
from console.models import Cluster
from workloads.history.recorder import Recorder
from workloads.index import tables

_log = logging.getLogger(__name__)
# More waiting changes than this make the lists wait: it bounds memory.
MOST = 2_000
# More topics than this in one go are announced as "everything below".
MOST_TOPICS = 100
# After events were written what comes next gathers for so many times as long as that took, in
# seconds at most: the binding engine, too, needs the processor and the database.
REST, LONGEST_REST = 2.0, 0.25

type Pending = dict[tuple[str, str], "Change"]


@dataclass(frozen=True)
class Change:
    """An object as it is now; `object` None: it is gone. `make`: its row, if any is stored.

    `seen`: when its event arrived; None for what a list told.
    """

    kind: tables.Kind
    uid: str
    namespace: str
    name: str
    object: Any = None
    make: Callable[[], msgspec.Struct] | None = None
    seen: datetime | None = None

    @cached_property
    def row(self) -> msgspec.Struct | None:
        """Made only of what is written, not of what is outdated by then."""
        return self.make() if self.make else None


class Writer:
    def __init__(self, cluster: Cluster, on_change: Any) -> None:
        self.cluster = cluster
        self.on_change = on_change
        self.recorder = Recorder(cluster.pk)
        self.pending: Pending = {}
        self.busy = False
        self.stopped = False
        self.turn = threading.Condition()
        self.event_at: datetime | None = None
        self.lag = 0.0

    def put(self, change: Change) -> None:
        with self.turn:
            self.turn.wait_for(lambda: len(self.pending) < MOST or self.stopped)
            self.pending[change.kind.name, change.uid] = change
            self.turn.notify_all()

    def drain(self) -> None:
        """Wait until everything put so far is stored."""
        with self.turn:
            self.turn.wait_for(lambda: self.stopped or not (self.pending or self.busy))

    def stop(self) -> None:
        with self.turn:
            self.stopped = True
            self.turn.notify_all()

    def run(self) -> None:
        try:
            rested = 0.0
            while (changes := self._gathered(rested)) is not None:
                began = time.monotonic()
                self._write(changes)
                took = time.monotonic() - began
                rested = time.monotonic() + min(REST * took, LONGEST_REST)
                with self.turn:
                    self._measure(changes)
                    self.busy = False
                    self.turn.notify_all()
        finally:
            connection.close()

    def _measure(self, changes: list[Change]) -> None:
        arrived = [change.seen for change in changes if change.seen]
        if arrived:
            self.event_at = max(arrived)
            self.lag = max(self.lag, (timezone.now() - min(arrived)).total_seconds())

    def measured(self) -> tuple[datetime | None, float]:
        """The last event, and the longest way of one into the index since this was last asked."""
        with self.turn:
            lag, self.lag = self.lag, 0.0
            return self.event_at, lag

    def _gathered(self, rested: float) -> list[Change] | None:
        """What is to be written next, told of already; None: the end."""
        found: Pending = {}
        while (taken := self._take(rested if found else None)) is not None:
            self._tell(taken.values())
            found |= taken
            is_listed = any(change.seen is None for change in taken.values())
            if not taken or is_listed or time.monotonic() >= rested:
                return list(found.values())
        return None

    def _take(self, until: float | None) -> Pending | None:
        """What waits, which may be nothing by then; None: the end."""
        seconds = None if until is None else max(until - time.monotonic(), 0)
        with self.turn:
            self.turn.wait_for(lambda: self.pending or self.stopped, timeout=seconds)
            if self.stopped:
                return None
            taken, self.pending = self.pending, {}
            self.busy = True
            self.turn.notify_all()
            return taken

    def _tell(self, changes: Iterable[Change]) -> None:
        if self.on_change is None:
            return
        for change in changes:
            try:
                self.on_change(
                    self.cluster, change.kind.name, change.namespace, change.name, change.object
                )
            except Exception:
                # A trigger that fails is made up for by the sweep; the index goes on.
                _log.exception("on_change failed for %s %s", change.kind.name, change.name)

    def _write(self, changes: list[Change]) -> None:
        """Write, again and again if need be: a database that is away must not lose a change."""
        pause = 0.2
        while not self.stopped:
            try:
                topics = self._topics(changes)
                self._store(changes)
                self.recorder.record(changes)
                live.announce(*topics)
                return
            except Cluster.DoesNotExist:
                _log.info("%s is not registered any more: its index is not written", self.cluster)
                self.stop()
            except DatabaseError as error:
                _log.warning("the index of %s cannot be written: %s", self.cluster, error)
                connection.close()
                with self.turn:
                    self.turn.wait_for(lambda: self.stopped, timeout=pause)
                pause = min(pause * 2, 10)

    def _store(self, changes: list[Change]) -> None:
        rows: dict[type[models.Model], list[msgspec.Struct]] = {}
        gone: dict[type[models.Model], list[str]] = {}
        for change in changes:
            model = change.kind.model
            if model is None:
                continue
            if change.object is None:
                gone.setdefault(model, []).append(change.uid)
            elif change.row is not None:
                rows.setdefault(model, []).append(change.row)
        for model, made in rows.items():
            tables.store(self.cluster.pk, model, made)
        for model, uids in gone.items():
            tables.remove(self.cluster.pk, model, uids)

    def _topics(self, changes: list[Change]) -> list[str]:
        topics = {topic for change in changes for topic in _topics(self.cluster, change)}
        if len(topics) <= MOST_TOPICS:
            return sorted(topics)
        return sorted({"/".join(topic.split("/")[:2]) + "/" for topic in topics})


def _topics(cluster: Cluster, change: Change) -> Iterable[str]:
    root, kind = cluster.cluster_id, change.kind.name
    where = f"{change.namespace}/{change.name}"
    if kind == "Pod":
        yield f"{root}/pods/{where}"
        on_top = getattr(change.row, "workload_kind", "").lower()
        if on_top:
            name = getattr(change.row, "workload_name", "")
            yield f"{root}/workloads/{on_top}/{change.namespace}/{name}"
    elif kind == "Service":
        yield f"{root}/services/{where}"
    elif kind != "TkeServiceConfig":
        yield f"{root}/workloads/{kind.lower()}/{where}"
