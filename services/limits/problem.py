"""How a check answers: a Problem, the sentence that it passed, or nothing; pure.

A `Limit` is what `docs/use-limits.md` says of a problem: its code, sentence, evidence and fix.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from services.limits.facts import Facts
from services.limits.sentence import Sentence, from_builtins, to_builtins
from services.spec import Access, ServiceSpec

__all__ = [
    "Check",
    "Evidence",
    "Limit",
    "Outcome",
    "Passed",
    "Problem",
    "Remedy",
    "Sentence",
    "Severity",
    "is_direct",
    "kept",
    "restored",
    "to_json",
]


class Severity(StrEnum):
    BLOCKS = "blocks"
    WARNS = "warns"
    INFORMS = "informs"


@dataclass(frozen=True)
class Evidence:
    """Where a sentence was read: an API or object, its field, and what stood there."""

    source: str
    field: str
    value: str

    def __str__(self) -> str:
        return f"{self.source} {self.field} = {self.value}"


@dataclass(frozen=True)
class Remedy:
    """A fix that podgate can do itself, after a preview and a confirmation."""

    name: str
    parameters: Mapping[str, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Problem:
    """What the user must know or fix: a stable code, one sentence with values, the next step."""

    code: str
    severity: Severity
    message: str
    fix: str = ""
    evidence: tuple[Evidence, ...] = ()
    remedy: Remedy | None = None
    # Where it is done, or read about, when podgate cannot do it.
    link: str = ""
    # Another way out that podgate can go, beside the remedy.
    instead: Remedy | None = None


@dataclass(frozen=True)
class Limit:
    """One way in which a Service may not work; called with values it is the Problem."""

    code: str
    severity: Severity
    message: Sentence
    fix: Sentence | str = ""
    # API and field, as the documentation names them.
    source: str = ""
    remedy: str = ""
    link: str = ""
    instead: str = ""

    def __call__(
        self,
        *evidence: Evidence,
        remedy: Any = None,
        instead: Any = None,
        **values: object,
    ) -> Problem:
        """`remedy` and `instead`: their parameters, where podgate can do it in this case."""
        fix = self.fix
        return Problem(
            self.code,
            self.severity,
            Sentence(self.message.template, **values),
            Sentence(fix.template, **values) if isinstance(fix, Sentence) else fix,
            evidence,
            _remedy(self.remedy, remedy),
            self.link,
            _remedy(self.instead, instead),
        )


def _remedy(name: str, parameters: Any) -> Remedy | None:
    return Remedy(name, dict(parameters)) if name and parameters is not None else None


@dataclass(frozen=True)
class Passed:
    text: str


type Outcome = Problem | tuple[Problem, ...] | Passed | None
type Check = Callable[[ServiceSpec, Facts], Outcome]


def is_direct(spec: ServiceSpec) -> bool:
    """A claimed Service is always bound directly, whatever its annotation says."""
    balanced = spec.access in {Access.PUBLIC, Access.PRIVATE}
    return balanced and (spec.direct or spec.claim is not None)


def kept(problem: Problem) -> dict[str, Any]:
    """A problem as a row keeps it: its sentences stay translatable."""
    return {
        "code": problem.code,
        "severity": problem.severity.value,
        "message": to_builtins(problem.message),
        "fix": to_builtins(problem.fix),
        "evidence": [[one.source, one.field, one.value] for one in problem.evidence],
        "remedy": _kept(problem.remedy),
        "link": problem.link,
        **({"instead": _kept(problem.instead)} if problem.instead else {}),
    }


def _kept(remedy: Remedy | None) -> list[Any] | None:
    return [remedy.name, dict(remedy.parameters)] if remedy else None


def to_json(problem: Problem) -> dict[str, Any]:
    """A problem as pipelines read it: texts, no templates."""
    return {
        "code": problem.code,
        "severity": problem.severity.value,
        "message": str(problem.message),
        "fix": str(problem.fix),
        "evidence": [
            {"source": one.source, "field": one.field, "value": one.value}
            for one in problem.evidence
        ],
        "remedy": _named(problem.remedy),
        "instead": _named(problem.instead),
        "link": problem.link,
    }


def _named(remedy: Remedy | None) -> dict[str, Any] | None:
    return {"name": remedy.name, "parameters": dict(remedy.parameters)} if remedy else None


def restored(row: Mapping[str, Any]) -> Problem:
    remedy, instead = row.get("remedy"), row.get("instead")
    return Problem(
        row["code"],
        Severity(row["severity"]),
        from_builtins(row["message"]),
        from_builtins(row.get("fix", "")),
        tuple(Evidence(*one) for one in row.get("evidence", ())),
        Remedy(*remedy) if remedy else None,
        row.get("link", ""),
        Remedy(*instead) if instead else None,
    )
