"""The rows of the waterfall, ready to print: bars as SVG, a status, the sentence for readers."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from workloads.history.picture import Picture
from workloads.timeline import WAY_IN, Expected, Stage, Waiting, slowest, waiting, waves
from workloads.timeline.lives import Life
from workloads.timeline.stages import is_late
from workloads.timeline.waterfall import Axis, bars, svg
from workloads.views.rollout_words import seconds, stage_word, tag, waiting_word

# Words kubectl prints for a Pod that will not start by itself.
TROUBLES = ("BackOff", "Err", "Error", "OOMKilled", "Invalid")


@dataclass(frozen=True)
class Row:
    """`label` tells all of it in words; lines are separated by a newline."""

    name: str
    uid: str
    is_link: bool
    is_new: bool
    version: str
    bars: SafeString
    label: str
    word: str
    tone: str
    note: str


@dataclass(frozen=True)
class Group:
    """A wave, with its new Pods and those they replace."""

    title: str
    note: str
    rows: Sequence[Row]
    number: int = 0
    # Rows that are left out; the address that shows them is ?wave=<number>.
    hidden: int = 0
    is_open: bool = True


def new_row(found: Picture, life: Life, axis: Axis, usual: float | None) -> Row:
    expected = found.expected
    waits = waiting(life.stamps, Expected(expected), found.now, gated=life.gated)
    ready_in = _ready_in(life, waits.stage, waits.left, expected) if waits else None
    is_drawn = found.is_running and Stage.TERMINATING not in life.at
    drawn = bars(
        life, axis, found.now, is_new=True, ready_in=ready_in if is_drawn and ready_in else None
    )
    word, tone, note = _new_status(life, waits, usual)
    return _row(life, drawn, (word, tone, note), is_new=True)


def old_row(found: Picture, life: Life, axis: Axis) -> Row:
    drawn = bars(life, axis, found.now, is_new=False)
    waits = waiting(life.stamps, Expected(found.expected), found.now, gated=life.gated)
    return _row(life, drawn, _old_status(life, waits), is_new=False)


def _row(life: Life, drawn: str, status: tuple[str, str, str], *, is_new: bool) -> Row:
    word, tone, note = status
    return Row(
        name=life.name,
        uid=life.uid,
        is_link=not life.is_gone,
        is_new=is_new,
        version=tag(life.image) if life.image else life.revision,
        # Made of our own class names and numbers alone.
        bars=mark_safe(drawn),  # noqa: S308
        label=label(life, word, note),
        word=word,
        tone=tone,
        note=note,
    )


def _ready_in(
    life: Life, stage: Stage, left: float | None, expected: dict[Stage, float]
) -> float | None:
    """Seconds until it should be Ready: what is left of this stage, and the stages after it."""
    if stage not in WAY_IN:
        return None
    after = WAY_IN[WAY_IN.index(stage) + 1 :]
    if not life.gated:
        after = tuple(one for one in after if one in {Stage.CONTAINERS_READY, Stage.READY})
    return (left or 0.0) + sum(expected.get(one, 0.0) for one in after)


def _new_status(life: Life, waits: Waiting | None, usual: float | None) -> tuple[str, str, str]:
    if life.is_gone or Stage.TERMINATING in life.at:
        return _old_status(life, waits)
    if any(mark in life.word for mark in TROUBLES):
        return (
            life.word,
            "error",
            ngettext("%(n)s restart", "%(n)s restarts", life.restarts) % {"n": life.restarts},
        )
    if waits is None:
        return _ready_status(life, usual)
    word = waiting_word(waits.stage)
    if waits.is_normal and waits.left is not None:
        return word, "info", _("%(left)s left") % {"left": seconds(waits.left)}
    numbers = {"waited": seconds(waits.seconds), "expected": seconds(waits.expected)}
    if waits.is_normal:
        return word, "info", seconds(waits.seconds)
    return word, "warning", _("%(waited)s, %(expected)s expected") % numbers


def _ready_status(life: Life, usual: float | None) -> tuple[str, str, str]:
    took = life.to_ready
    if took is None:
        return stage_word(Stage.READY), "success", ""
    if usual is not None and is_late(took, usual):
        span = slowest(life.spans)
        slow = stage_word(span.stage) if span else ""
        return stage_word(Stage.READY), "warning", f"{seconds(took)}, {slow}"
    return stage_word(Stage.READY), "success", seconds(took)


def _old_status(life: Life, waits: Waiting | None) -> tuple[str, str, str]:
    drained = life.seconds(Stage.WEIGHT_ZERO, Stage.DRAINED)
    if life.is_gone:
        note = _("drained in %(n)s") % {"n": seconds(drained)} if drained is not None else ""
        return stage_word(Stage.GONE), "idle", note
    if Stage.TERMINATING not in life.at:
        return (_("Serving"), "success", "") if Stage.READY in life.at else (life.word, "info", "")
    if waits is None:
        return waiting_word(Stage.GONE), "info", ""
    word = waiting_word(waits.stage)
    if waits.is_normal and waits.left is not None:
        return word, "info", _("%(left)s left") % {"left": seconds(waits.left)}
    return word, "info" if waits.is_normal else "warning", seconds(waits.seconds)


def label(life: Life, word: str, note: str) -> str:
    """The whole life in words: the first line says who and how, then a line per stage."""
    lines = [f"{life.name}: {word} {note}".strip()]
    for span in life.spans:
        if span.seconds is not None:
            lines.append(f"{stage_word(span.stage)}\t{seconds(span.seconds)}")
        else:
            lines.append(f"{waiting_word(span.stage)}\t…")
    if life.node:
        lines.append(_("Node %(node)s") % {"node": life.node})
    if life.because and not life.is_gone:
        lines.append(life.because)
    return "\n".join(lines)


def groups(found: Picture, axis: Axis, wanted: set[int], fold_above: int) -> list[Group]:
    """A group per wave: its new Pods, and the old Pods that left because of them.

    Of a rollout of more than `fold_above` Pods the waves that are over are folded, unless wanted.
    """
    size = found.at_once
    usual = usual_seconds(found.new)
    old = _shared_out(found, size)
    made = []
    for number in range(1, found.wave_count + 1):
        new = found.new[(number - 1) * size : number * size]
        if not new:
            break
        made.append(_wave(found, axis, number, (new, old.get(number, [])), usual))
    folded = [
        _folded(found, axis, group, number)
        if len(found.new) + len(found.old) > fold_above and _is_over(group) and number not in wanted
        else group
        for number, group in enumerate(made, start=1)
    ]
    rest = [*found.serving, *old.get(0, [])]
    return [*folded, *_to_come(found, axis, len(made)), *_serving(found, axis, rest)]


def usual_seconds(new: Sequence[Life]) -> float | None:
    took = [life.to_ready for life in new if life.to_ready is not None]
    return median(took) if took else None


def _shared_out(found: Picture, size: int) -> dict[int, list[Life]]:
    """Old Pods by the wave that let them go: in the order in which they left. 0: still there."""
    shared: dict[int, list[Life]] = {}
    for place, life in enumerate(one for one in found.old if Stage.TERMINATING in one.at):
        shared.setdefault(min(waves.of(place, size), found.wave_count), []).append(life)
    rest = [one for one in found.old if Stage.TERMINATING not in one.at]
    return shared | ({0: rest} if rest else {})


def _wave(
    found: Picture,
    axis: Axis,
    number: int,
    lives: tuple[Sequence[Life], Sequence[Life]],
    usual: float | None,
) -> Group:
    new, old = lives
    ready = [life for life in new if Stage.READY in life.at]
    rows = [new_row(found, life, axis, usual) for life in new]
    rows += [old_row(found, life, axis) for life in old]
    numbers = {"ready": len(ready), "all": len(new)}
    if len(ready) == len(new):
        begins = min(life.at[Stage.CREATED] for life in new)
        took = (max(life.at[Stage.READY] for life in ready) - begins).total_seconds()
        note = _("%(ready)s of %(all)s Ready after %(took)s") % (numbers | {"took": seconds(took)})
    else:
        note = _("%(ready)s of %(all)s Ready") % numbers
        if found.is_running and number * found.at_once >= len(found.new):
            later = (found.wave_count - number) * found.pace.wave
            rest = {"n": seconds(max(0.0, found.left.seconds - later))}
            note = _("%(told)s, about %(n)s left") % (rest | {"told": note})
    return Group(_("Wave %(n)s") % {"n": number}, note, rows, number)


def _is_over(group: Group) -> bool:
    return all(row.word in {stage_word(Stage.READY), stage_word(Stage.GONE)} for row in group.rows)


def _folded(found: Picture, axis: Axis, group: Group, number: int) -> Group:
    return Group(group.title, group.note, (), number, hidden=len(group.rows), is_open=False)


def _to_come(found: Picture, axis: Axis, begun: int) -> Iterator[Group]:
    """Waves that have not begun, one line for all of them."""
    to_come = found.rollout.replicas - len(found.new)
    if not found.is_running or to_come <= 0:
        return
    first = begun + 1
    title = (
        _("Wave %(n)s") % {"n": first}
        if first >= found.wave_count
        else _("Waves %(n)s to %(m)s") % {"n": first, "m": found.wave_count}
    )
    begins = found.left.seconds - (found.wave_count - begun) * found.pace.wave
    starts = found.now + timedelta(seconds=max(0.0, begins))
    ends = found.now + timedelta(seconds=found.left.seconds)
    text = ngettext("%(n)s Pod to come", "%(n)s Pods to come", to_come) % {"n": to_come}
    row = Row(
        name=text,
        uid="to-come",
        is_link=False,
        is_new=True,
        version="",
        bars=mark_safe(svg([("predicted", starts, ends)], axis)),  # noqa: S308
        label=text,
        word=_("Not created yet"),
        tone="idle",
        note="",
    )
    yield Group(title, _("in about %(n)s") % {"n": seconds(max(0.0, begins))}, [row])


def _serving(found: Picture, axis: Axis, rest: Iterable[Life]) -> Iterator[Group]:
    """Old Pods that nothing happened to yet: one line."""
    living = list(rest)
    if not living:
        return
    row = old_row(found, living[0], axis)
    text = ngettext("%(n)s old Pod", "%(n)s old Pods", len(living)) % {"n": len(living)}
    yield Group(
        _("Old Pods"),
        _("replaced when new ones are Ready") if found.is_running else "",
        [Row(text, "old", False, False, row.version, row.bars, text, row.word, row.tone, "")],
    )


def flat(found: Picture, axis: Axis, *, by_slowness: bool) -> list[Row]:
    """A row per Pod without groups: as they were created, or the slowest first."""
    usual = usual_seconds(found.new)
    new = list(found.new)
    if by_slowness:
        new.sort(key=lambda life: _slowness(life, found.now), reverse=True)
        return [new_row(found, life, axis, usual) for life in new]
    rows = [new_row(found, life, axis, usual) for life in new]
    return rows + [old_row(found, life, axis) for life in (*found.old, *found.serving)]


def _slowness(life: Life, now: datetime) -> float:
    took = life.to_ready
    created = life.at.get(Stage.CREATED, now)
    return took if took is not None else (now - created).total_seconds() + 1e6
