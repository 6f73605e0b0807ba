"""What the rollout page and its live regions show; one builder each, so they cannot disagree."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.core.paginator import Paginator
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from workloads.history import ended
from workloads.history.picture import Picture
from workloads.timeline import Stage
from workloads.timeline.waterfall import PARTS, Axis, axis
from workloads.views import rollout_rows, rollout_words
from workloads.views.rollout_words import seconds, stage_word

VIEWS = ("waves", "pods", "slowest")
# Of larger rollouts the waves that are over are folded, and all Pods come in pages.
FOLD_ABOVE = 80
PAGE = 100
# More waves than this are told in words.
MOST_WAVES = 24


@dataclass(frozen=True)
class Figure:
    name: str
    value: str
    small: str
    note: str
    tone: str = ""


@dataclass(frozen=True)
class Wave:
    text: str
    is_done: bool
    is_now: bool
    tone: str = ""


def head(found: Picture) -> dict[str, Any]:
    rollout = found.rollout
    word, tone = rollout_words.result(rollout, is_paused=found.is_paused)
    if tone == "info" and found.failing:
        tone = "error"
    return {
        "rollout": rollout,
        "word": word,
        "tone": tone,
        "change": rollout_words.change(rollout),
        "started_by": ended.started_by(rollout),
    }


def progress(found: Picture) -> dict[str, Any]:
    """The card on top: how far it is, against how fast it can be."""
    return head(found) | {
        "picture": found,
        "figures": list(_figures(found)),
        "waves": list(_waves(found)) if found.wave_count <= MOST_WAVES else [],
        "wave_words": _wave_words(found),
        "surge_now": max(0, _alive(found) - found.rollout.replicas),
        "unavailable_now": _unavailable(found),
    }


def _alive(found: Picture) -> int:
    """Pods that are there and stay: what surge counts."""
    living = [*found.new, *found.old, *found.serving]
    return sum(Stage.TERMINATING not in one.at and not one.is_gone for one in living)


def _unavailable(found: Picture) -> int:
    living = [*found.new, *found.old, *found.serving]
    ready = sum(one.is_ready for one in living)
    return max(0, found.rollout.replicas - ready)


def _figures(found: Picture) -> Iterator[Figure]:
    passed = (found.now - found.rollout.started_at).total_seconds()
    if found.is_running:
        yield _time_left(found, passed)
    else:
        yield Figure(_("Took"), seconds(passed), "", _over_bound(passed, found.bound))
    yield Figure(_("Physical bound"), seconds(found.bound), "", _bound_words(found))
    yield _new_ready(found)
    yield from _capacity(found)


def _bound_words(found: Picture) -> str:
    count = found.bound_waves
    if not found.bound or not count:
        return _("no Pod to replace")
    told = ngettext("%(waves)s wave × %(wave)s", "%(waves)s waves × %(wave)s", count)
    return told % {"waves": count, "wave": seconds(found.bound / count)}


def _time_left(found: Picture, passed: float) -> Figure:
    if not found.has_end_in_sight:
        return _no_end(found, passed)
    left = found.left
    numbers = {"passed": seconds(passed), "total": seconds(left.total)}
    note = _("%(passed)s passed, %(total)s expected") % numbers
    if left.late > 2:
        late = {"late": seconds(left.late)}
        return Figure(
            _("Time left"),
            f"~{seconds(left.seconds)}",
            "",
            _("this wave is %(late)s late") % late,
            "warning",
        )
    return Figure(_("Time left"), f"~{seconds(left.seconds)}", "", note)


def _no_end(found: Picture, passed: float) -> Figure:
    """What holds it up has no foreseeable end, so none is foretold."""
    note, tone = _("%(passed)s passed") % {"passed": seconds(passed)}, "error"
    if found.is_paused:
        note, tone = _("paused; %(passed)s passed") % {"passed": seconds(passed)}, "warning"
    elif failing := len(found.failing):
        note = ngettext(
            "no end in sight: %(n)s Pod does not start",
            "no end in sight: %(n)s Pods do not start",
            failing,
        ) % {"n": failing}
    elif found.left.late > 2:
        late = {"late": seconds(found.left.late)}
        note = _("no end in sight: this wave is %(late)s late") % late
    return Figure(_("Time left"), "–", "", note, tone)


def _over_bound(passed: float, bound: float) -> str:
    if not bound:
        return ""
    return _("%(n)s of the bound") % {"n": f"{100 * passed / bound:.0f} %"}


def _new_ready(found: Picture) -> Figure:
    ready = sum(life.is_ready for life in found.new) + found.kept
    coming = sum(
        Stage.READY not in life.at and Stage.TERMINATING not in life.at and not life.is_failing
        for life in found.new
    )
    note = ""
    if coming:
        note = ngettext("%(n)s more is on its way", "%(n)s more are on their way", coming) % {
            "n": coming
        }
    if found.kept and not note:
        note = ngettext("%(n)s ran already", "%(n)s ran already", found.kept) % {"n": found.kept}
    small = _("of %(n)s") % {"n": found.rollout.replicas}
    return Figure(_("New Pods Ready"), str(min(ready, found.rollout.replicas)), small, note)


def _capacity(found: Picture) -> Iterator[Figure]:
    capacity = found.capacity
    healthy = capacity[-1].healthy if capacity else 0
    name = _("Healthy targets") if found.listeners else _("Ready Pods")
    floors = [one.floor for one in found.listeners if one.floor is not None]
    note = _("Lowest so far %(n)s") % {"n": found.fewest if found.fewest is not None else "–"}
    if floors:
        note += _(", floor %(n)s") % {"n": max(floors)}
    small = _("of %(n)s wanted") % {"n": found.rollout.replicas}
    is_low = bool(floors) and (found.fewest or 0) < max(floors)
    if found.is_running:
        is_low = bool(floors) and healthy < max(floors)
        yield Figure(name, str(healthy), small, note, "error" if is_low else "")
    else:
        fewest = "–" if found.fewest is None else str(found.fewest)
        told = _("floor %(n)s") % {"n": max(floors)} if floors else ""
        yield Figure(_("Fewest healthy"), fewest, small, told, "error" if is_low else "")
    yield _lost(found)


def _lost(found: Picture) -> Figure:
    draining = sum(
        Stage.TERMINATING in one.at and not one.is_gone for one in (*found.new, *found.old)
    )
    told = ""
    if found.rollout.unavailable:
        told = _("maxUnavailable lets %(n)s be missing") % {"n": found.rollout.unavailable}
    elif draining and found.is_running:
        told = ngettext("%(n)s old Pod is draining", "%(n)s old Pods are draining", draining) % {
            "n": draining
        }
    lost = found.lost
    share = "–" if lost is None else f"{100 * lost:.2g} %" if lost else "0 %"
    return Figure(_("Lost capacity"), share, "", told)


def _waves(found: Picture) -> Iterator[Wave]:
    size = found.at_once
    present = True
    for number in range(1, found.wave_count + 1):
        new = found.new[(number - 1) * size : number * size]
        wanted = min(size, found.replaced - (number - 1) * size)
        is_done = len(new) >= wanted and all(Stage.READY in life.at for life in new)
        is_now = not is_done and present and found.is_running
        present = present and is_done
        failing = [life for life in new if life in found.failing] if found.is_running else []
        if is_done:
            state = stage_word(Stage.READY)
        elif failing:
            state = failing[0].word if failing[0].is_failing else _furthest(found, number)
        elif new:
            state = _furthest(found, number)
        else:
            state = _("paused") if is_now and found.is_paused else _("waiting")
        text = _("Wave %(n)s, %(state)s") % {"n": number, "state": state}
        stands = "warning" if is_now and found.is_paused else ""
        yield Wave(text, is_done, is_now, "error" if failing else stands)


def _furthest(found: Picture, number: int) -> str:
    """What most Pods of a wave are at."""
    size = found.at_once
    words: dict[str, int] = {}
    for life in found.new[(number - 1) * size : number * size]:
        spans = life.spans
        if spans and spans[-1].ends is None:
            word = rollout_words.waiting_word(spans[-1].stage)
            words[word] = words.get(word, 0) + 1
    return max(words, key=lambda word: words[word], default=_("on its way"))


def _wave_words(found: Picture) -> str:
    if not found.wave_count:
        return ""
    begun = -(-len(found.new) // found.at_once)
    return _("Wave %(n)s of %(all)s") % {"n": begun, "all": found.wave_count}


def waterfall(found: Picture, query: QueryDict) -> dict[str, Any]:
    view = query.get("view", "") if query.get("view", "") in VIEWS else VIEWS[0]
    scale = axis_of(found)
    context: dict[str, Any] = {
        "picture": found,
        "rollout": found.rollout,
        "view": view,
        "ticks": _ticks(scale),
        "now_x": f"{scale.x(found.now):.4g}",
        "bound_x": _bound_x(found, scale),
        "passed": seconds((found.now - found.rollout.started_at).total_seconds()),
    }
    if view == "waves":
        wanted = {int(word) for word in query.getlist("wave") if word.isdecimal()}
        context["groups"] = rollout_rows.groups(found, scale, wanted, FOLD_ABOVE)
        return context
    lines = rollout_rows.flat(found, by_slowness=view == "slowest")
    page = Paginator(lines, PAGE).get_page(query.get("page"))
    context["groups"] = rollout_rows.printed(found, scale, page.object_list)
    return context | {"page": page}


def axis_of(found: Picture) -> Axis:
    begins = found.rollout.started_at
    if found.is_running:
        longest = max(found.bound, found.left.total if found.has_end_in_sight else 0.0)
        return axis(begins, max(found.now, begins + timedelta(seconds=longest)))
    gone = [life.at[Stage.GONE] for life in found.old if Stage.GONE in life.at]
    late = max([*gone, found.now])
    return axis(begins, min(late, found.now + (found.now - begins)))


def _ticks(scale: Axis) -> list[tuple[str, str]]:
    """x and words of the ticks; the last is the edge, which has no room for words."""
    return [(f"{100 * part / PARTS:.4g}", _short(part * scale.step)) for part in range(PARTS)]


def _short(passed: float) -> str:
    passed = round(passed)
    if passed < 120:
        return _("%(n)s s") % {"n": passed}
    minutes, rest = divmod(passed, 60)
    return f"{minutes}:{rest:02d}" if minutes < 120 else f"{minutes // 60}:{minutes % 60:02d} h"


def _bound_x(found: Picture, scale: Axis) -> str:
    at = found.rollout.started_at + timedelta(seconds=found.bound)
    x = scale.x(at)
    return f"{x:.4g}" if 0 < x < 100 else ""
