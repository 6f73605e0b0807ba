"""The little of CEL that match conditions are mostly made of.

Literals, lists, `object`/`oldObject`/`request` with members and indexes, `has()`, `size()`,
`startsWith`, `endsWith`, `contains`, `!`, `&&`, `||`, `?:`, `in` and comparisons. What is not
understood is refused when the configuration is written, never passed over.
"""

from functools import lru_cache

from sandbox.kubernetes.cel.nodes import Failed, Node, NotUnderstood, Variables
from sandbox.kubernetes.cel.parser import Parser

__all__ = ("Failed", "NotUnderstood", "Variables", "compiled", "holds")


def holds(expression: str, variables: Variables) -> bool:
    value = compiled(expression)(variables)
    if not isinstance(value, bool):
        raise Failed("cel expression does not evaluate to bool")
    return value


@lru_cache(maxsize=256)
def compiled(expression: str) -> Node:
    """NotUnderstood for anything outside the subset."""
    return Parser(expression).whole()
