"""The health check: looks at every target at its listener's interval, weight 0 included.

Unknown until `HealthNum` looks in a row succeeded or `UnHealthNum` failed, the first of them one
interval after registration. What a look is belongs to `probes`.
"""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable

import msgspec

from sandbox.tencent.clock import Clock, Timer
from sandbox.tencent.model import ALIVE, DEAD, Listener, LoadBalancer, Target

Probe = Callable[[LoadBalancer, Listener, Target], Awaitable[bool]]
Key = tuple[str, str]
KEPT = 50_000


class Verdict(msgspec.Struct):
    """A target whose health changed, and when (epoch seconds); benchmarks count from here."""

    time: float
    load_balancer: str
    listener: str
    target: str
    health: str


class Checks:
    """One check per target of every listener whose health check is on.

    Without a probe every look succeeds (`--health assume`).
    """

    def __init__(self, clock: Clock, *, changed: Callable[[LoadBalancer], None]) -> None:
        self.clock, self.changed = clock, changed
        self.probe: Probe | None = None
        self.running: set[asyncio.Task[None]] = set()
        self.verdicts: deque[Verdict] = deque(maxlen=KEPT)
        self._of: dict[str, dict[Key, Check]] = {}

    def follow(self, balancer: LoadBalancer) -> None:
        """Check what is there now, forget what is gone; a new registration starts afresh."""
        wanted = {
            (listener.id, target.key): (listener, target)
            for listener in balancer.listeners.values()
            if listener.is_checked
            for target in listener.targets.values()
        }
        checks = self._of.setdefault(balancer.id, {})
        for key, check in list(checks.items()):
            if key not in wanted or wanted[key][1] is not check.target:
                check.stop()
                del checks[key]
        for key, (listener, target) in wanted.items():
            if key not in checks:
                checks[key] = Check(self, balancer, listener, target)
        if not checks:
            del self._of[balancer.id]

    def stop(self) -> None:
        for checks in self._of.values():
            for check in checks.values():
                check.stop()
        self._of.clear()
        for task in self.running:
            task.cancel()


class Check:
    """The looks at one target, one after the other."""

    def __init__(
        self, checks: Checks, balancer: LoadBalancer, listener: Listener, target: Target
    ) -> None:
        self._checks, self._balancer, self._listener = checks, balancer, listener
        self.target = target
        self._good = self._bad = 0
        self._due = checks.clock.now()
        self._stopped = False
        self._timer: Timer | None = None
        self._wait()

    def stop(self) -> None:
        self._stopped = True
        if self._timer:
            self._timer.cancel()

    def _wait(self) -> None:
        """The next look, at a fixed pace; one that came late does not make the next come early."""
        clock = self._checks.clock
        self._due = max(self._due + self._setting("IntervalTime"), clock.now())
        self._timer = clock.after(self._due - clock.now(), self._look)

    def _look(self) -> None:
        if self._checks.probe is None:
            self._saw(healthy=True)
            if self.target.health != ALIVE:
                self._wait()
            return
        probing = asyncio.get_running_loop().create_task(self._probe(self._checks.probe))
        self._checks.running.add(probing)
        probing.add_done_callback(self._checks.running.discard)

    async def _probe(self, probe: Probe) -> None:
        healthy = await probe(self._balancer, self._listener, self.target)
        if not self._stopped:
            self._saw(healthy=healthy)
            self._wait()

    def _saw(self, *, healthy: bool) -> None:
        self._good = self._good + 1 if healthy else 0
        self._bad = 0 if healthy else self._bad + 1
        verdict = self.target.health
        if self._good >= self._setting("HealthNum"):
            verdict = ALIVE
        elif self._bad >= self._setting("UnHealthNum"):
            verdict = DEAD
        if verdict != self.target.health:
            self.target.health = verdict
            where = (self._balancer.id, self._listener.id, self.target.key)
            self._checks.verdicts.append(Verdict(time.time(), *where, verdict))
            self._checks.changed(self._balancer)

    def _setting(self, name: str) -> int:
        value: int = self._listener.health_check[name]
        return value
