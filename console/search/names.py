"""Finding rows by part of a name through an index, best first, without sorting a table.

Names that begin with the text come from a range of the index. What only contains it costs a look
at every name, so that is done only while there are too few of the first kind.
"""

from typing import Any

from django.db.models import Model, Q, QuerySet

from console.search import COUNTED, SHOWN

# Behind every text that begins with the same letters.
_END = "\U0010ffff"


def beginning(column: str, text: str) -> Q:
    """The range of an index in which all texts with this beginning lie."""
    return Q(**{f"{column}__gte": text, f"{column}__lt": text + _END})


def best[T: Model](rows: QuerySet[T], text: str, *, column: str = "name") -> tuple[list[T], int]:
    """The few best rows and how many there are, counted as far as COUNTED."""
    first = _keys(rows.filter(beginning(column, text)), column, COUNTED)
    found = first
    if len(first) < COUNTED:
        inside = rows.filter(**{f"{column}__contains": text}).exclude(beginning(column, text))
        found = first + _keys(inside, column, COUNTED - len(first))
    shown = [key for key, _name in found[:SHOWN]]
    by_key = rows.model._default_manager.in_bulk(shown)
    return [by_key[key] for key in shown if key in by_key], len(found)


def _keys(rows: QuerySet[Any], column: str, most: int) -> list[tuple[int, str]]:
    """Keys and names; sorted here, because a database would sort all before it takes some."""
    found = list(rows.order_by().values_list("pk", column)[:most])
    return sorted(found, key=lambda one: (len(one[1]), one[1]))
