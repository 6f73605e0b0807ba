"""One row of the waterfall as HTML: the Pod, its bars as SVG, its status, its life in words.

Made in Python, because a page has hundreds of them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import quote

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from console.markup import markup
from workloads.history.picture import Picture
from workloads.timeline import WAY_IN, Stage, Waiting, slowest
from workloads.timeline.lives import TROUBLES, Life
from workloads.timeline.stages import is_late
from workloads.timeline.waterfall import Axis, bars
from workloads.views.rollout_words import Words, tag

_ROW = (
    '<tr id="r-{}"><th scope="row">{}</th><td>{}</td><td class="bars">'
    '<svg class="chart" role="img" aria-label="{}"><use href="#wf-now"/>{}</svg></td>'
    '<td class="nowrap"><span class="status" data-tone="{}">{}</span>{}</td></tr>\n'
)


@dataclass(frozen=True)
class Status:
    word: str
    tone: str
    note: str = ""


@dataclass(frozen=True)
class Drawing:
    """What all rows of one waterfall share."""

    found: Picture
    axis: Axis
    words: Words
    # The median time to Ready of the new Pods.
    usual: float | None
    address: Callable[[str], str]

    @cached_property
    def serving_word(self) -> str:
        return _("Serving")

    def new(self, life: Life) -> SafeString:
        found = self.found
        waits = life.waiting(found.expected, found.now)
        goes_on = found.is_running and Stage.TERMINATING not in life.at and not life.is_failing
        is_drawn = waits is not None and goes_on
        ready_in = _ready_in(life, waits, found.expected) if waits and is_drawn else None
        drawn = bars(life, self.axis, found.now, is_new=True, ready_in=ready_in)
        return self._row(life, drawn, self._new_status(life, waits), is_new=True)

    def old(self, life: Life) -> SafeString:
        waits = life.waiting(self.found.expected, self.found.now)
        drawn = bars(life, self.axis, self.found.now, is_new=False)
        return self._row(life, drawn, self._old_status(life, waits), is_new=False)

    def summary(self, uid: str, text: str, version: str, drawn: str, status: Status) -> SafeString:
        """A line that stands for several Pods."""
        image = markup('<span class="note">{}</span>', version)
        return _printed(uid, markup("{}", text), image, text, drawn, status)

    def _row(self, life: Life, drawn: str, status: Status, *, is_new: bool) -> SafeString:
        version = tag(life.image) if life.image else life.revision
        shape = "<strong>{}</strong>" if is_new else '<span class="note">{}</span>'
        # Of a Pod that is gone the page has what is kept; another may have its name now.
        rest = f"?uid={quote(life.uid)}" if life.is_gone else ""
        name = markup('<a href="{}{}">{}</a>', self.address(quote(life.name)), rest, life.name)
        told = self.label(life, status)
        return _printed(life.uid, name, markup(shape, version), told, drawn, status)

    def _new_status(self, life: Life, waits: Waiting | None) -> Status:
        if life.is_gone or Stage.TERMINATING in life.at:
            return self._old_status(life, waits)
        if any(mark in life.word for mark in TROUBLES):
            restarts = ngettext("%(n)s restart", "%(n)s restarts", life.restarts)
            said = restarts % {"n": life.restarts} if life.restarts else ""
            return Status(life.word, "error", said)
        if waits is None:
            return self._ready_status(life)
        return self._waiting_status(waits)

    def _waiting_status(self, waits: Waiting) -> Status:
        word, seconds = self.words.waiting[waits.stage], self.words.seconds
        if waits.is_normal and waits.left is not None:
            return Status(word, "info", self.words.left % {"left": seconds(waits.left)})
        if waits.is_normal:
            return Status(word, "info", seconds(waits.seconds))
        numbers = {"waited": seconds(waits.seconds), "expected": seconds(waits.expected)}
        return Status(word, "warning", _("%(waited)s, %(expected)s expected") % numbers)

    def _ready_status(self, life: Life) -> Status:
        word, took = self.words.stages[Stage.READY], life.to_ready
        if took is None:
            return Status(word, "success")
        said = self.words.seconds(took)
        if self.usual is not None and is_late(took, self.usual):
            span = slowest(life.spans)
            return Status(
                word, "warning", f"{said}, {self.words.stages[span.stage]}" if span else said
            )
        return Status(word, "success", said)

    def _old_status(self, life: Life, waits: Waiting | None) -> Status:
        if life.is_gone:
            drained = life.seconds(Stage.WEIGHT_ZERO, Stage.DRAINED)
            note = self.words.drained % {"n": self.words.seconds(drained)} if drained else ""
            return Status(self.words.stages[Stage.GONE], "idle", note)
        if Stage.TERMINATING not in life.at:
            if Stage.READY in life.at:
                return Status(self.serving_word, "success")
            return Status(life.word, "info")
        if waits is None:
            return Status(self.words.waiting[Stage.GONE], "info")
        return self._waiting_status(waits)

    def label(self, life: Life, status: Status) -> str:
        """The whole life in words: who and how first, then a line per stage, then the reason.

        A stage's line: its name, how long it took, when it ended and by whose clock.
        """
        lines = [f"{life.name}: {status.word} {status.note}".strip()]
        words = self.words
        for span in life.spans:
            if span.ends is None:
                lines.append(f"{words.waiting[span.stage]}\t…\t")
                continue
            source = words.sources[span.source] if span.source else ""
            took = words.seconds(span.seconds)
            lines.append(f"{words.stages[span.stage]}\t{took}\t{words.clock(span.ends)} {source}")
        if life.node:
            lines.append(words.node % {"node": life.node})
        if life.because and not life.is_gone:
            lines.append(life.because)
        return "\n".join(lines)


def _printed(
    uid: str, name: SafeString, image: SafeString, told: str, drawn: str, status: Status
) -> SafeString:
    note = f"\N{EN SPACE}{status.note}" if status.note else ""
    # `drawn` is made of our own class names and numbers alone.
    bars_drawn = SafeString(drawn)
    return markup(_ROW, uid, name, image, told, bars_drawn, status.tone, status.word, note)


def _ready_in(life: Life, waits: Waiting, expected: dict[Stage, float]) -> float | None:
    """Seconds until it should be Ready: what is left of this stage, and the stages after it."""
    if waits.stage not in WAY_IN:
        return None
    after = WAY_IN[WAY_IN.index(waits.stage) + 1 :]
    if not life.gated:
        after = tuple(one for one in after if one in {Stage.CONTAINERS_READY, Stage.READY})
    return (waits.left or 0.0) + sum(expected.get(one, 0.0) for one in after)
