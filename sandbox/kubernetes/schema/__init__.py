"""The shapes of all kinds, read from the text files beside this one.

A file lists types by name with their fields: `name*: type marks`. `*` means required; a type is a
scalar, another type, `[list]` or `{map}`. Marks: `key=a,b` (a list merged by these keys), `set` (a
list merged by value), `atomic` (replaced as a whole), `retain` (strategic merge: retainKeys),
`since=N` (unknown to servers older than 1.N). Taken from Kubernetes' published OpenAPI.
"""

from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

SCALARS = {"string", "integer", "number", "boolean", "time", "bytes", "quantity", "int-or-string"}


@dataclass(frozen=True)
class Type:
    """`form` is scalar, any, struct, list or map; `name` names the scalar or struct."""

    form: str
    name: str = ""
    item: "Type | None" = None

    def __str__(self) -> str:
        if self.form == "list":
            return f"[]{self.item}"
        if self.form == "map":
            return f"map[string]{self.item}"
        return self.name


@dataclass(frozen=True)
class Field:
    name: str
    type: Type
    required: bool = False
    keys: tuple[str, ...] = ()
    is_set: bool = False
    atomic: bool = False
    retain: bool = False
    since: int = 0


@dataclass(frozen=True)
class Struct:
    name: str
    atomic: bool = False
    fields: dict[str, Field] = field(default_factory=dict)


def _type(text: str) -> Type:
    if text.startswith("["):
        return Type("list", item=_type(text[1:-1]))
    if text.startswith("{"):
        return Type("map", item=_type(text[1:-1]))
    if text in SCALARS:
        return Type("scalar", text)
    return Type("any", "any") if text == "any" else Type("struct", text)


def _field(line: str) -> Field:
    name, rest = line.strip().split(": ", 1)
    kind, *marks = rest.split()
    named = dict(mark.split("=") for mark in marks if "=" in mark)
    return Field(
        name.rstrip("*"),
        _type(kind),
        required=name.endswith("*"),
        keys=tuple(named["key"].split(",")) if "key" in named else (),
        is_set="set" in marks,
        atomic="atomic" in marks,
        retain="retain" in marks,
        since=int(named.get("since", 0)),
    )


@cache
def types() -> dict[str, Struct]:
    """Every type by name; the types of the kinds are named like their kinds."""
    found: dict[str, Struct] = {}
    for part in ("meta", "core", "pods", "apps", "others"):
        text = files(__package__).joinpath(f"{part}.txt").read_text()
        for block in text.strip().split("\n\n"):
            head, *lines = block.splitlines()
            name, *marks = head.split()
            fields = [_field(line) for line in lines]
            found[name] = Struct(name, "atomic" in marks, {each.name: each for each in fields})
    return found
