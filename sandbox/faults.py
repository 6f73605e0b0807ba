"""The switchboard of faults: which one is on, for which calls, how often and for how long.

Both halves ask it (`strike`) at the places where a real API goes wrong; tests and the sandbox page
set it through `/_sandbox/faults`. What a fault does is the asker's business.
"""

import itertools
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

CALLS = {"throttle", "busy", "timeout_before", "timeout_after", "error_500"}
TENCENT = {
    "failed_task",
    "stuck_task",
    "partial",
    "silent",
    "stale_health",
    "missing_health",
    "no_ids",
}
KUBERNETES = {"gone_410", "dead_watch", "conflict", "forbidden"}
KNOWN = CALLS | TENCENT | KUBERNETES


@dataclass(slots=True)
class Fault:
    """One fault that is switched on; `times` counts down, None means until switched off."""

    id: int
    fault: str
    action: str | None = None
    times: int | None = None
    until: float | None = None
    match: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    struck: int = 0

    def applies(self, action: str, params: Mapping[str, Any]) -> bool:
        return self.action in (None, action) and covers(self.match, params)


class Faults:
    """The faults of one half, in the order in which they were switched on."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._ids = itertools.count(1)
        self._on: list[Fault] = []

    def switch_on(self, request: Mapping[str, Any]) -> Fault:
        """Switch on what `POST /_sandbox/faults` asks for; ValueError for an unknown fault.

        Fields: fault, action, times, seconds (how long it stays on), match; any other field is an
        option for the one who asks, such as `hang` of the timeouts.
        """
        rest = dict(request)
        name, action = rest.pop("fault", None), rest.pop("action", None)
        times, seconds = rest.pop("times", None), rest.pop("seconds", None)
        match = rest.pop("match", None) or {}
        if name not in KNOWN:
            raise ValueError(f"unknown fault {name!r}; known: {', '.join(sorted(KNOWN))}")
        until = None if seconds is None else self._clock() + seconds
        fault = Fault(next(self._ids), name, action, times, until, match, rest)
        self._on.append(fault)
        return fault

    def switch_off(self, name: str | None = None) -> None:
        """Switch off every fault, or every fault of one name."""
        self._on = [fault for fault in self._on if name not in (None, fault.fault)]

    def strike(
        self, name: str, action: str = "", params: Mapping[str, Any] | None = None
    ) -> Fault | None:
        """The fault of this name that hits this call, one of its times spent; None if none does."""
        self._forget_spent()
        for fault in self._on:
            if fault.fault == name and fault.applies(action, params or {}):
                fault.struck += 1
                if fault.times is not None:
                    fault.times -= 1
                return fault
        return None

    def listed(self) -> list[dict[str, Any]]:
        """What is on now, as `GET /_sandbox/faults` shows it."""
        self._forget_spent()
        return [
            {
                "id": fault.id,
                "fault": fault.fault,
                "action": fault.action,
                "times": fault.times,
                "seconds": None if fault.until is None else fault.until - self._clock(),
                "match": fault.match,
                "struck": fault.struck,
                **fault.options,
            }
            for fault in self._on
        ]

    def _forget_spent(self) -> None:
        now = self._clock()
        self._on = [
            fault
            for fault in self._on
            if fault.times != 0 and (fault.until is None or fault.until > now)
        ]


def covers(wanted: Any, found: Any) -> bool:
    """Whether everything wanted is found: fields by name, list elements by any element."""
    if isinstance(found, (list, tuple)) and not isinstance(wanted, (list, tuple)):
        return any(covers(wanted, each) for each in found)
    if isinstance(wanted, Mapping):
        return isinstance(found, Mapping) and all(
            key in found and covers(value, found[key]) for key, value in wanted.items()
        )
    if isinstance(wanted, (list, tuple)):
        return isinstance(found, (list, tuple)) and all(covers(each, found) for each in wanted)
    return bool(wanted == found)
