"""The log of what was asked: tests count write calls by it."""

from collections import deque
from typing import Any

import msgspec

KEPT = 20_000


class Logged(msgspec.Struct):
    """One call; `code` is empty when it was answered as asked."""

    id: str
    time: float
    service: str = ""
    action: str = ""
    write: bool = False
    params: dict[str, Any] = msgspec.field(default_factory=dict)
    code: str = ""
    took: float = 0.0


class CallLog:
    def __init__(self) -> None:
        self._calls: deque[Logged] = deque(maxlen=KEPT)

    def add(self, call: Logged) -> None:
        self._calls.append(call)

    def since(self, moment: float) -> list[Logged]:
        """Calls that began after this moment (epoch seconds), in the order of their answers."""
        return [call for call in self._calls if call.time > moment]

    def clear(self) -> None:
        self._calls.clear()
