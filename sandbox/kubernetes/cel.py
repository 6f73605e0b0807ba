"""The little of CEL that match conditions are mostly made of.

Literals, lists, `object`/`oldObject`/`request` with members and indexes, `has()`, `size()`,
`startsWith`, `endsWith`, `contains`, `!`, `&&`, `||`, `?:`, `in` and comparisons. What is not
understood is refused when the configuration is written, never passed over.
"""

import json
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

Variables = dict[str, Any]
Node = Callable[[Variables], Any]

_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?!\.\d))|(?P<text>\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*')"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*)|(?P<sign>&&|\|\||[=!<>]=|[<>!?:.,()\[\]]))"
)
_ROOTS = ("object", "oldObject", "request")
_METHODS: dict[str, Callable[[str, str], bool]] = {
    "startsWith": str.startswith,
    "endsWith": str.endswith,
    "contains": str.__contains__,
}
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


def holds(expression: str, variables: Variables) -> bool:
    value = compiled(expression)(variables)
    if not isinstance(value, bool):
        raise Failed("cel expression does not evaluate to bool")
    return value


@lru_cache(maxsize=256)
def compiled(expression: str) -> Node:
    """NotUnderstood for anything outside the subset."""
    return _Parser(expression).whole()


class _Parser:
    """Recursive descent, one method a precedence, loosest first."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = self._split(text)
        self._at = 0

    def _split(self, text: str) -> list[tuple[str, str]]:
        tokens, at = [], 0
        while text[at:].strip():
            found = _TOKEN.match(text, at)
            if not found or found.lastgroup is None:
                raise self._error(at)
            tokens.append((found.lastgroup, found[found.lastgroup]))
            at = found.end()
        return tokens

    def _error(self, at: int) -> NotUnderstood:
        return NotUnderstood(
            f"compilation failed: ERROR: <input>:1:{at + 1}: the sandbox does not understand this"
            " expression"
        )

    def _fail(self) -> NotUnderstood:
        return self._error(self._at)

    def whole(self) -> Node:
        node = self._choice()
        if self._at != len(self._tokens):
            raise self._fail()
        return node

    def _peek(self) -> str:
        return self._tokens[self._at][1] if self._at < len(self._tokens) else ""

    def _take(self, *wanted: str) -> str:
        """The next token if it is one of these, else nothing."""
        if self._peek() in wanted and self._tokens[self._at][0] != "text":
            self._at += 1
            return self._tokens[self._at - 1][1]
        return ""

    def _demand(self, wanted: str) -> None:
        if not self._take(wanted):
            raise self._fail()

    def _choice(self) -> Node:
        test = self._either()
        if not self._take("?"):
            return test
        then = self._either()
        self._demand(":")
        other = self._choice()
        return lambda given: then(given) if _truth(test(given)) else other(given)

    def _either(self) -> Node:
        node = self._both()
        while self._take("||"):
            node = _joined(node, self._both(), decisive=True)
        return node

    def _both(self) -> Node:
        node = self._relation()
        while self._take("&&"):
            node = _joined(node, self._relation(), decisive=False)
        return node

    def _relation(self) -> Node:
        node = self._not()
        while sign := self._take("==", "!=", "<=", ">=", "<", ">", "in"):
            node = _related(sign, node, self._not())
        return node

    def _not(self) -> Node:
        if self._take("!"):
            inner = self._not()
            return lambda given: not _truth(inner(given))
        return self._members()

    def _members(self) -> Node:
        node = self._primary()
        while sign := self._take(".", "["):
            if sign == "[":
                node = _indexed(node, self._choice())
                self._demand("]")
                continue
            name = self._name()
            node = self._method(node, name) if self._take("(") else _member(node, name)
        return node

    def _name(self) -> str:
        if self._at >= len(self._tokens) or self._tokens[self._at][0] != "name":
            raise self._fail()
        self._at += 1
        return self._tokens[self._at - 1][1]

    def _method(self, node: Node, name: str) -> Node:
        if name == "size":
            self._demand(")")
            return lambda given: _size(node(given))
        if name not in _METHODS:
            raise self._fail()
        method, argument = _METHODS[name], self._choice()
        self._demand(")")
        return lambda given: method(_string(node(given)), _string(argument(given)))

    def _primary(self) -> Node:
        if self._take("("):
            node = self._choice()
            self._demand(")")
            return node
        if self._take("["):
            return self._list()
        if self._at >= len(self._tokens):
            raise self._fail()
        form, text = self._tokens[self._at]
        if form == "sign":
            raise self._fail()
        self._at += 1
        return self._named(text) if form == "name" else _literal(form, text)

    def _named(self, name: str) -> Node:
        constants = {"true": True, "false": False, "null": None}
        if name in constants:
            return lambda given: constants[name]
        if name in ("has", "size"):
            self._demand("(")
            inner = self._choice()
            self._demand(")")
            return _has(inner) if name == "has" else lambda given: _size(inner(given))
        if name not in _ROOTS:
            self._at -= 1
            raise self._fail()
        return lambda given: given[name]

    def _list(self) -> Node:
        items: list[Node] = []
        while not self._take("]"):
            if items:
                self._demand(",")
            items.append(self._choice())
        return lambda given: [item(given) for item in items]


def _literal(form: str, text: str) -> Node:
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


def _truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise Failed("no such overload")
    return value


def _string(value: Any) -> str:
    if not isinstance(value, str):
        raise Failed("no such overload")
    return value


def _size(value: Any) -> int:
    if not isinstance(value, str | list | dict):
        raise Failed("no such overload")
    return len(value)


def _joined(left: Node, right: Node, *, decisive: bool) -> Node:
    """`&&` and `||`: an error on one side is forgiven when the other side decides."""

    def evaluated(given: Variables) -> bool:
        try:
            if _truth(left(given)) is decisive:
                return decisive
        except Failed:
            if _truth(right(given)) is decisive:
                return decisive
            raise
        return _truth(right(given))

    return evaluated


def _related(sign: str, left: Node, right: Node) -> Node:
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


def _member(node: Node, name: str) -> Node:
    def member(given: Variables) -> Any:
        value = node(given)
        if not isinstance(value, dict) or name not in value:
            raise Failed(f"no such key: {name}")
        return value[name]

    return member


def _indexed(node: Node, index: Node) -> Node:
    def item(given: Variables) -> Any:
        container, wanted = node(given), index(given)
        try:
            if isinstance(container, dict | list) and not isinstance(wanted, bool):
                return container[wanted]
        except (KeyError, IndexError, TypeError):
            pass
        raise Failed(f"no such key: {wanted}")

    return item


def _has(inner: Node) -> Node:
    def has(given: Variables) -> bool:
        try:
            value = inner(given)
        except Failed:
            return False
        return value is not None

    return has
