"""One run of the loop over one binding: what it holds, how it stops, what it writes down."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from console import live
from console.doors import Call
from console.kube import Kube
from services.binding.cluster import Service
from services.binding.leases import Held
from services.binding.phases import Standing, phase
from services.binding.plan import Step
from services.limits import Problem, Severity
from services.models import Binding, StepTaken
from services.spec import ServiceSpec

# Set when the worker shuts down; waits end, and the task goes back to the queue.
stopping = threading.Event()


@dataclass(frozen=True)
class Settled:
    pass


@dataclass(frozen=True)
class Again:
    due_at: datetime
    because: str


type Outcome = Settled | Again


class ComeBack(Exception):
    """Nothing is wrong, but this run can do no more: the cloud is at it."""

    def __init__(self, seconds: float, because: str) -> None:
        super().__init__(because)
        self.seconds = seconds
        self.because = because


class Blocked(Exception):
    """The user must act; nothing is written in the cloud until then."""

    def __init__(self, code: str, message: str, fix: str = "") -> None:
        super().__init__(message)
        self.problem = Problem(code, Severity.BLOCKS, message, fix)


@dataclass
class Run:
    binding: Binding
    lease: Held
    kube: Kube
    service: Service | None = None
    spec: ServiceSpec | None = None
    # No Service, or none that claims us any more: what is desired is nothing.
    is_leaving: bool = False
    # The TkeServiceConfig it names is missing: listeners keep the health check they have.
    keeps_checks: bool = False
    problems: list[Problem] = field(default_factory=list)
    # Why no GlobalRouter address can be bound now, if so.
    unrouted: Problem | None = None
    # What was planned last.
    steps: Sequence[Step] = ()
    # Whether health was read in this very run.
    is_fresh: bool = False
    # Steps that only the user can make possible; not tried again before the next run.
    refused: set[Step] = field(default_factory=set)


def again(seconds: float, because: str) -> Again:
    return Again(timezone.now() + timedelta(seconds=seconds), because)


def took(binding: Binding, text: str, calls: Sequence[Call], *, note: str = "") -> None:
    """A line of the timeline for the last write among these calls."""
    writes = [call for call in calls if call.write]
    if not writes:
        return
    last = writes[-1]
    StepTaken.objects.create(
        binding=binding,
        at=timezone.now(),
        text=text,
        note=note,
        api_call=_words(last.action)[:64],
        request_id=last.request_id[:64],
        took=last.took,
        ok=last.ok,
        result="Done" if last.ok else last.code or "Failed",
    )
    live.announce(topic(binding))


def _words(action: str) -> str:
    """`PATCH services` of a path, an API's name as it is."""
    verb, slash, where = action.partition(" ")
    if not slash:
        return action
    parts = where.split("?")[0].strip("/").split("/")
    start = parts.index("namespaces") + 2 if "namespaces" in parts[:-2] else len(parts) - 1
    kind, *rest = parts[start:]
    return f"{verb} {'/'.join([kind, *rest[1:]])}"


def report(binding: Binding, standing: Standing, *, is_run: bool = True) -> bool:
    """The phase and its sentence, where they differ from what stands; told to whoever watches.

    Answers whether the phase changed.
    """
    now = timezone.now()
    word, message = phase(standing)
    problems = [
        {"code": p.code, "severity": p.severity, "message": str(p.message), "fix": str(p.fix)}
        for p in standing.problems
    ]
    before = binding.phase
    if (before, binding.message, binding.problems) == (word, message, problems):
        return False
    if before != word:
        binding.passed = gone_through(binding, word, message, now)
        binding.phase_since = now
    fields = {
        "phase": word,
        "message": message,
        "problems": problems,
        "passed": binding.passed,
        "phase_since": binding.phase_since,
    }
    rows = Binding.objects.filter(pk=binding.pk)
    # Only a run, which holds the lease, may overrule what came since this was read.
    if not (rows if is_run else rows.filter(phase=before)).update(**fields):
        return False
    binding.phase, binding.message, binding.problems = word, message, problems
    live.announce(topic(binding))
    return before != word


def gone_through(binding: Binding, word: str, message: str, now: datetime) -> dict[str, Any]:
    """Each phase as it was last gone through: a rollout goes a part of the way again."""
    since = binding.phase_since
    took = round((now - since).total_seconds(), 1)
    left = {"at": since.isoformat(), "note": binding.message, "took": took}
    entered = {"at": now.isoformat(), "note": message}
    return {**binding.passed, binding.phase: left, word: entered}


def stored_problems(binding: Binding) -> list[Problem]:
    return [
        Problem(p["code"], Severity(p["severity"]), p["message"], p["fix"])
        for p in binding.problems
    ]


def topic(binding: Binding) -> str:
    return f"{binding.cluster.cluster_id}/services/{binding.namespace}/{binding.name}"
