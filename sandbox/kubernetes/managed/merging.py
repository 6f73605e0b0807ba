"""Server-side apply on objects: laying one over another, and taking fields away."""

import json
from typing import Any

from sandbox.kubernetes.kinds import Object
from sandbox.kubernetes.managed.fieldset import Path, element, inside, is_atomic
from sandbox.kubernetes.schema import Field, Type

_GONE = object()


def laid_over(name: str, live: Object, wanted: Object) -> Object:
    """The live object with everything the applied configuration says."""
    return _struct(Type("struct", name), live, wanted)


def _struct(of: Type, live: Object, wanted: Object) -> Object:
    result = dict(live)
    for key, value in wanted.items():
        field = inside(of, key)
        result[key] = _value(field, result.get(key), value) if field else value
    return result


def _value(field: Field, live: Any, wanted: Any) -> Any:
    if live is None or is_atomic(field):
        return wanted
    if isinstance(wanted, dict):
        return _struct(field.type, live, wanted)
    if field.is_set:
        return live + [each for each in wanted if each not in live]
    had = {element(field, each): each for each in live}
    for each in wanted:
        step = element(field, each)
        had[step] = _struct(field.type.item, had.get(step, {}), each) if field.type.item else each
    return list(had.values())


def without(name: str, obj: Object, gone: set[Path]) -> Object:
    """The object with these paths removed, and collections that became empty with them."""
    root = Field(name, Type("struct", name))
    pruned: Object = _pruned(root, obj, gone)
    return pruned


def _pruned(field: Field, value: Any, gone: set[Path]) -> Any:
    """`gone` is relative to the value."""
    if not gone:
        return value
    below: dict[str, set[Path]] = {}
    for path in gone:
        if path:
            below.setdefault(path[0], set()).add(path[1:])
    if isinstance(value, list):
        return _pruned_list(field, value, below)
    result = {}
    for key, each in value.items():
        inner, rest = inside(field.type, key), below.get(f"f:{key}")
        kept = _pruned_member(inner, each, rest) if inner and rest is not None else each
        if kept is not _GONE:
            result[key] = kept
    return result


def _pruned_member(field: Field, value: Any, gone: set[Path]) -> Any:
    """The member of a map or struct, or _GONE when nothing of it is left."""
    if isinstance(value, dict | list) and not is_atomic(field):
        return _pruned(field, value, gone) or (_GONE if value else value)
    return _GONE if () in gone else value


def _pruned_list(field: Field, value: list[Any], below: dict[str, set[Path]]) -> list[Any]:
    result = []
    for each in value:
        step = f"v:{json.dumps(each)}" if field.is_set else element(field, each)
        rest = below.get(step)
        if rest is None:
            result.append(each)
        elif () not in rest and field.type.item:
            result.append(_pruned(Field("", field.type.item), each, rest))
    return result
