"""What a change changed: two objects as lines of YAML, side by side; pure."""

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import yaml

CONTEXT = 3


class Kind(StrEnum):
    SAME = "same"
    ADDED = "added"
    REMOVED = "removed"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Line:
    kind: Kind
    text: str


def difference(before: object, after: object) -> tuple[Line, ...]:
    """The lines added and removed between two objects, each with a little of what surrounds it."""
    old, new = _lines(before), _lines(after)
    if old == new:
        return tuple(Line(Kind.SAME, text) for text in new)
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    return tuple(_hunks(matcher, old, new))


def _lines(thing: object) -> list[str]:
    if thing is None:
        return []
    text = yaml.safe_dump(thing, sort_keys=True, allow_unicode=True, default_flow_style=False)
    return [line for line in text.splitlines() if line != "..."]


def _hunks(matcher: difflib.SequenceMatcher[str], old: list[str], new: list[str]) -> Iterator[Line]:
    end = 0
    for hunk in matcher.get_grouped_opcodes(CONTEXT):
        start = hunk[0][1]
        if start > end:
            yield Line(Kind.SKIPPED, "…")
        for tag, first, last, new_first, new_last in hunk:
            if tag == "equal":
                yield from (Line(Kind.SAME, text) for text in old[first:last])
                continue
            yield from (Line(Kind.REMOVED, text) for text in old[first:last])
            yield from (Line(Kind.ADDED, text) for text in new[new_first:new_last])
        end = hunk[-1][2]
    if end < len(old):
        yield Line(Kind.SKIPPED, "…")
