"""What a Pod's gate waits for, as one sentence; pure.

The worst listener speaks. Times come from the ledger and the health check's own figures: the CLB
tells nobody how many probes have passed, so they are counted by the clock.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.limits import Sentence

# What the loop says when it comes back later.
SLOW_DOWN = "The CLB API asks to slow down."
IN_ANOTHER_TASK = "The load balancer is in another task."
DRAINING = "Targets are draining."
# How what it says ends where nothing went wrong: a step takes its time, or more of them follow.
BEING_CREATED = "is being created."
UNDER_WAY = "still under way at the CLB."
MORE_STEPS = "More steps are left."
_PROGRESS = (BEING_CREATED, UNDER_WAY, MORE_STEPS)
HEALTHY = {"Alive", "Close"}
OVER_QUOTA = "OverQuota"
# Why a Pod is no target yet, or no more: no fault of how it is made.
_PASSING = {"ContainersNotReady", "Terminating"}


class Cause(StrEnum):
    """In the order of how bad they are; the first one speaks."""

    DEAD = "Dead"
    DEAD_LATER = "DeadLater"
    BLOCKED = "Blocked"
    QUOTA = "Quota"
    EXCLUDED = "Excluded"
    NO_GATE = "NoGate"
    NO_SERVICE = "NoService"
    CONTAINERS = "Containers"
    THROTTLED = "Throttled"
    BUSY = "Busy"
    RETRYING = "Retrying"
    REGISTERING = "Registering"
    OVERDUE = "Overdue"
    CHECKING = "Checking"
    OPENING = "Opening"


TONES = {
    Cause.DEAD: "error",
    Cause.DEAD_LATER: "error",
    Cause.BLOCKED: "error",
    Cause.QUOTA: "error",
    Cause.EXCLUDED: "warning",
    Cause.NO_GATE: "warning",
    Cause.NO_SERVICE: "warning",
    Cause.OVERDUE: "warning",
    Cause.RETRYING: "warning",
}
_ORDER = {cause: number for number, cause in enumerate(Cause)}


@dataclass(frozen=True)
class Way:
    """One listener of one claimed Service that should lead to the Pod, as podgate knows it.

    `health` is the CLB's word, empty without one; `said` is what more is known of a Dead target;
    `left_out` is (reason, message) of a Pod that is no target. The rest is the binding's.
    """

    service: str
    listener: str
    lb_id: str = ""
    address: str = ""
    registered_at: datetime | None = None
    health: str = ""
    health_since: datetime | None = None
    said: str = ""
    interval: int = 5
    probes: int = 3
    left_out: tuple[str, str] | None = None
    phase: str = ""
    message: str = ""
    due_because: str = ""
    due_at: datetime | None = None

    @property
    def words(self) -> Sentence:
        """ "TCP:80 of lb-1 (shop/bar)", to be translated with the sentence it stands in."""
        if not self.lb_id:
            return Sentence(
                "%(listener)s of a load balancer to come (%(service)s)",
                listener=self.listener,
                service=self.service,
            )
        return Sentence(
            "%(listener)s of %(lb)s (%(service)s)",
            listener=self.listener,
            lb=self.lb_id,
            service=self.service,
        )


@dataclass(frozen=True)
class Wait:
    """`since`, `interval` and `probes` are given while the CLB checks, for a page to count on."""

    cause: Cause
    sentence: Sentence
    left: float = 0.0
    since: datetime | None = None
    interval: int = 0
    probes: int = 0
    until: datetime | None = None

    @property
    def tone(self) -> str:
        return TONES.get(self.cause, "info")


# The two that count down: a page fills in n and left anew each second.
CHECKING = Sentence(
    "Waiting for the CLB's health check: %(n)s of %(of)s probes made, ~%(left)s s left."
)
AGAIN = Sentence("%(because)s Tried again in %(left)s s.")


def wait(
    ways: Sequence[Way],
    *,
    gate: str,
    containers_ready: bool,
    now: datetime,
    why_no_gate: str = "",
) -> Wait | None:
    """None when there is nothing to wait for; `gate` is True, False or missing, empty without one.

    A Pod without a gate waits for nothing: it is told `why_no_gate` when it should have one.
    """
    if not gate:
        return _without_gate(ways, why_no_gate, now)
    if gate == "True":
        return _afterwards(ways, now)
    if not ways:
        return Wait(Cause.NO_SERVICE, Sentence("No claimed Service selects this Pod."))
    left_out = [way for way in ways if way.left_out and way.left_out[0] not in _PASSING]
    if not containers_ready and not left_out:
        words = Sentence("Its containers are not ready yet; then the CLB gets to know it.")
        return Wait(Cause.CONTAINERS, words)
    return worst(_wait(way, now) for way in ways)


def worst(waits: Iterable[Wait]) -> Wait | None:
    """The one that speaks for all; of those that only take their time the longest."""
    return min(waits, key=lambda one: (_ORDER[one.cause], -one.left), default=None)


def _without_gate(ways: Iterable[Way], why: str, now: datetime) -> Wait | None:
    """It waits for nothing, but may get no traffic all the same."""
    if (way := _dead(ways)) is not None:
        words = Sentence(
            "Without a gate, and the CLB says Dead of %(address)s on %(listener)s: %(said)s",
            **_of(way, now),
        )
        return Wait(Cause.DEAD_LATER, words)
    if not why:
        return None
    return Wait(Cause.NO_GATE, Sentence("The webhook added no gate: %(why)s", why=why))


def _afterwards(ways: Iterable[Way], now: datetime) -> Wait | None:
    """The gate stays open for the life of the Pod, whatever becomes of its targets."""
    if (way := _dead(ways)) is None:
        return None
    words = Sentence(
        "The gate is open, but the CLB says Dead of %(address)s on %(listener)s: %(said)s",
        **_of(way, now),
    )
    return Wait(Cause.DEAD_LATER, words)


def _dead(ways: Iterable[Way]) -> Way | None:
    return next((way for way in ways if way.health == "Dead"), None)


def _of(way: Way, now: datetime) -> dict[str, object]:
    return {"address": way.address, "listener": way.words, "said": _said(way, now)}


def _wait(way: Way, now: datetime) -> Wait:
    if way.registered_at is None:
        return _unregistered(way, now)
    if way.health == "Dead":
        words = Sentence(
            "The CLB says Dead of %(address)s on %(listener)s: %(said)s",
            address=way.address,
            listener=way.words,
            said=_said(way, now),
        )
        return Wait(Cause.DEAD, words)
    if way.health in HEALTHY:
        words = Sentence("The CLB says %(word)s; podgate opens the gate.", word=way.health)
        return Wait(Cause.OPENING, words)
    return _checked(way, way.registered_at, now)


def _said(way: Way, now: datetime) -> Sentence | str:
    if way.said:
        return way.said
    if way.health_since is None:
        return Sentence("its health check fails.")
    seconds = max(0, round((now - way.health_since).total_seconds()))
    return Sentence("its health check has failed for %(n)s s.", n=seconds)


def _checked(way: Way, since: datetime, now: datetime) -> Wait:
    expected = way.interval * way.probes
    passed = max(0.0, (now - since).total_seconds())
    if passed > expected + way.interval:
        words = Sentence(
            "The CLB says Unknown on %(listener)s for %(n)s s now; %(expected)s s are usual.",
            listener=way.words,
            n=round(passed),
            expected=expected,
        )
        return Wait(Cause.OVERDUE, words)
    left = max(0.0, expected - passed)
    words = Sentence(
        CHECKING,
        n=min(way.probes, int(passed // way.interval) if way.interval else way.probes),
        of=way.probes,
        left=round(left),
    )
    return Wait(Cause.CHECKING, words, left, since, way.interval, way.probes)


def _unregistered(way: Way, now: datetime) -> Wait:
    if way.left_out and way.left_out[0] not in _PASSING:
        return _left_out(way, *way.left_out)
    if way.phase == "Blocked":
        words = Sentence("Service %(service)s: %(why)s", service=way.service, why=way.message)
        return Wait(Cause.BLOCKED, words)
    if way.due_because.endswith(_PROGRESS):
        words = Sentence(
            "%(because)s Then it becomes a target of %(way)s.",
            because=way.due_because,
            way=way.words,
        )
        return Wait(Cause.REGISTERING, words)
    if way.due_at and way.due_because and way.due_because != DRAINING:
        return _again(way, way.due_at, now)
    return Wait(
        Cause.REGISTERING, Sentence("Waiting to become a target of %(way)s.", way=way.words)
    )


def _left_out(way: Way, reason: str, message: str) -> Wait:
    if reason != OVER_QUOTA:
        words = Sentence(
            "It is no target of %(service)s: %(why)s", service=way.service, why=message
        )
        return Wait(Cause.EXCLUDED, words)
    words = Sentence(
        "%(listener)s has as many targets as the account's quota allows: this Pod waits until "
        "another one goes or the quota is raised.",
        listener=way.words,
    )
    return Wait(Cause.QUOTA, words)


def _again(way: Way, due_at: datetime, now: datetime) -> Wait:
    causes = {SLOW_DOWN: Cause.THROTTLED, IN_ANOTHER_TASK: Cause.BUSY}
    left = max(0.0, (due_at - now).total_seconds())
    words = Sentence(AGAIN, because=_sentence(way.due_because), left=round(left))
    return Wait(causes.get(way.due_because, Cause.RETRYING), words, left, until=due_at)


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."
