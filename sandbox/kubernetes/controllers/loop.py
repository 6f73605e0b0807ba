"""The level-triggered loop every controller runs in."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from sandbox.kubernetes.controllers.plane import Plane
from sandbox.kubernetes.controllers.queue import Key, WorkQueue
from sandbox.kubernetes.errors import StatusError
from sandbox.kubernetes.kinds import Kind
from sandbox.kubernetes.store import Event

log = logging.getLogger(__name__)

FIRST_RETRY, LAST_RETRY = 0.05, 10.0
# A key that is dear to look at rests this many times as long as the look took, so that one big
# ReplicaSet cannot keep a core busy while its ten thousand Pods report in.
REST = 4
# Below this nobody rests.
DEAR = 0.001
# In a headless cluster everything that gathers many events rests at least so long, unless it says
# otherwise.
HEADLESS_REST = 0.1


@dataclass(frozen=True)
class Controller:
    """`keys`: what an event touches. `reconcile`: one look; returns emulated seconds or None.

    `gathers`: one key stands for many objects, so that it pays to wait for more of their events.
    `workers`: so many keys are looked at at once (--concurrent-replicaset-syncs and the like), so
    that one namespace's slow webhook does not hold up all the others.
    """

    name: str
    watches: tuple[Kind, ...]
    keys: Callable[[Plane, Event], Iterable[Key]]
    reconcile: Callable[[Plane, Key], Awaitable[float | None]]
    gathers: bool = False
    workers: int = 1
    headless_rest: float = HEADLESS_REST


async def run(plane: Plane, controller: Controller) -> None:
    """Runs until cancelled."""
    queue = WorkQueue()
    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_read(plane, controller, queue), name=f"{controller.name} events")
            tries: dict[Key, int] = {}
            resting: dict[Key, float] = {}
            for number in range(controller.workers):
                work = _work(plane, controller, queue, tries, resting)
                tasks.create_task(work, name=f"{controller.name} work {number}")
    finally:
        queue.close()


async def _read(plane: Plane, controller: Controller, queue: WorkQueue) -> None:
    subscription = plane.store.watch(*controller.watches)
    try:
        async for event in subscription:
            for key in controller.keys(plane, event):
                queue.add(key)
    finally:
        subscription.close()


async def _work(
    plane: Plane,
    controller: Controller,
    queue: WorkQueue,
    tries: dict[Key, int],
    resting: dict[Key, float],
) -> None:
    while True:
        key = await queue.get()
        began = time.monotonic()
        if (rest := resting.pop(key, 0.0) - began) > 0:
            resting[key] = began + rest
            queue.done(key)
            queue.add_after(key, rest)
            continue
        delay = await _look(plane, controller, key, tries)
        queue.done(key)
        if delay is not None:
            queue.add_after(key, delay)
        if (rest := _rest(plane, controller, time.monotonic() - began)) > 0:
            resting[key] = time.monotonic() + rest
        # Everything here shares one thread: let the API answer between two looks.
        await asyncio.sleep(0)


def _rest(plane: Plane, controller: Controller, took: float) -> float:
    """Real seconds until a key is looked at again, however often it is called for."""
    if not controller.gathers:
        return 0.0
    least = controller.headless_rest if plane.headless else 0.0
    return max(least, took * REST if took > DEAR else 0.0)


async def _look(
    plane: Plane, controller: Controller, key: Key, tries: dict[Key, int]
) -> float | None:
    """One look at a key; the real seconds until the next, if one is due without an event."""
    try:
        again = await controller.reconcile(plane, key)
    except Exception as error:
        if not isinstance(error, StatusError):
            log.exception("%s failed on %s/%s", controller.name, key.namespace, key.name)
        tries[key] = tries.get(key, 0) + 1
        return float(min(FIRST_RETRY * 2 ** tries[key], LAST_RETRY))
    tries.pop(key, None)
    return None if again is None else plane.clock.real(again)
