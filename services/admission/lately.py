"""Admissions of the last hour, by minute; pure."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

HOUR = 60
COLUMNS = ("injected", "skipped", "failed")

# [minute since 1970, injected, skipped, failed]
type Minute = Sequence[int]


class Counts(NamedTuple):
    injected: int = 0
    skipped: int = 0
    failed: int = 0

    @property
    def all(self) -> int:
        return sum(self)


def minute(now: datetime) -> int:
    return int(now.timestamp() // 60)


def added(known: Iterable[Minute], counts: Mapping[str, int], now: datetime) -> list[list[int]]:
    """With these counts in the present minute, and without what is older than an hour."""
    here = minute(now)
    kept = {each[0]: list(each[1:]) for each in known if here - HOUR < each[0] <= here}
    before = kept.get(here, [0] * len(COLUMNS))
    kept[here] = [n + counts.get(name, 0) for n, name in zip(before, COLUMNS, strict=True)]
    return [[each, *found] for each, found in sorted(kept.items())]


def hour(known: Iterable[Minute], now: datetime) -> Counts:
    here = minute(now)
    recent = [each[1:] for each in known if here - HOUR < each[0] <= here]
    return Counts(*(sum(column) for column in zip(*recent, strict=True))) if recent else Counts()
