"""Who gets the next connection: weighted round robin, least connections, session persistence."""

import itertools
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

Backend = tuple[str, int]
Client = tuple[str, int]
# Whether packets of a client's address get to a backend.
Admits = Callable[[str, Backend], bool]


def anybody(client_ip: str, backend: Backend) -> bool:
    return True


@dataclass(frozen=True)
class Service:
    """What a front should do: `members` are all backends, `receivers` who may get new traffic.

    Members that are not receivers keep their established connections. A backend that leaves
    `members` has its connections reset if `reset_on_leave`, else they live on.
    """

    members: frozenset[Backend]
    receivers: tuple[tuple[Backend, int], ...]
    scheduler: str = "WRR"
    session_seconds: float = 0
    idle_seconds: float = 300
    reset_on_leave: bool = False
    # What a rule or a missing route drops gets no answer at all.
    admits: Admits = field(default=anybody, compare=False)


NOTHING = Service(frozenset(), ())


class Joined(Protocol):
    def cut(self) -> None: ...


class Pool:
    """The backends of one front, their connections and the sessions held to them."""

    def __init__(self, service: Service, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._connections: dict[Backend, set[Joined]] = {}
        self._sessions: dict[str, tuple[Backend, float]] = {}
        self._weights: dict[Backend, int] = {}
        self._turns: Iterator[Backend] = iter(())
        self.service = NOTHING
        self.become(service)

    def become(self, service: Service) -> None:
        before, self.service = self.service, service
        if before.receivers != service.receivers:
            self._weights = dict(service.receivers)
            self._turns = itertools.cycle(interleaved(service.receivers))
        if service.reset_on_leave:
            for backend in before.members - service.members:
                self._cut(backend)

    def pick(self, client_ip: str) -> Backend | None:
        """The backend for a new connection of this client; None if nobody may take it."""
        if not self._weights:
            return None
        if not self.service.session_seconds:
            return self._next()
        now = self._clock()
        held, until = self._sessions.get(client_ip, (None, 0.0))
        if held is None or until < now or held not in self._weights:
            held = self._next()
        self._sessions[client_ip] = held, now + self.service.session_seconds
        return held

    def _next(self) -> Backend:
        if self.service.scheduler == "LEAST_CONN":
            return min(self._weights, key=lambda each: self.count(each) / self._weights[each])
        return next(self._turns)

    def admits(self, client_ip: str, backend: Backend) -> bool:
        return self.service.admits(client_ip, backend)

    def count(self, backend: Backend) -> int:
        return len(self._connections.get(backend, ()))

    def joined(self, backend: Backend, connection: Joined) -> None:
        self._connections.setdefault(backend, set()).add(connection)

    def left(self, backend: Backend, connection: Joined) -> None:
        connections = self._connections.get(backend, set())
        connections.discard(connection)
        if not connections:
            self._connections.pop(backend, None)

    def cut_all(self) -> None:
        for backend in list(self._connections):
            self._cut(backend)

    def _cut(self, backend: Backend) -> None:
        for connection in list(self._connections.pop(backend, ())):
            connection.cut()


def interleaved(receivers: tuple[tuple[Backend, int], ...]) -> Iterator[Backend]:
    """One round of turns: each backend as often as its weight, spread evenly over the round."""
    divisor = math.gcd(*(weight for _, weight in receivers)) or 1
    turns = [
        ((turn + 0.5) / (weight // divisor), index)
        for index, (_, weight) in enumerate(receivers)
        for turn in range(weight // divisor)
    ]
    return (receivers[index][0] for _, index in sorted(turns))
