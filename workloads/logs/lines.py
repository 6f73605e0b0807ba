"""Lines of a container's log with the runtime's time stamps; pure."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

# A time stamp may have any number of digits behind the point: trailing zeros are not written.
_STAMP = re.compile(r"(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?(Z|[+-]\d{2}:\d{2})")
# Colours and cursor movements of terminals, and what else no page can show.
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


@dataclass(frozen=True)
class Line:
    """`at`: the stamp with nine digits, so that stamps sort as text; empty without one."""

    at: str
    text: str

    @property
    def clock(self) -> str:
        """The time of day to the millisecond."""
        return self.at[11:23] if self.at else ""


def line(raw: bytes) -> Line:
    text = raw.decode("utf-8", errors="replace").rstrip("\r\n")
    stamp, _, rest = text.partition(" ")
    found = _STAMP.fullmatch(stamp)
    if found is None:
        return Line("", plain(text))
    whole, part, zone = found.groups()
    return Line(f"{whole}.{(part or '').ljust(9, '0')}{zone}", plain(rest))


def plain(text: str) -> str:
    """Without escapes; of what overwrites itself by a carriage return the last."""
    return _CONTROLS.sub("", _ESCAPES.sub("", text).rpartition("\r")[2])


def lines(body: bytes) -> list[Line]:
    found = body.split(b"\n")
    return [line(one) for one in (found[:-1] if not found[-1] else found)]


def after(found: Iterable[Line], last: str) -> Iterator[Line]:
    """Those after a stamp: the API server counts in whole seconds and sends some again."""
    return (one for one in found if not last or one.at > last)


def since(last: str) -> str:
    """The `sinceTime` to ask with for what comes after a stamp."""
    return f"{last[:19]}Z" if last else ""


def matching(found: Iterable[Line], words: str) -> list[Line]:
    """Those that hold the words, in any case."""
    wanted = words.casefold()
    return [one for one in found if wanted in one.text.casefold()]
