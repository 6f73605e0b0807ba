"""The kinds the watcher follows, and their rows: how one is made, stored, and known again."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import msgspec
from django.db import connection, models, transaction

from console import kinds
from workloads import pods, rollouts
from workloads.index.services import service_row
from workloads.models import Pod, Service, Workload

# Rows per statement: a short transaction each, so that nobody waits long for SQLite's one writer.
CHUNK = 500
# Raised when rows are made differently, so that an upgrade makes them all again.
RULES = "1"


@dataclass(frozen=True)
class Kind:
    """A kind the watcher follows; without a model it is only reported, never stored."""

    name: str
    struct: type[Any]
    model: type[models.Model] | None = None
    row: Callable[..., msgspec.Struct] | None = None
    only: Mapping[str, str] | None = None


def _workload(name: str) -> Kind:
    make = partial(rollouts.row, name)
    return Kind(name, kinds.Workload, Workload, make, {"kind": name})


FOLLOWED = (
    Kind("Pod", kinds.Pod, Pod, pods.row),
    _workload("Deployment"),
    _workload("StatefulSet"),
    _workload("DaemonSet"),
    Kind("Service", kinds.Service, Service, service_row),
    Kind("TkeServiceConfig", kinds.TkeServiceConfig),
)


@dataclass(frozen=True)
class Known:
    """What the index remembers of an object that a list may have lost."""

    resource_version: str
    namespace: str
    name: str


def known(cluster_pk: int, kind: Kind) -> dict[str, Known]:
    """Every object of this kind the index has, by uid."""
    if kind.model is None:
        return {}
    rows = kind.model._default_manager.filter(cluster_id=cluster_pk, **(kind.only or {}))
    found = rows.values_list("uid", "resource_version", "namespace", "name")
    return {uid: Known(*rest) for uid, *rest in found.iterator()}


def store(cluster_pk: int, model: type[models.Model], rows: Sequence[msgspec.Struct]) -> None:
    """Insert or update rows, each chunk in a transaction of its own.

    By hand, because bulk_create takes five times as long for the same statement.
    """
    statement, prepare = _upsert(model)
    for start in range(0, len(rows), CHUNK):
        values = [(cluster_pk, *prepare(row)) for row in rows[start : start + CHUNK]]
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.executemany(statement, values)


def _upsert(
    model: type[models.Model],
) -> tuple[str, Callable[[msgspec.Struct], Iterator[Any]]]:
    """The statement, and what turns a row into its values after the cluster's."""
    fields = [
        field for field in model._meta.local_concrete_fields if field.name not in {"id", "cluster"}
    ]
    quote = connection.ops.quote_name
    columns = [quote(str(field.column)) for field in fields]
    changed = [f"{column} = excluded.{column}" for column in columns if column != quote("uid")]
    statement = (
        f"INSERT INTO {quote(model._meta.db_table)} ({quote('cluster_id')}, {', '.join(columns)}) "
        f"VALUES ({', '.join(['%s'] * (len(columns) + 1))}) "
        f"ON CONFLICT ({quote('cluster_id')}, {quote('uid')}) DO UPDATE SET {', '.join(changed)}"
    )
    makers = [(field.name, _maker(field)) for field in fields]

    def prepare(row: msgspec.Struct) -> Iterator[Any]:
        for name, make in makers:
            value = getattr(row, name)
            yield make(value) if make else value

    return statement, prepare


def _maker(field: "models.Field[Any, Any]") -> Callable[[Any], Any] | None:
    if isinstance(field, models.JSONField):
        return _json
    if isinstance(field, models.DateTimeField):
        return connection.ops.adapt_datetimefield_value
    return None


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def remove(cluster_pk: int, model: type[models.Model], uids: list[str]) -> None:
    for start in range(0, len(uids), CHUNK):
        rows = model._default_manager.filter(cluster_id=cluster_pk)
        # _raw_delete: nothing hangs on index rows, so there is nothing to collect first.
        rows.filter(uid__in=uids[start : start + CHUNK])._raw_delete(rows.db)
