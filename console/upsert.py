"""Many rows inserted or updated by one statement.

By hand, because bulk_create takes five times as long for the same statement.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import batched
from typing import Any

import msgspec
from django.db import connection, models, transaction

# Rows per statement: a short transaction each, so that nobody waits long for SQLite's one writer.
CHUNK = 500

type Row = object


def upsert(
    model: type[models.Model],
    rows: Sequence[Row],
    *,
    unique: Collection[str],
    shared: Mapping[str, Any] | None = None,
) -> None:
    """Rows have an attribute per column, but for those that all share.

    `unique` are the columns of a unique constraint: where they are taken, the others are updated.
    """
    same = shared or {}
    fields = [field for field in model._meta.local_concrete_fields if not field.primary_key]
    makers = {field.attname: _maker(field) for field in fields}
    own = [(name, make) for name, make in makers.items() if name not in same]
    columns = [*same, *(name for name, _ in own)]
    statement = _statement(model._meta.db_table, columns, unique)
    first = [make(same[name]) if (make := makers[name]) else same[name] for name in same]
    for some in batched(rows, CHUNK):
        values = [(*first, *_values(row, own)) for row in some]
        with transaction.atomic(savepoint=False), connection.cursor() as cursor:
            cursor.executemany(statement, values)


def _statement(table: str, columns: Sequence[str], unique: Collection[str]) -> str:
    quote = connection.ops.quote_name
    changed = [f"{quote(c)} = excluded.{quote(c)}" for c in columns if c not in unique]
    return (
        f"INSERT INTO {quote(table)} ({', '.join(map(quote, columns))}) "
        f"VALUES ({', '.join(['%s'] * len(columns))}) "
        f"ON CONFLICT ({', '.join(map(quote, unique))}) DO UPDATE SET {', '.join(changed)}"
    )


type Maker = Callable[[Any], Any] | None


def _values(row: Row, makers: Sequence[tuple[str, Maker]]) -> Iterator[Any]:
    for name, make in makers:
        value = getattr(row, name)
        yield make(value) if make else value


def _maker(field: "models.Field[Any, Any]") -> Maker:
    if isinstance(field, models.JSONField):
        return _json
    if isinstance(field, models.DateTimeField):
        return connection.ops.adapt_datetimefield_value
    return None


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
