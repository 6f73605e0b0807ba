"""Strategic merge patch: lists merge by the keys the schema names, and directives steer it."""

from typing import Any

from sandbox.kubernetes.kinds import Object
from sandbox.kubernetes.schema import Field, Type, types

_DELETE_FROM, _ORDER = "$deleteFromPrimitiveList/", "$setElementOrder/"


def merge(name: str, current: Object, patch: Object) -> Object:
    """`name` is the schema type of the object."""
    return _merged(Type("struct", name), current, patch)


def _merged(of: Type | None, current: Object, patch: Object) -> Object:
    match patch.get("$patch"):
        case "replace":
            fresh: Object = _plain({key: each for key, each in patch.items() if key != "$patch"})
            return fresh
        case "delete":
            return {}
    result = dict(current)
    if retained := patch.get("$retainKeys"):
        result = {key: each for key, each in result.items() if key in retained}
    _take_listed(result, patch)
    for key, value in patch.items():
        if key.startswith("$"):
            continue
        if value is None:
            result.pop(key, None)
        else:
            order = patch.get(_ORDER + key)
            result[key] = _value(_field(of, key), result.get(key), value, order)
    return _reordered_only(of, result, patch)


def _take_listed(result: Object, patch: Object) -> None:
    """`$deleteFromPrimitiveList/finalizers: [a]` takes `a` out of the list."""
    for key, value in patch.items():
        if key.startswith(_DELETE_FROM):
            field = key.removeprefix(_DELETE_FROM)
            result[field] = [each for each in result.get(field) or [] if each not in value]


def _reordered_only(of: Type | None, result: Object, patch: Object) -> Object:
    """An order may come without changes to the list itself."""
    for key, order in patch.items():
        name = key.removeprefix(_ORDER)
        if key.startswith(_ORDER) and name not in patch and name in result:
            field = _field(of, name)
            result[name] = _ordered(result[name], order, _merge_key(field))
    return result


def _field(of: Type | None, key: str) -> Field | None:
    if of is None:
        return None
    if of.form == "struct":
        return types()[of.name].fields.get(key)
    return Field(key, of.item) if of.item else None


def _merge_key(field: Field | None) -> str:
    return field.keys[0] if field and field.keys else ""


def _value(field: Field | None, current: Any, value: Any, order: Any) -> Any:
    if isinstance(value, dict):
        had = current if isinstance(current, dict) else {}
        return _merged(field.type if field else None, had, value)
    if not isinstance(value, list):
        return value
    had_list = current if isinstance(current, list) else []
    if field and field.keys:
        return _ordered(_keyed(field, had_list, value), order, field.keys[0])
    if field and field.is_set:
        union = had_list + [each for each in value if each not in had_list]
        return _ordered(union, order, "")
    return [_plain(each) for each in value]


def _keyed(field: Field, current: list[Any], patch: list[Any]) -> list[Any]:
    if any(each == {"$patch": "replace"} for each in patch):
        return [_plain(each) for each in patch if "$patch" not in each]
    key = field.keys[0]
    result = list(current)
    for each in patch:
        at = next((i for i, had in enumerate(result) if had.get(key) == each.get(key)), None)
        if each.get("$patch") == "delete":
            result = [had for had in result if had.get(key) != each.get(key)]
        elif at is None:
            result.append(_merged(field.type.item, {}, each))
        else:
            result[at] = _merged(field.type.item, result[at], each)
    return result


def _ordered(items: list[Any], order: Any, key: str) -> list[Any]:
    """Those the patch names in its order; the others stay behind their old neighbours."""
    if not isinstance(order, list):
        return items

    def identity(each: Any) -> Any:
        return each.get(key) if key and isinstance(each, dict) else each

    places = {identity(each): index for index, each in enumerate(order)}
    named = sorted((each for each in items if identity(each) in places),
                   key=lambda each: places[identity(each)])  # fmt: skip
    for index, each in enumerate(items):
        if identity(each) not in places:
            after = named.index(items[index - 1]) + 1 if index else 0
            named.insert(after, each)
    return named


def _plain(value: Any) -> Any:
    """A new part of the object: directives have done their work."""
    if isinstance(value, dict):
        return {
            key: _plain(each)
            for key, each in value.items()
            if not key.startswith("$") and each is not None
        }
    return [_plain(each) for each in value] if isinstance(value, list) else value
