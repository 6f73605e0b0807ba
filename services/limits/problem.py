"""How a check answers: a Problem, the sentence that it passed, or nothing; pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from services.limits.facts import Facts
from services.spec import Access, ServiceSpec


class Sentence(str):
    """English text that remembers its template and values, so that a page can translate it."""

    template: str
    values: Mapping[str, object]

    def __new__(cls, template: str, **values: object) -> "Sentence":
        text = super().__new__(cls, template % values if values else template)
        text.template = template
        text.values = values
        return text


class Severity(StrEnum):
    BLOCKS = "blocks"
    WARNS = "warns"
    INFORMS = "informs"


@dataclass(frozen=True)
class Problem:
    """What the user must know or fix: a stable code, one sentence with values, the next step."""

    code: str
    severity: Severity
    message: str
    fix: str = ""


@dataclass(frozen=True)
class Passed:
    text: str


type Outcome = Problem | Passed | None
type Check = Callable[[ServiceSpec, Facts], Outcome]


def is_direct(spec: ServiceSpec) -> bool:
    return spec.access in {Access.PUBLIC, Access.PRIVATE} and spec.direct


def blocks(code: str, message: str, fix: str = "") -> Problem:
    return Problem(code, Severity.BLOCKS, message, fix)


def warns(code: str, message: str, fix: str = "") -> Problem:
    return Problem(code, Severity.WARNS, message, fix)


def unknown(code: str, message: str, fix: str = "") -> Problem:
    return Problem(code, Severity.INFORMS, message, fix)
