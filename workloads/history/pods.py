"""Notes what becomes of a cluster's Pods, as the watcher sees it: one statement per round.

Remembers what it wrote, so that an event that brings nothing new costs no write. Its memory may be
lost at any time: what it writes twice stays as it was.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from console import kinds
from workloads.history import notes
from workloads.models import PodTimeline
from workloads.rollouts import KINDS
from workloads.timeline import Stage, kubernetes

# A Pod that was Ready for longer than this when it was first seen has nothing to tell of its start.
SETTLED = timedelta(minutes=15)
# One that became Ready so long after its creation was Ready before: its conditions forget.
UNLIKELY = timedelta(hours=1)
WAY_IN = {Stage.SCHEDULED, Stage.IP, Stage.CONTAINERS_READY, Stage.GATE, Stage.READY}


@dataclass(frozen=True)
class Seen:
    """A Pod as it is now; None: it is gone. `at`: when the event arrived, None for a list."""

    uid: str
    pod: kinds.Pod | None
    at: datetime | None


class PodHistory:
    """The timelines of one cluster's Pods; `note` is called by its writer thread."""

    def __init__(self, cluster_pk: int) -> None:
        self.cluster_pk = cluster_pk
        self._known: dict[str, int] = {}
        # Pods that were settled when first seen: only their end is of interest.
        self._settled: set[str] = set()

    def note(self, pods: Iterable[Seen]) -> None:
        rows, gone, learnt = [], [], {}
        for seen in pods:
            if seen.pod is None:
                gone.append((seen.uid, seen.at or timezone.now()))
            elif (row := self._row(seen.uid, seen.pod, seen.at)) is not None:
                rows.append(row)
                learnt[seen.uid] = _signature(row)
        notes.write(self.cluster_pk, rows)
        _end(self.cluster_pk, gone)
        # Only now: what could not be written is news the next time.
        self._known |= learnt
        for uid, _ in gone:
            self._known.pop(uid, None)
            self._settled.discard(uid)

    def _row(self, uid: str, pod: kinds.Pod, at: datetime | None) -> dict[str, Any] | None:
        """The columns of a Pod's timeline; None where there is nothing new, or nothing to tell."""
        row = kubernetes.about(pod)
        if not (row["gated"] or row["workload_kind"] in KINDS):
            return None
        stamps = kubernetes.stamps(pod, at)
        if uid not in self._known and _is_settled(stamps, timezone.now()):
            self._settled.add(uid)
        if uid in self._settled:
            stamps = {stage: stamp for stage, stamp in stamps.items() if stage not in WAY_IN}
        for stage in kubernetes.TOLD:
            stamp = stamps.get(stage)
            row[notes.COLUMN[stage]] = stamp.at if stamp else None
        ip = stamps.get(Stage.IP)
        row["ip_source"] = ip.source.value if ip else ""
        row["pod_uid"] = uid
        signature = _signature(row)
        if self._known.get(uid) == signature:
            return None
        if uid in self._settled and Stage.TERMINATING not in stamps:
            self._known[uid] = signature
            return None
        return row


def _signature(row: dict[str, Any]) -> int:
    """Equal for two looks at a Pod between which its timeline has nothing to add."""
    reached = tuple(row[notes.COLUMN[stage]] is not None for stage in kubernetes.TOLD)
    return hash((reached, row["word"], row["because"], row["restarts"], row["node"]))


def _is_settled(stamps: kubernetes.Moments, now: datetime) -> bool:
    ready, created = stamps.get(Stage.READY), stamps.get(Stage.CREATED)
    if ready is None or created is None:
        return False
    return now - ready.at > SETTLED or ready.at - created.at > UNLIKELY


def _end(cluster_pk: int, gone: list[tuple[str, datetime]]) -> None:
    """Of Pods that have a timeline; the others were none of ours."""
    if not gone:
        return
    table = connection.ops.quote_name(PodTimeline._meta.db_table)
    adapt = connection.ops.adapt_datetimefield_value
    now = adapt(timezone.now())
    statement = (
        f"UPDATE {table} SET gone_at = %s, noted_at = %s, word = '', because = '' "
        "WHERE cluster_id = %s AND pod_uid = %s AND gone_at IS NULL"
    )
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.executemany(statement, [(adapt(at), now, cluster_pk, uid) for uid, at in gone])
