"""What a parameter may look like: a small language in which each action writes its table.

    {"LoadBalancerId*": Text(), "Ports*": Many(Whole(1, 65535), most=50)}

A star marks what is required. Codes are the gateway's (missing, unknown, wrong type) and CLB's
(range, length).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from sandbox.tencent.errors import not_emulated, refuse


class Shape(Protocol):
    def check(self, value: Any, name: str) -> None:
        """Return when the value fits, raise ApiError when it does not."""


Table = Mapping[str, Shape]


def _wrong_type(name: str) -> None:
    refuse("InvalidParameter", f"The value type of parameter `{name}` is not valid.")


@dataclass(frozen=True)
class Text:
    """A string; `one_of` closes the set, `code` is what a value outside of it is refused with."""

    one_of: tuple[str, ...] = ()
    most: int = 4096
    least: int = 0
    code: str = "InvalidParameterValue"

    def check(self, value: Any, name: str) -> None:
        if not isinstance(value, str):
            _wrong_type(name)
        if self.one_of and value not in self.one_of:
            allowed = ", ".join(self.one_of)
            refuse(self.code, f"The value `{value}` of `{name}` is not one of {allowed}.")
        if not self.least <= len(value) <= self.most:
            words = f"The length of `{name}` must be {self.least} to {self.most}."
            refuse("InvalidParameterValue.Length", words)


@dataclass(frozen=True)
class Whole:
    """A whole number within a range; `also` are values allowed beside the range."""

    low: int = 0
    high: int = 2**31
    also: tuple[int, ...] = ()

    def check(self, value: Any, name: str) -> None:
        if not isinstance(value, int) or isinstance(value, bool):
            _wrong_type(name)
        if value not in self.also and not self.low <= value <= self.high:
            words = f"The value {value} of `{name}` is not within {self.low} to {self.high}."
            refuse("InvalidParameterValue.Range", words)


@dataclass(frozen=True)
class Flag:
    def check(self, value: Any, name: str) -> None:
        if not isinstance(value, bool):
            _wrong_type(name)


@dataclass(frozen=True)
class Many:
    """A list of one shape, at most so many."""

    each: Shape
    most: int = 100
    least: int = 0

    def check(self, value: Any, name: str) -> None:
        if not isinstance(value, list):
            _wrong_type(name)
        if not self.least <= len(value) <= self.most:
            words = f"`{name}` takes {self.least} to {self.most} values, got {len(value)}."
            refuse("InvalidParameterValue.Length", words)
        for index, one in enumerate(value):
            self.each.check(one, f"{name}.{index}")


@dataclass(frozen=True)
class Record:
    """An object with fields of its own."""

    fields: Table

    def check(self, value: Any, name: str) -> None:
        if not isinstance(value, dict):
            _wrong_type(name)
        check(value, self.fields, prefix=f"{name}.")


@dataclass(frozen=True)
class NotEmulated:
    """A parameter the real API has and the sandbox has not; never accepted in silence."""

    harmless: tuple[Any, ...] = (False, 0, "", [])

    def check(self, value: Any, name: str) -> None:
        if value not in self.harmless:
            raise not_emulated(f"the parameter `{name}`")


def check(params: Mapping[str, Any], table: Table, *, prefix: str = "") -> None:
    """Refuse what the real gateway refuses; null counts as absent."""
    shapes = {name.rstrip("*"): shape for name, shape in table.items()}
    for name in params:
        if name not in shapes:
            refuse("UnknownParameter", f"The parameter `{prefix}{name}` is not recognized.")
    for name in table:
        if name.endswith("*") and params.get(name[:-1]) is None:
            words = f"The request is missing a required parameter `{prefix}{name[:-1]}`."
            refuse("MissingParameter", words)
    for name, value in params.items():
        if value is not None:
            shapes[name].check(value, f"{prefix}{name}")


def not_emulated_parameters(*names: str) -> dict[str, Shape]:
    return dict.fromkeys(names, NotEmulated())


FILTER = Record({"Name*": Text(), "Values*": Many(Text(), most=100)})
FILTERS = Many(FILTER, most=10)
OFFSET = Whole(0)
LIMIT = Whole(1, 100)
