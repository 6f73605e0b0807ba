"""One kind of one cluster: list, then watch, for ever; lost events are found by listing again."""

import logging
import random
import threading
import time
from datetime import datetime
from functools import partial
from typing import Any

from django.db import DatabaseError, connection
from django.utils import timezone

from console import kinds, kube
from console.models import Cluster
from workloads.index import tables
from workloads.index.pace import Pace
from workloads.index.writer import Change, Writer
from workloads.models import Watch

_log = logging.getLogger(__name__)
# A kind the API server does not know (a CRD that is not installed) is asked for this rarely.
UNKNOWN_KIND = 60.0


class Follower:
    """`error` is why the kind cannot be read now; empty while it is current."""

    def __init__(
        self, cluster: Cluster, kind: tables.Kind, writer: Writer, *, add_on: str, pace: Pace
    ) -> None:
        self.cluster = cluster
        self.kind = kind
        self.writer = writer
        self.add_on = add_on
        self.pace = pace
        self.stop = threading.Event()
        self.error = "not read yet"
        # Reading this kind is not for us: no rights, or no such kind. Others are not concerned.
        self.refused = False
        self.path = kube.path(kind.name)
        self.force: bool | None = None

    @property
    def is_current(self) -> bool:
        return self.refused or not self.error

    def run(self) -> None:
        pause = 0.25
        try:
            while not self.stop.is_set():
                started = time.monotonic()
                try:
                    self._watch(self._list())
                except Exception as error:
                    wait = self._failed(error)
                else:
                    wait = 0.0
                # What went well for a while starts with short pauses again.
                pause = 0.25 if time.monotonic() - started > self.pace.back_off else pause
                self.stop.wait(wait or random.uniform(0.5, 1) * pause)
                pause = min(pause * 2, self.pace.back_off)
        finally:
            connection.close()

    def _failed(self, error: Exception) -> float:
        """Note what went wrong; returns how long to wait, 0 for the usual back-off."""
        if isinstance(error, kube.Gone):
            return 0.0
        missing = isinstance(error, kube.NotFound) and self.kind.model is None
        self.refused = missing or getattr(error, "status", 0) == 403
        if not isinstance(error, kube.KubeError | DatabaseError):
            _log.exception("following %s of %s failed", self.kind.name, self.cluster)
        self._note("" if missing else str(error) or type(error).__name__)
        return UNKNOWN_KIND if missing else 0.0

    def _note(self, error: str) -> None:
        if error == self.error:
            return
        self.error = error
        self._save(error=error)

    def _save(self, **columns: Any) -> None:
        try:
            Watch.objects.update_or_create(
                cluster=self.cluster, kind=self.kind.name, defaults=columns
            )
        except DatabaseError as trouble:
            _log.warning("the watch of %s cannot be noted: %s", self.cluster, trouble)
            connection.close()

    def _list(self) -> str:
        """List everything, page by page; returns the resourceVersion to watch from."""
        self.writer.drain()
        rules = f"{tables.RULES}:{self.add_on}"
        watch = Watch.objects.filter(cluster=self.cluster, kind=self.kind.name).first()
        same_rules = watch is not None and watch.rules == rules
        before = tables.known(self.cluster.pk, self.kind)
        connection.close()
        version = ""
        into: Any = kinds.List[self.kind.struct]  # type: ignore[name-defined]
        for page in kube.connect(self.cluster).pages(self.path, into):
            version = page.metadata.resource_version
            for one in page.items:
                seen = before.pop(one.metadata.uid, None)
                same = seen and seen.resource_version == one.metadata.resource_version
                if not (same and same_rules):
                    self._put(one)
        for uid, lost in before.items():
            self.writer.put(Change(self.kind, uid, lost.namespace, lost.name))
        self.writer.drain()
        self.error, self.refused = "", False
        self._save(error="", rules=rules, synced_at=timezone.now())
        connection.close()
        return version

    def _watch(self, version: str) -> None:
        """Follow until it is time to list again; raises what ended it before that."""
        relist_at = time.monotonic() + self.pace.relist * random.uniform(0.8, 1.2)
        while not self.stop.is_set() and time.monotonic() < relist_at:
            started = time.monotonic()
            events = kube.connect(self.cluster).watch(
                self.path, self.kind.struct, resource_version=version, timeout=self.pace.watch
            )
            # Silence beyond the time-out raises: a dead watch is answered by listing again.
            for event in events:
                version = event.object.metadata.resource_version or version
                if event.type != "BOOKMARK":
                    gone = event.type == "DELETED"
                    self._put(event.object, gone=gone, seen=timezone.now())
                if self.stop.is_set():
                    return
            if time.monotonic() - started < 0.5:
                # A server that ends watches at once must not be asked in a tight loop.
                self.stop.wait(0.5)

    def _put(self, one: Any, *, gone: bool = False, seen: datetime | None = None) -> None:
        meta = one.metadata
        make = self.kind.row
        self.writer.put(
            Change(
                self.kind,
                meta.uid,
                meta.namespace,
                meta.name,
                None if gone else one,
                partial(make, one, add_on=self.add_on) if make else None,
                seen,
            )
        )
