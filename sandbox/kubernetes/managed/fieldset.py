"""Which fields an object has, as sets of paths, and FieldsV1, the way the API writes such sets.

A path is a tuple of steps spelled as FieldsV1 spells them: `f:name` a field or map key, `k:{...}` a
list element by its keys, `v:...` a set's element. A path that leads to an element or a collection
stands for its being there (the `.` of FieldsV1).
"""

import json
from typing import Any

from sandbox.kubernetes.kinds import Object
from sandbox.kubernetes.schema import Field, Type, types

Path = tuple[str, ...]
Values = dict[Path, Any]

# The server's own: no manager has them.
_UNTRACKED = {
    "name", "namespace", "uid", "resourceVersion", "generation", "creationTimestamp", "selfLink",
    "deletionTimestamp", "deletionGracePeriodSeconds", "managedFields",
}  # fmt: skip
# Keys of list elements that may be left out because they have a default.
_KEY_DEFAULTS = {"protocol": "TCP"}
THERE = object()


def element(field: Field, item: Object) -> str:
    """The step to an element of a list with keys."""
    found = {key: item.get(key, _KEY_DEFAULTS.get(key)) for key in field.keys}
    return "k:" + json.dumps(found, sort_keys=True, separators=(",", ":"))


def values(name: str, obj: Object, parts: tuple[str, ...]) -> Values:
    """Every path of an object with its value; `parts` are the top-level fields looked at."""
    found: Values = {}
    for field in types()[name].fields.values():
        if field.name == "metadata" and "metadata" in parts:
            kept = {key: each for key, each in obj["metadata"].items() if key not in _UNTRACKED}
            if kept:
                _walk(field, kept, ("f:metadata",), found)
        elif field.name in parts and field.name in obj:
            _walk(field, obj[field.name], (f"f:{field.name}",), found)
    return found


def parts_of(name: str, subresource: str) -> tuple[str, ...]:
    """The top-level fields a path to the object writes."""
    if subresource == "status":
        return ("status",)
    return tuple(field for field in types()[name].fields if field != "status")


def _walk(field: Field, value: Any, path: Path, found: Values) -> None:
    if is_atomic(field) or value in ({}, []):
        found[path] = value
    elif isinstance(value, dict):
        if field.type.form == "map":
            found[path] = THERE
        _walk_members(field.type, value, path, found)
    else:
        found[path] = THERE
        _walk_list(field, value, path, found)


def _walk_members(of: Type, value: Object, path: Path, found: Values) -> None:
    for key, each in value.items():
        if inner := inside(of, key):
            _walk(inner, each, (*path, f"f:{key}"), found)


def _walk_list(field: Field, value: list[Any], path: Path, found: Values) -> None:
    for each in value:
        if field.is_set:
            found[*path, "v:" + json.dumps(each)] = each
        elif field.type.item:
            step = (*path, element(field, each))
            found[step] = THERE
            _walk_members(field.type.item, each, step, found)


def is_atomic(field: Field) -> bool:
    """Whether the field changes hands only as a whole."""
    match field.type.form:
        case "struct":
            return types()[field.type.name].atomic
        case "map":
            return field.atomic
        case "list":
            return not (field.keys or field.is_set)
    return True


def inside(of: Type, key: str) -> Field | None:
    """The field a key leads to in a struct or map."""
    if of.form == "struct":
        return types()[of.name].fields.get(key)
    return Field(key, of.item) if of.item else None


def encoded(paths: set[Path]) -> Object:
    """FieldsV1 of a set."""
    tree: Object = {}
    for path in sorted(paths):
        node = tree
        for step in path:
            node = node.setdefault(step, {})
        node["."] = {}
    _drop_lone_dots(tree)
    return tree


def _drop_lone_dots(tree: Object) -> None:
    for node in tree.values():
        if list(node) == ["."]:
            del node["."]
        else:
            _drop_lone_dots(node)


def decoded(tree: Object, path: Path = ()) -> set[Path]:
    """The set of a FieldsV1."""
    found: set[Path] = set()
    for step, node in tree.items():
        if step == ".":
            found.add(path)
        elif node:
            found |= decoded(node, (*path, step))
        else:
            found.add((*path, step))
    return found


def spelled(path: Path) -> str:
    """A path as messages show it: `.spec.containers[name="web"].image`."""
    text = ""
    for step in path:
        mark, rest = step[0], step[2:]
        if mark == "f":
            text += f".{rest}"
        elif mark == "v":
            text += f"[={rest}]"
        else:
            keys = json.loads(rest)
            text += "[" + ",".join(f"{key}={json.dumps(each)}" for key, each in keys.items()) + "]"
    return text
