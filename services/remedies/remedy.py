"""What a remedy is: something podgate can do about a limit, shown before it is done."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from console.differences import Line, difference


class Refused(Exception):
    """The remedy cannot be applied, and why, in the reader's language."""


class NotDone(Exception):
    """The calls were made, but what was read afterwards is not what was wanted."""


@dataclass(frozen=True)
class Call:
    """A call that will be made: service and action of the cloud, or verb and path of Kubernetes."""

    action: str
    parameters: Mapping[str, Any]

    @property
    def text(self) -> str:
        return json.dumps(self.parameters, indent=2, ensure_ascii=False)


@dataclass(frozen=True)
class Choice:
    """A value of a parameter that the user has to choose first."""

    value: str
    label: str
    note: str = ""


@dataclass(frozen=True)
class Prepared:
    """A remedy ready to be confirmed; `before` and `after` are what the Activity row keeps.

    `nothing` says why there is nothing to do; `choices` are the values of `asks`, a parameter that
    is still missing. `warnings` are kept in Activity: English, of `words.KEPT`.
    """

    title: str
    what: str
    button: str = ""
    done: str = ""
    kind: str = ""
    name: str = ""
    calls: tuple[Call, ...] = ()
    before: Any = None
    after: Any = None
    act: Callable[[], None] = field(default=lambda: None)
    warnings: tuple[str, ...] = ()
    nothing: str = ""
    asks: str = ""
    choices: tuple[Choice, ...] = ()
    link: str = ""

    @property
    def changes(self) -> tuple[Line, ...]:
        return difference(self.before, self.after)

    @property
    def seen(self) -> str:
        """A fingerprint of what the confirmation was asked for."""
        shown = json.dumps([self.before, self.after], sort_keys=True, default=str)
        return hashlib.sha256(shown.encode()).hexdigest()[:16]


type Parameters = Mapping[str, str]
