"""A binding's phase and its sentence, derived in one place from steps left and health; pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.binding.plan import (
    CreateListener,
    CreateLoadBalancer,
    Deregister,
    Register,
    SetWeight,
    Step,
    batches,
)
from services.binding.words import describe
from services.limits import Problem, Severity

_SHAPE = (CreateLoadBalancer, CreateListener)
_TARGETS = (Register, Deregister, SetWeight)


@dataclass(frozen=True)
class Standing:
    """What is known of a binding after a look: `health` holds one of CLB's words per target."""

    steps: Sequence[Step] = ()
    health: Sequence[str] = ()
    problems: Sequence[Problem] = ()
    has_load_balancer: bool = False
    is_leaving: bool = False
    waits_for: str = ""


def phase(standing: Standing) -> tuple[str, str]:
    """(phase, message); the message says what it waits for."""
    blocking = [p for p in standing.problems if p.severity is Severity.BLOCKS]
    if blocking:
        return "Blocked", " ".join(filter(None, (blocking[0].message, blocking[0].fix)))
    if standing.is_leaving:
        rest = "Waiting for its turn." if standing.has_load_balancer else "Everything is gone."
        return "Deleting", standing.waits_for or _next(standing.steps) or rest
    if not standing.has_load_balancer or any(isinstance(s, _SHAPE) for s in standing.steps):
        said = standing.waits_for or _next(standing.steps)
        return ("Provisioning" if said else "Pending"), said or "Waiting for its turn."
    if any(isinstance(step, Register) for step in standing.steps):
        return "Registering", standing.waits_for or _next(standing.steps)
    word, message = _by_health(standing)
    return word, standing.waits_for or message


def _by_health(standing: Standing) -> tuple[str, str]:
    health = standing.health
    good = sum(word in {"Alive", "Close"} for word in health)
    if not health:
        return "Pending", "No target yet: the selector matches no Pod whose containers are ready."
    if "Dead" in health:
        dead = sum(word == "Dead" for word in health)
        return "Degraded", f"The CLB says Dead of {dead} of {len(health)} targets."
    if good < len(health):
        return "Checking", f"{good} of {len(health)} targets are Alive."
    return "Ready", f"All {len(health)} targets are {'/'.join(sorted(set(health)))}."


def _next(steps: Sequence[Step]) -> str:
    calls = batches(steps)
    return f"Next: {describe(calls[0])}." if calls else ""
