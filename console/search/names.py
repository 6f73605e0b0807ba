"""Finding rows by part of a name through an index, best first, without sorting a table.

Names that begin with the text come from a range of the index. What only contains it costs a look
at every name, so that is done only while there are too few of the first kind. The cluster somebody
is in is asked first.
"""

from collections.abc import Iterator
from ipaddress import ip_address
from typing import Any

from django.db.models import Model, Q, QuerySet

from console.search import COUNTED, SHOWN

# Behind every text that begins with the same letters.
_END = "\U0010ffff"


def beginning(column: str, text: str) -> Q:
    """The range of an index in which all texts with this beginning lie."""
    return Q(**{f"{column}__gte": text, f"{column}__lt": text + _END})


def best[T: Model](
    rows: QuerySet[T], text: str, *, column: str = "name", near: int = 0
) -> tuple[list[T], int]:
    """The few best rows and how many there are, counted as far as COUNTED."""
    found: list[Any] = []
    for part in _parts(rows, near):
        most = COUNTED - len(found)
        some = _keys(part.filter(beginning(column, text)), column, most)
        if len(some) < most:
            inside = part.filter(**{f"{column}__contains": text}).exclude(beginning(column, text))
            some += _keys(inside, column, most - len(some))
        found += some
    return _rows(rows, [key for key, _name in found]), len(found)


def by_address[T: Model](
    rows: QuerySet[T], text: str, *columns: str, near: int = 0
) -> tuple[list[T], int]:
    """The same of rows with addresses, in the order of numbers: of the one that begins so."""

    def meant(one: Any) -> tuple[int, int, str]:
        known = [address for address in one[1:] if address]
        return order(next((a for a in known if a.startswith(text)), known[0] if known else ""))

    found: list[Any] = []
    for part in _parts(rows, near):
        some = part.order_by().values_list("pk", *columns)[: COUNTED - len(found)]
        found += sorted(some, key=meant)
    return _rows(rows, [one[0] for one in found]), len(found)


def _parts[T: Model](rows: QuerySet[T], near: int) -> Iterator[QuerySet[T]]:
    if near:
        yield rows.filter(cluster=near)
        yield rows.exclude(cluster=near)
    else:
        yield rows


def _rows[T: Model](rows: QuerySet[T], keys: list[Any]) -> list[T]:
    shown = keys[:SHOWN]
    by_key = rows.model._default_manager.in_bulk(shown)
    return [by_key[key] for key in shown if key in by_key]


def order(address: str) -> tuple[int, int, str]:
    """Where an address stands among others; what is none comes last."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return (9, 0, address)
    return (parsed.version, int(parsed), "")


def _keys(rows: QuerySet[Any], column: str, most: int) -> list[tuple[int, str]]:
    """Keys and names; sorted here, because a database would sort all before it takes some."""
    found = list(rows.order_by().values_list("pk", column)[:most])
    return sorted(found, key=lambda one: (len(one[1]), one[1]))
