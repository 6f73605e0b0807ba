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
) -> Page[T]:
    """One page of rows, found by their keys first, so that sorting never carries JSON columns.

    `without`: columns that no row of the page shows.
    """
    found: Page[Any] = Paginator(rows.order_by(*columns), PAGE_SIZE).get_page(query.get("page"))
    first = (found.number - 1) * PAGE_SIZE
    shown = slice(first, first + PAGE_SIZE)
    # Without the filters; but the order may be one by what only these rows are annotated with.
    everything = rows if rows.query.annotations else rows.model._default_manager.all()
    everything = everything.defer(*without).order_by(*columns)
    if found.paginator.count <= FEW:
        # Asked for them in this order at once, a database goes through the order until it has met
        # them.
        found.object_list = list(everything.filter(pk__in=rows.order_by().values("pk"))[shown])
    else:
        keys = rows.order_by(*columns).values("pk")[shown]
        found.object_list = list(everything.filter(pk__in=keys))
    return found


def namespaces(cluster: Cluster, model: Any, **only: str) -> list[str]:
    """The namespaces that hold rows of this model, for the filter."""
    found = model.objects.filter(cluster=cluster, **only).values_list("namespace", flat=True)
    return sorted(set(found.distinct()))
