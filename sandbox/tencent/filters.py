"""Filters and pages, the same for every Describe action."""

from collections.abc import Callable, Sequence
from typing import Any

from sandbox.tencent.errors import refuse
from sandbox.tencent.registry import Call


def filtered[T](
    items: Sequence[T],
    filters: list[dict[str, Any]],
    values: Callable[[T, str], list[str] | None],
    *,
    code: str = "InvalidParameter.InvalidFilter",
) -> list[T]:
    """Items that match every filter by any of its values; `values` is None for no such name."""
    found = list(items)
    for filter in filters:
        name, wanted = filter["Name"], set(filter["Values"])
        matching = []
        for item in found:
            has = values(item, name)
            if has is None:
                refuse(code, f"The filter `{name}` is not valid.")
            if wanted & set(has):
                matching.append(item)
        found = matching
    return found


def page[T](items: Sequence[T], call: Call, *, limit: int = 20) -> Sequence[T]:
    """VPC passes Offset and Limit as strings, the others as numbers."""
    offset, size = int(call.get("Offset", 0)), int(call.get("Limit", limit))
    return items[offset : offset + size]
