"""English text that remembers how it was made, so that a page can translate it; pure."""

from collections.abc import Mapping
from typing import Any


class Sentence(str):
    """`template % values`; values may be Sentences themselves."""

    template: str
    values: Mapping[str, object]

    def __new__(cls, template: str, **values: object) -> "Sentence":
        text = super().__new__(cls, template % values if values else template)
        text.template = template
        text.values = values
        return text


def to_builtins(text: str) -> Any:
    """As JSON keeps it; plain text stays plain."""
    if not isinstance(text, Sentence):
        return text
    values = {
        name: to_builtins(value) if isinstance(value, str) else value
        for name, value in text.values.items()
    }
    return {"template": text.template, "values": values}


def from_builtins(kept: Any) -> str:
    if not isinstance(kept, Mapping):
        return str(kept)
    values = {
        name: from_builtins(value) if isinstance(value, Mapping) else value
        for name, value in kept["values"].items()
    }
    return Sentence(kept["template"], **values)
