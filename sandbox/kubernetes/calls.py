"""The log of calls, for tests that ask what was asked of the API servers."""

from collections import deque
from dataclasses import asdict, dataclass
from typing import Any

_KEPT = 50_000


@dataclass
class Call:
    """One request; `request_id` is its Audit-Id."""

    time: float
    cluster: str
    method: str
    path: str
    params: dict[str, str]
    verb: str = ""
    resource: str = ""
    namespace: str = ""
    name: str = ""
    user: str = ""
    code: int = 0
    took: float = 0.0
    request_id: str = ""


class Calls:
    def __init__(self) -> None:
        self._log: deque[Call] = deque(maxlen=_KEPT)

    def note(self, call: Call) -> None:
        self._log.append(call)

    def since(self, moment: float) -> list[dict[str, Any]]:
        """Calls that came after this moment (Unix time), oldest first."""
        return [asdict(call) for call in self._log if call.time > moment]

    def clear(self) -> None:
        self._log.clear()
