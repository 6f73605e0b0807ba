"""The bars of a waterfall as SVG text, x in percent of an axis that begins with the rollout; pure.

A rect has a class and no colour: console.css has the colours, and how high each kind is.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from workloads.timeline.lives import Life
from workloads.timeline.stages import WAY_IN, Stage

# Parts of an axis, and the lengths in seconds a part may have.
PARTS = 8
STEPS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 30, 45, 60, 90, 120, 180, 300, 600, 900, 1800)
LONG_STEPS = (3600, 7200, 14400, 43200, 86400)
CLASSES = {
    Stage.SCHEDULED: "scheduling",
    Stage.IP: "networking",
    Stage.CONTAINERS_READY: "starting",
    Stage.REGISTERED: "binding",
    Stage.FIRST_HEALTHY: "checking",
    Stage.GATE: "gate",
    Stage.READY: "gate",
    Stage.WEIGHT_ZERO: "draining",
    Stage.DRAINED: "draining",
    Stage.GONE: "draining",
}
# Narrower bars than this cannot be seen.
NARROW = 0.04


@dataclass(frozen=True)
class Axis:
    begins: datetime
    step: float

    @property
    def seconds(self) -> float:
        return PARTS * self.step

    def x(self, at: datetime) -> float:
        """Percent of the width, never outside of it."""
        passed = (at - self.begins).total_seconds()
        return min(100.0, max(0.0, 100 * passed / self.seconds))


def axis(begins: datetime, ends: datetime) -> Axis:
    """The shortest axis of round parts that has room for all of it."""
    seconds = (ends - begins).total_seconds()
    steps = (*STEPS, *LONG_STEPS)
    return Axis(begins, next((step for step in steps if step * PARTS >= seconds), steps[-1]))


type Piece = tuple[str, datetime, datetime]


def bars(
    life: Life, axis: Axis, until: datetime, *, is_new: bool, ready_in: float | None = None
) -> str:
    """A Pod's row: its stages up to `until`, and what is expected after that."""
    pieces = list(_new(life, until) if is_new else _old(life, axis, until))
    if ready_in is not None:
        pieces.append(("predicted", until, until + timedelta(seconds=ready_in)))
    return svg(pieces, axis)


def svg(pieces: list[Piece], axis: Axis) -> str:
    found = []
    for name, begins, ends in _merged(pieces):
        x, end = axis.x(begins), axis.x(ends)
        if end - x >= NARROW:
            found.append(f'<rect class="{name}" x="{x:.4g}%" width="{end - x:.4g}%"/>')
    return "".join(found)


def _new(life: Life, until: datetime) -> Iterator[Piece]:
    for span in life.spans:
        if span.stage in WAY_IN:
            yield CLASSES[span.stage], span.begins, min(span.ends or until, until)
    ready, leaves = life.at.get(Stage.READY), life.at.get(Stage.TERMINATING)
    if ready is not None:
        yield "ready", ready, min(leaves or life.at.get(Stage.GONE) or until, until)
    yield from _end(life, until)


def _old(life: Life, axis: Axis, until: datetime) -> Iterator[Piece]:
    leaves = life.at.get(Stage.TERMINATING) or life.at.get(Stage.GONE) or until
    yield "serving", axis.begins, leaves
    yield from _end(life, until)


def _end(life: Life, until: datetime) -> Iterator[Piece]:
    leaves = life.at.get(Stage.TERMINATING)
    if leaves is not None:
        yield "draining", leaves, life.at.get(Stage.GONE) or until


def _merged(pieces: list[Piece]) -> Iterator[Piece]:
    """Neighbours of one class are one bar."""
    last: Piece | None = None
    for piece in pieces:
        if last and last[0] == piece[0] and last[2] == piece[1]:
            last = (last[0], last[1], piece[2])
            continue
        if last:
            yield last
        last = piece
    if last:
        yield last
