"""What an expression is made of: functions of the variables it is evaluated with."""

import json
from collections.abc import Callable
from typing import Any

Variables = dict[str, Any]
Node = Callable[[Variables], Any]

_COMPARED: dict[str, Callable[[Any, Any], bool]] = {
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
}


class NotUnderstood(Exception):
    """Not in this subset, or not CEL."""


class Failed(Exception):
    """An expression that could not be evaluated on this object."""


def literal(form: str, text: str) -> Node:
    if form == "number":
        number = int(text)
        return lambda given: number
    inner = text[1:-1].replace("\\'", "'") if text[0] == "'" else text[1:-1]
    quoted = inner.replace('"', '\\"') if text[0] == "'" else inner
    try:
        string = json.loads(f'"{quoted}"')
    except json.JSONDecodeError as error:
        raise NotUnderstood(f"compilation failed: {text}") from error
    return lambda given: string


def truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise Failed("no such overload")
    return value


def string(value: Any) -> str:
    if not isinstance(value, str):
        raise Failed("no such overload")
    return value


def size(value: Any) -> int:
    if not isinstance(value, str | list | dict):
        raise Failed("no such overload")
    return len(value)


def joined(left: Node, right: Node, *, decisive: bool) -> Node:
    """`&&` and `||`: an error on one side is forgiven when the other side decides."""

    def evaluated(given: Variables) -> bool:
        try:
            if truth(left(given)) is decisive:
                return decisive
        except Failed:
            if truth(right(given)) is decisive:
                return decisive
            raise
        return truth(right(given))

    return evaluated


def related(sign: str, left: Node, right: Node) -> Node:
    match sign:
        case "==":
            return lambda given: bool(left(given) == right(given))
        case "!=":
            return lambda given: bool(left(given) != right(given))
        case "in":
            return lambda given: _contains(right(given), left(given))
    compare = _COMPARED[sign]

    def compared(given: Variables) -> bool:
        first, second = left(given), right(given)
        if type(first) is not type(second) or not isinstance(first, int | str):
            raise Failed("no such overload")
        return compare(first, second)

    return compared


def _contains(container: Any, value: Any) -> bool:
    if not isinstance(container, list | dict):
        raise Failed("no such overload")
    return value in container


def member(node: Node, name: str) -> Node:
    def found(given: Variables) -> Any:
        value = node(given)
        if not isinstance(value, dict) or name not in value:
            raise Failed(f"no such key: {name}")
        return value[name]

    return found


def indexed(node: Node, index: Node) -> Node:
    def item(given: Variables) -> Any:
        container, wanted = node(given), index(given)
        try:
            if isinstance(container, dict | list) and not isinstance(wanted, bool):
                return container[wanted]
        except (KeyError, IndexError, TypeError):
            pass
        raise Failed(f"no such key: {wanted}")

    return item


def has(inner: Node) -> Node:
    def is_there(given: Variables) -> bool:
        try:
            value = inner(given)
        except Failed:
            return False
        return value is not None

    return is_there
