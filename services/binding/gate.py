"""A Pod's gate from what the load balancers say of its targets; pure.

One condition over all claimed Services and listeners that should lead to the Pod. Once True it
stays True for the life of the Pod; later trouble changes only the message.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from console.kinds import Condition

MESSAGE_EVERY = timedelta(seconds=10)


class Reason(StrEnum):
    NOT_REGISTERED = "NotRegistered"
    CHECKING = "HealthChecking"
    UNHEALTHY = "Unhealthy"
    HEALTHY = "Healthy"
    NO_HEALTH_CHECK = "HealthCheckDisabled"
    BINDING_REMOVED = "BindingRemoved"


@dataclass(frozen=True)
class Backing:
    """One listener that should lead to the Pod; `health` in the CLB's words, empty = no target."""

    service: str
    listener: str
    lb_id: str = ""
    health: str = ""
    because: str = ""

    def __str__(self) -> str:
        return f"{self.listener} of {self.lb_id or 'a load balancer to come'} ({self.service})"


def gate_condition(
    gate_type: str,
    backings: Sequence[Backing],
    current: Condition | None,
    *,
    now: datetime,
    removed: bool = False,
) -> Condition | None:
    """The condition to write, or None when what stands is right.

    `removed` says that the last claimed Service of this Pod goes or has gone.
    """
    if not backings and not removed:
        return None
    wanted = _wanted(gate_type, backings, current, now)
    return wanted if current is None else _against(wanted, current, now)


def held_back(
    backings: Sequence[Backing], current: Condition | None, now: datetime
) -> datetime | None:
    """When an open gate may say what it does not say yet: its message changes only so often."""
    if not backings or current is None or current.status != "True":
        return None
    wanted = _wanted(current.type, backings, current, now)
    if (wanted.reason, wanted.message) == (current.reason, current.message):
        return None
    return (current.last_probe_time or now) + MESSAGE_EVERY


def _wanted(
    gate_type: str, backings: Sequence[Backing], current: Condition | None, now: datetime
) -> Condition:
    is_open, reason, message = _verdict(backings)
    was_open = current is not None and current.status == "True"
    if was_open and not is_open:
        is_open, message = True, f"{message} The gate stays open for the life of the Pod."
    return Condition(
        type=gate_type,
        status="True" if is_open else "False",
        reason=reason,
        message=message,
        last_transition_time=now,
        last_probe_time=now,
    )


def _against(wanted: Condition, current: Condition, now: datetime) -> Condition | None:
    if wanted.status != current.status:
        return wanted
    if (wanted.reason, wanted.message) == (current.reason, current.message):
        return None
    said = current.last_probe_time
    if wanted.status == "True" and said is not None and now - said < MESSAGE_EVERY:
        return None
    return Condition(
        type=wanted.type,
        status=wanted.status,
        reason=wanted.reason,
        message=wanted.message,
        last_transition_time=current.last_transition_time or now,
        last_probe_time=now,
    )


def _verdict(backings: Sequence[Backing]) -> tuple[bool, Reason, str]:
    """The worst listener speaks."""
    if not backings:
        return True, Reason.BINDING_REMOVED, "No claimed Service selects this Pod any more."
    for reason, health, words in _TROUBLES:
        if worst := [backing for backing in backings if backing.health in health]:
            because = worst[0].because
            return False, reason, f"{worst[0]}{words}{because and f': {because}'}."
    if any(backing.health == "Close" for backing in backings):
        off = next(backing for backing in backings if backing.health == "Close")
        return True, Reason.NO_HEALTH_CHECK, f"{off} has no health check; the target is registered."
    said = ", ".join(str(backing) for backing in backings)
    return True, Reason.HEALTHY, f"The CLB says Alive on {said}."


_TROUBLES = (
    (Reason.UNHEALTHY, {"Dead"}, " says Dead"),
    (Reason.NOT_REGISTERED, {""}, " has no target for this Pod yet"),
    (Reason.CHECKING, {"Unknown"}, " is still checking this Pod (Unknown)"),
)
