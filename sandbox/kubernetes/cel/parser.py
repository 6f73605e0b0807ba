"""From an expression's text to its node: recursive descent, one method a precedence."""

import re
from collections.abc import Callable

from sandbox.kubernetes.cel.nodes import (
    Node,
    NotUnderstood,
    has,
    indexed,
    joined,
    literal,
    member,
    related,
    size,
    string,
    truth,
)

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


class Parser:
    """The tokens of one expression, and how far they are read; loosest precedence first."""

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
        return lambda given: then(given) if truth(test(given)) else other(given)

    def _either(self) -> Node:
        node = self._both()
        while self._take("||"):
            node = joined(node, self._both(), decisive=True)
        return node

    def _both(self) -> Node:
        node = self._relation()
        while self._take("&&"):
            node = joined(node, self._relation(), decisive=False)
        return node

    def _relation(self) -> Node:
        node = self._not()
        while sign := self._take("==", "!=", "<=", ">=", "<", ">", "in"):
            node = related(sign, node, self._not())
        return node

    def _not(self) -> Node:
        if self._take("!"):
            inner = self._not()
            return lambda given: not truth(inner(given))
        return self._members()

    def _members(self) -> Node:
        node = self._primary()
        while sign := self._take(".", "["):
            if sign == "[":
                node = indexed(node, self._choice())
                self._demand("]")
                continue
            name = self._name()
            node = self._method(node, name) if self._take("(") else member(node, name)
        return node

    def _name(self) -> str:
        if self._at >= len(self._tokens) or self._tokens[self._at][0] != "name":
            raise self._fail()
        self._at += 1
        return self._tokens[self._at - 1][1]

    def _method(self, node: Node, name: str) -> Node:
        if name == "size":
            self._demand(")")
            return lambda given: size(node(given))
        if name not in _METHODS:
            raise self._fail()
        method, argument = _METHODS[name], self._choice()
        self._demand(")")
        return lambda given: method(string(node(given)), string(argument(given)))

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
        return self._named(text) if form == "name" else literal(form, text)

    def _named(self, name: str) -> Node:
        constants = {"true": True, "false": False, "null": None}
        if name in constants:
            return lambda given: constants[name]
        if name in ("has", "size"):
            self._demand("(")
            inner = self._choice()
            self._demand(")")
            return has(inner) if name == "has" else lambda given: size(inner(given))
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
