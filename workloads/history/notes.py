"""Stores when Pods reached a stage: any number of notes in one transaction per 1,000 Pods.

Notes come in any order and may come twice: a stage keeps the first moment noted. At the load
balancer a Pod of several listeners is as far as the last of them: on its way in while its gate is
closed, on its way out until it is gone.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import batched
from operator import itemgetter
from typing import Any

from django.db import connection, models, transaction
from django.utils import timezone

from console.upsert import converted, maker
from workloads.models import PodTimeline
from workloads.timeline import Source, Stage, Stamp
from workloads.timeline.lives import SOURCES

# Rows per transaction: short ones, so that nobody waits long for SQLite's one writer.
CHUNK = 1000
COLUMN = {stage: f"{stage}_at" for stage in Stage}
TOLD_BY = {Stage.IP: "ip_source", Stage.REGISTERED: "registered_source"}
# The last listener counts for these, as long as this (SQL) holds of what stands.
_COMES = "gate_at IS NULL AND ready_at IS NULL"
_GOES = "gone_at IS NULL"
OF_THE_LAST = {
    COLUMN[Stage.REGISTERED]: _COMES,
    COLUMN[Stage.FIRST_HEALTHY]: _COMES,
    COLUMN[Stage.WEIGHT_ZERO]: _GOES,
    COLUMN[Stage.DRAINED]: _GOES,
}


@dataclass(frozen=True)
class Note:
    """A Pod reached a stage at this moment; `source` matters for IP and REGISTERED."""

    pod_uid: str
    stage: Stage
    at: datetime
    source: Source = Source.PODGATE


def note(cluster_pk: int, notes: Iterable[Note]) -> None:
    """Store what became of these Pods; no reads, and no write where there is nothing to note."""
    by_pod: dict[str, dict[str, Any]] = {}
    for one in notes:
        row = by_pod.setdefault(one.pod_uid, {})
        column = COLUMN[one.stage]
        if column in OF_THE_LAST and column in row:
            row[column] = max(row[column], one.at)
        else:
            row.setdefault(column, one.at)
        if told_by := TOLD_BY.get(one.stage):
            row[told_by] = one.source.value
    # One statement per set of columns: most notes of one moment are of one kind.
    by_columns: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for uid, row in by_pod.items():
        by_columns.setdefault(tuple(row), []).append({"pod_uid": uid, **row})
    for rows in by_columns.values():
        write(cluster_pk, rows)


def write(cluster_pk: int, rows: list[dict[str, Any]]) -> None:
    """Insert or complete the timelines of `rows`, which all have the same columns.

    Text and numbers are what they are now; moments keep what was noted first.
    """
    if not rows:
        return
    columns = list(rows[0])
    statement = _statement(columns)
    fields = {field.attname: field for field in PodTimeline._meta.local_concrete_fields}
    makers = [
        (place, make)
        for place, name in enumerate(columns, start=2)
        if (make := maker(fields[name]))
    ]
    now = connection.ops.adapt_datetimefield_value(timezone.now())
    given = itemgetter(*columns)
    for some in batched(rows, CHUNK):
        values = [converted([cluster_pk, now, *given(row)], makers) for row in some]
        with transaction.atomic(savepoint=False), connection.cursor() as cursor:
            cursor.executemany(statement, values)


def stamps(row: PodTimeline) -> dict[Stage, Stamp]:
    """The moments of a timeline, each with its source."""
    found = {}
    for stage in Stage:
        at = getattr(row, COLUMN[stage])
        if at is not None:
            found[stage] = Stamp(at, _source(row, stage))
    return found


def _source(row: PodTimeline, stage: Stage) -> Source:
    told_by = TOLD_BY.get(stage)
    return Source(getattr(row, told_by) or Source.PODGATE) if told_by else SOURCES[stage]


def _statement(columns: list[str]) -> str:
    quote = connection.ops.quote_name
    table = quote(PodTimeline._meta.db_table)
    given = ["cluster_id", "noted_at", *columns]
    rest = {name: default for name, default in _defaults().items() if name not in given}
    names = ", ".join(map(quote, [*given, *rest]))
    values = ", ".join(["%s"] * len(given) + list(rest.values()))
    changed = ", ".join(
        f"{quote(name)} = {_merged(name, table, quote(name))}"
        for name in given
        if name not in {"cluster_id", "pod_uid"}
    )
    return (
        f"INSERT INTO {table} ({names}) VALUES ({values}) "
        f"ON CONFLICT ({quote('cluster_id')}, {quote('pod_uid')}) DO UPDATE SET {changed}"
    )


def _merged(name: str, table: str, column: str) -> str:
    """What a column becomes when the Pod has a timeline already."""
    known, new = f"{table}.{column}", f"excluded.{column}"
    if name in OF_THE_LAST:
        later = f"{known} < {new} AND {table}.{OF_THE_LAST[name].replace('AND ', f'AND {table}.')}"
        return f"CASE WHEN {known} IS NULL OR ({later}) THEN {new} ELSE {known} END"
    if name.endswith("_at") and name != "noted_at":
        return f"COALESCE({known}, {new})"
    if name in TOLD_BY.values():
        return f"CASE WHEN {known} = '' THEN {new} ELSE {known} END"
    return new


def _defaults() -> dict[str, str]:
    """What a new timeline has in the columns that cannot be empty, as SQL."""
    found = {}
    for field in PodTimeline._meta.local_concrete_fields:
        if field.primary_key or field.null:
            continue
        if isinstance(field, models.BooleanField):
            found[field.attname] = "FALSE"
        elif isinstance(field, models.IntegerField):
            found[field.attname] = "0"
        else:
            found[field.attname] = "''"
    return found
