"""The use limits of direct access: a list of small pure checks over facts; pure."""

from dataclasses import dataclass
from enum import StrEnum


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
