"""The rows of the waterfall in their groups: a group per wave, or all Pods in one."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from statistics import median

from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from console.markup import joined
from workloads.history.picture import Picture
from workloads.timeline import Stage, waves
from workloads.timeline.lives import Life
from workloads.timeline.waterfall import Axis, bars, svg
from workloads.views.rollout_row import Drawing, Status
from workloads.views.rollout_words import Words, seconds, tag


@dataclass(frozen=True)
class Group:
    """A wave: its new Pods and those they replace, as HTML.

    `hidden`: rows that are left out; the address that shows them is ?wave=<number>.
    """

    title: str
    note: str
    rows: SafeString
    number: int = 0
    hidden: int = 0


def drawing(found: Picture, axis: Axis) -> Drawing:
    took = [life.to_ready for life in found.new if life.to_ready is not None]
    rollout = found.rollout
    # The name goes in where the mark is: reversing an address for every row takes long.
    pod = reverse("pod", args=[rollout.cluster.cluster_id, rollout.namespace, "-"])
    before = pod.removesuffix("-/")
    return Drawing(
        found, axis, Words(), median(took) if took else None, lambda name: f"{before}{name}/"
    )


def groups(found: Picture, axis: Axis, wanted: set[int], fold_above: int) -> list[Group]:
    """A group per wave: its new Pods, and the old Pods that left because of them.

    Of a rollout of more than `fold_above` Pods the waves that are over are folded, unless wanted.
    """
    size, draw = found.at_once, drawing(found, axis)
    old = _shared_out(found, size)
    folds = len(found.new) + len(found.old) > fold_above
    made = []
    for number in range(1, found.wave_count + 1):
        new = found.new[(number - 1) * size : number * size]
        if not new:
            break
        left = old.get(number, [])
        is_folded = folds and number not in wanted and _is_over(new, left)
        made.append(_wave(draw, number, new, left, is_folded=is_folded))
    rest = [*found.serving, *old.get(0, [])]
    return [*made, *_to_come(draw, len(made)), *_serving(draw, rest)]


def _shared_out(found: Picture, size: int) -> dict[int, list[Life]]:
    """Old Pods by the wave that let them go: in the order in which they left. 0: still there."""
    shared: dict[int, list[Life]] = {}
    for place, life in enumerate(one for one in found.old if Stage.TERMINATING in one.at):
        shared.setdefault(min(waves.of(place, size), found.wave_count), []).append(life)
    rest = [one for one in found.old if Stage.TERMINATING not in one.at]
    return shared | ({0: rest} if rest else {})


def _is_over(new: Iterable[Life], old: Iterable[Life]) -> bool:
    return all(life.is_ready or life.is_gone for life in new) and all(life.is_gone for life in old)


def _wave(
    draw: Drawing, number: int, new: Sequence[Life], old: Sequence[Life], *, is_folded: bool
) -> Group:
    title, note = _("Wave %(n)s") % {"n": number}, _note(draw.found, number, new)
    if is_folded:
        return Group(title, note, SafeString(""), number, hidden=len(new) + len(old))
    rows = joined([*map(draw.new, new), *map(draw.old, old)])
    return Group(title, note, rows, number)


def _note(found: Picture, number: int, new: Sequence[Life]) -> str:
    ready = [life for life in new if Stage.READY in life.at]
    numbers = {"ready": len(ready), "all": len(new)}
    if len(ready) == len(new):
        begins = min(life.at[Stage.CREATED] for life in new)
        took = (max(life.at[Stage.READY] for life in ready) - begins).total_seconds()
        return _("%(ready)s of %(all)s Ready after %(took)s") % (numbers | {"took": seconds(took)})
    note = _("%(ready)s of %(all)s Ready") % numbers
    if not found.has_end_in_sight or number * found.at_once < len(found.new):
        return note
    later = (found.wave_count - number) * found.pace.wave
    left = seconds(max(0.0, found.left.seconds - later))
    return _("%(told)s, about %(n)s left") % {"told": note, "n": left}


def _to_come(draw: Drawing, begun: int) -> Iterator[Group]:
    """Waves that have not begun, one line for all of them."""
    found = draw.found
    to_come = found.replaced - len(found.new)
    if not found.is_running or to_come <= 0:
        return
    first = begun + 1
    title = (
        _("Wave %(n)s") % {"n": first}
        if first >= found.wave_count
        else _("Waves %(n)s to %(m)s") % {"n": first, "m": found.wave_count}
    )
    begins = max(0.0, found.left.seconds - (found.wave_count - begun) * found.pace.wave)
    starts, ends = (found.now + timedelta(seconds=one) for one in (begins, found.left.seconds))
    text = ngettext("%(n)s Pod to come", "%(n)s Pods to come", to_come) % {"n": to_come}
    foreseen = [("predicted", starts, ends)] if found.has_end_in_sight else []
    drawn = svg(foreseen, draw.axis)
    status = Status(_("Not created yet"), "idle")
    row = draw.summary("to-come", text, "", drawn, status)
    is_foreseen = begins >= 1 and found.has_end_in_sight
    soon = _("in about %(n)s") % {"n": seconds(begins)} if is_foreseen else ""
    yield Group(title, soon, row)


def _serving(draw: Drawing, rest: Sequence[Life]) -> Iterator[Group]:
    """Old Pods that nothing happened to yet: one line."""
    if not rest:
        return
    one, found = rest[0], draw.found
    text = ngettext("%(n)s old Pod", "%(n)s old Pods", len(rest)) % {"n": len(rest)}
    drawn = bars(one, draw.axis, found.now, is_new=False)
    version = tag(one.image) if one.image else one.revision
    serves = any(Stage.READY in life.at for life in rest)
    status = Status(draw.serving_word, "success") if serves else Status(one.word, "info")
    row = draw.summary("old", text, version, drawn, status)
    note = _("replaced when new ones are Ready") if found.is_running else ""
    yield Group(_("Old Pods"), note, row)


type Line = tuple[Life, bool]


def flat(found: Picture, *, by_slowness: bool) -> list[Line]:
    """A line per Pod without groups, and whether it is new: as created, or the slowest first."""
    if by_slowness:
        slow = sorted(found.new, key=lambda life: _slowness(found, life), reverse=True)
        return [(life, True) for life in slow]
    old = (*found.old, *found.serving)
    return [*((life, True) for life in found.new), *((life, False) for life in old)]


def printed(found: Picture, axis: Axis, lines: Iterable[Line]) -> list[Group]:
    draw = drawing(found, axis)
    rows = joined([draw.new(life) if is_new else draw.old(life) for life, is_new in lines])
    return [Group("", "", rows)] if rows else []


def _slowness(found: Picture, life: Life) -> float:
    """Those that are not Ready yet come first."""
    took = life.to_ready
    created = life.at.get(Stage.CREATED, found.now)
    return took if took is not None else (found.now - created).total_seconds() + 1e6
