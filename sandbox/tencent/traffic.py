"""From what CLB knows to what the data plane does: who receives new connections where."""

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial

from sandbox.dataplane import DataPlane, Front
from sandbox.dataplane.pool import Backend, Service, anybody
from sandbox.tencent.clock import Clock
from sandbox.tencent.model import ALIVE, CLOSE, DEAD, Listener, LoadBalancer

# Whether a client's packets get through a listener to one of its backends.
Admits = Callable[[LoadBalancer, Listener, str, Backend], bool]
IDLE_SECONDS = {"TCP": 900, "UDP": 300}


def receivers(listener: Listener) -> tuple[tuple[Backend, int], ...]:
    """Healthy and weight > 0; if none of those is healthy, all unhealthy ones (never Unknown)."""
    weighted = [target for target in listener.targets.values() if target.weight > 0]
    by_health = {
        wanted: [target for target in weighted if listener.health_of(target) in wanted]
        for wanted in ((ALIVE, CLOSE), (DEAD,))
    }
    chosen = by_health[ALIVE, CLOSE] or by_health[DEAD,]
    return tuple(((target.ip, target.port), target.weight) for target in chosen)


def service(
    balancer: LoadBalancer, listener: Listener, clock: Clock, admits: Admits | None = None
) -> Service:
    idle = listener.idle_timeout or IDLE_SECONDS[listener.protocol]
    return Service(
        members=frozenset((target.ip, target.port) for target in listener.targets.values()),
        receivers=receivers(listener),
        scheduler=listener.scheduler,
        session_seconds=listener.session_expire * clock.scale,
        idle_seconds=idle,
        reset_on_leave=listener.deregister_rst,
        admits=partial(admits, balancer, listener) if admits else anybody,
    )


class Traffic:
    """Keeps the data plane in step with the load balancers."""

    def __init__(self, plane: DataPlane, clock: Clock, admits: Admits | None = None) -> None:
        self.plane = plane
        self._clock, self._admits = clock, admits
        self._served: dict[str, set[Front]] = {}
        self._opening: set[asyncio.Task[None]] = set()

    def follow(self, balancer: LoadBalancer) -> None:
        wanted = {
            Front(balancer.vip, listener.port, listener.protocol): service(
                balancer, listener, self._clock, self._admits
            )
            for listener in balancer.listeners.values()
        }
        for front in self._served.get(balancer.id, set()) - set(wanted):
            self.plane.remove(front)
        self._served[balancer.id] = set(wanted)
        for front, served in wanted.items():
            self._soon(self.plane.set(front, served))

    def _soon(self, opening: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(opening)
        self._opening.add(task)
        task.add_done_callback(self._opening.discard)

    async def stop(self) -> None:
        await asyncio.gather(*self._opening, return_exceptions=True)
        self.plane.stop()
