"""What every list page does: filters and order from the URL, one page of rows from SQL."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Model, QuerySet
from django.http import QueryDict

from console.models import Cluster

PAGE_SIZE = 50
# So few are found first and then put in order; of more, the order soon leads to the first ones.
FEW = 500
LONGEST_QUERY = 253


@dataclass(frozen=True)
class Order:
    """A sort of the page: the word in the URL, and the columns behind it (unique at the end)."""

    word: str
    columns: tuple[str, ...]


def order(query: QueryDict, sorts: Mapping[str, tuple[str, ...]], default: str) -> Order:
    """The order asked for; an unknown one is the default, not an error."""
    word = query.get("sort", "")
    if word.lstrip("-") not in sorts:
        word = default
    columns = sorts[word.lstrip("-")]
    if word.startswith("-"):
        columns = tuple(
            column.removeprefix("-") if column.startswith("-") else f"-{column}"
            for column in columns
        )
    return Order(word, columns)


def text(query: QueryDict, name: str) -> str:
    """One filter of the URL, trimmed; NUL would be refused by the database."""
    return query.get(name, "").replace("\x00", "").strip()[:LONGEST_QUERY]


def page[T: Model](
    rows: QuerySet[T],
    query: QueryDict,
    columns: tuple[str, ...],
    *,
    without: tuple[str, ...] = (),
    among: QuerySet[T] | None = None,
) -> Page[T]:
    """One page of rows: the ids in order first, so that sorting never carries the JSON columns.

    `without`: columns that no row of the page shows. `among`: the whole list of which these are
    some; it has an index for every order.
    """
    found: Page[Any] = _paginator(rows, columns, among).get_page(query.get("page"))
    by_id = rows.model._default_manager.defer(*without).in_bulk(list(found.object_list))
    found.object_list = [by_id[key] for key in found.object_list if key in by_id]
    return found


def _paginator(
    rows: QuerySet[Any], columns: tuple[str, ...], among: QuerySet[Any] | None
) -> "Paginator[Any]":
    lazy = Paginator(rows.order_by(*columns).values_list("pk", flat=True), PAGE_SIZE)
    if among is None or not 0 < lazy.count <= FEW:
        return lazy
    # Asked for them in this order at once, a database goes through the order until it has met them.
    ordered = among.filter(pk__in=rows.order_by().values("pk")).order_by(*columns)
    return Paginator(list(ordered.values_list("pk", flat=True)), PAGE_SIZE)


def namespaces(cluster: Cluster, model: Any, **only: str) -> list[str]:
    """The namespaces that hold rows of this model, for the filter."""
    found = model.objects.filter(cluster=cluster, **only).values_list("namespace", flat=True)
    return sorted(set(found.distinct()))
