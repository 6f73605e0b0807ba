"""How far a binding is: the stages to Ready, each with when, how long and what came of it."""

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from services.models import Binding, Phase
from services.printed.words import PHASE_TONES, is_called_out, phase_word
from services.words import stored

STAGES = (Phase.PENDING, Phase.PROVISIONING, Phase.REGISTERING, Phase.CHECKING, Phase.READY)
# Seconds after which a stage is worth a second look, where nothing better is known.
PATIENCE = {Phase.PENDING: 5.0, Phase.PROVISIONING: 30.0, Phase.REGISTERING: 10.0}


@dataclass(frozen=True)
class Stage:
    """`state` is done, current or to come."""

    name: str
    state: str
    tone: str
    lines: tuple[str, ...]


def stages(binding: Binding, now: datetime) -> list[Stage]:
    """Nothing for a binding that goes away; Degraded and Blocked stand where they stopped."""
    if binding.phase == Phase.DELETING:
        return []
    here = _here(binding)
    return [_stage(binding, stage, number, here, now) for number, stage in enumerate(STAGES)]


def _here(binding: Binding) -> int:
    """The stage a binding is at; a troubled one is at the last it reached."""
    if binding.phase in STAGES:
        return STAGES.index(Phase(binding.phase))
    if binding.phase == Phase.DEGRADED:
        return STAGES.index(Phase.CHECKING)
    reached = [n for n, stage in enumerate(STAGES) if stage.value in binding.passed]
    return max(reached, default=0)


def _stage(binding: Binding, stage: Phase, number: int, here: int, now: datetime) -> Stage:
    if number < here or binding.phase == Phase.READY == stage:
        return Stage(phase_word(stage), "done", "", _done(binding, stage))
    if number > here:
        return Stage(phase_word(stage), "to come", "", ())
    troubled = binding.phase in {Phase.DEGRADED, Phase.BLOCKED}
    late, lines = _so_far(binding, stage, now)
    tone = PHASE_TONES[binding.phase] if troubled else ("warning" if late else "")
    word = phase_word(binding.phase) if troubled else phase_word(stage)
    message = () if is_called_out(binding) else (stored(binding.message),)
    return Stage(word, "current", tone, (*lines, *message))


def _done(binding: Binding, stage: Phase) -> tuple[str, ...]:
    """When it was last gone through, and how long that took."""
    passed = binding.passed.get(stage.value)
    if passed is None:
        return ()
    at = timezone.localtime(datetime.fromisoformat(passed["at"])).strftime("%H:%M:%S")
    if stage is Phase.READY or "took" not in passed:
        return (at,)
    return (_("%(at)s, %(n)s s") % {"at": at, "n": f"{passed['took']:.1f}"},)


def _so_far(binding: Binding, stage: Phase, now: datetime) -> tuple[bool, tuple[str, ...]]:
    """Whether it takes longer than it should, and both numbers."""
    passed = max(0, (now - binding.phase_since).total_seconds())
    expected = binding.first_look if stage is Phase.CHECKING else PATIENCE.get(stage, 0.0)
    if stage is Phase.PENDING and binding.lb_id:
        # It has all but targets, which come when somebody runs Pods.
        expected = 0.0
    if not expected or binding.phase in {Phase.DEGRADED, Phase.BLOCKED}:
        return False, (_("for %(n)d s") % {"n": passed},)
    words = _("%(n)d s so far, expected within %(expected)d s") % {
        "n": passed,
        "expected": expected,
    }
    return passed > expected, (words,)
