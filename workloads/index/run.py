"""Who watches what: leases, threads that start and stop as clusters come and go, their pulse."""

import logging
import os
import socket
import threading
import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import DatabaseError, connection
from django.utils import timezone

from console import alive, live
from console.models import Cluster
from workloads.index import leases
from workloads.index.cluster import ClusterWatch, add_on
from workloads.index.pace import Pace

_log = logging.getLogger(__name__)

# (cluster, kind, namespace, name, the object or None when it is gone); called by the cluster's
# writer thread before the row is written. On a list only for what differs from the index.
type OnChange = Callable[[Cluster, str, str, str, Any | None], None]

type Identity = tuple[str, str, str, str]


def run(
    on_change: OnChange | None = None,
    *,
    stop: threading.Event | None = None,
    pace: Pace | None = None,
) -> None:
    """Watch every registered cluster until `stop` is set; blocks."""
    stop = stop or threading.Event()
    pace = pace or Pace()
    watcher = _Watcher(on_change, pace)
    try:
        while not stop.is_set():
            watcher.look()
            alive.beat("watcher")
            stop.wait(pace.rest)
    finally:
        watcher.stop()
        connection.close()


class _Watcher:
    def __init__(self, on_change: OnChange | None, pace: Pace) -> None:
        self.name = f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:6]}"
        self.on_change = on_change
        self.pace = pace
        self.watches: dict[int, tuple[Identity, ClusterWatch]] = {}
        self.written: dict[int, tuple[bool, str, str]] = {}
        self.measured: dict[int, tuple[datetime | None, float]] = {}

    def look(self) -> None:
        """One round; a database that is away costs freshness, never the watches."""
        try:
            clusters = {cluster.pk: cluster for cluster in Cluster.objects.all()}
            mine = leases.share(
                list(clusters),
                set(self.watches),
                self.name,
                watchers=leases.attend(self.name, self.pace.lease),
                seconds=self.pace.lease,
            )
            self._start_and_stop({pk: clusters[pk] for pk in mine})
            self._write_down()
        except DatabaseError as error:
            _log.warning("the watcher cannot use the database: %s", error)
            connection.close()

    def _start_and_stop(self, mine: dict[int, Cluster]) -> None:
        for pk, (identity, watch) in list(self.watches.items()):
            if pk not in mine or identity != _identity(mine[pk]):
                watch.stop()
                del self.watches[pk]
                self.written.pop(pk, None)
        for pk, cluster in mine.items():
            if pk not in self.watches:
                watch = ClusterWatch(cluster, self.on_change, self.pace)
                self.watches[pk] = (_identity(cluster), watch)
                watch.start()

    def _write_down(self) -> None:
        current = [pk for pk, (_, watch) in self.watches.items() if watch.is_current]
        if current:
            Cluster.objects.filter(pk__in=current).update(seen_at=timezone.now())
        self._note_lags()
        for pk, (_, watch) in self.watches.items():
            if watch.trouble is None:
                continue
            state = (not watch.trouble, watch.trouble, watch.version)
            if self.written.get(pk) == state:
                continue
            Cluster.objects.filter(pk=pk).update(
                reachable=state[0], unreachable_because=state[1], kubernetes_version=state[2]
            )
            self.written[pk] = state
            live.announce(f"{watch.cluster.cluster_id}/")

    def _note_lags(self) -> None:
        for pk, (_, watch) in self.watches.items():
            measured = watch.writer.measured()
            if measured[0] and measured != self.measured.get(pk):
                Cluster.objects.filter(pk=pk).update(event_at=measured[0], lag=measured[1])
                self.measured[pk] = measured

    def stop(self) -> None:
        for pk, (_, watch) in self.watches.items():
            watch.stop()
            try:
                leases.release(pk, self.name)
            except DatabaseError:
                # It runs out by itself.
                connection.close()


def _identity(cluster: Cluster) -> Identity:
    """What a running watch depends on: any change starts it anew."""
    return (cluster.server, cluster.ca_data, cluster.credentials, add_on(cluster))
