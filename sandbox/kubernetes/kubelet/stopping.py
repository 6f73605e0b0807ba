"""The end of a Pod: preStop, SIGTERM, the grace period, SIGKILL."""

import asyncio
import time
from typing import TYPE_CHECKING

from sandbox.kubernetes.kubelet import status
from sandbox.kubernetes.kubelet.container import Container, pre_stop_seconds
from sandbox.kubernetes.kubelet.process import KILLED

if TYPE_CHECKING:
    from sandbox.kubernetes.kubelet.worker import Worker

# A SIGKILL takes this long at most; also the least a container gets for SIGTERM after preStop.
LEAST_GRACE = 2.0


async def stop(worker: "Worker", life: "asyncio.Task[None]") -> None:
    """Returns when no container runs any more; the status then says so.

    `life` (starts, probes, restarts) goes on during preStop and is ended with SIGTERM.
    """
    deadline = time.monotonic() + worker.plane.clock.real(_grace(worker))
    running = [container for container in worker.containers if container.is_running]
    for container in running:
        worker.say("Killing", f"Stopping container {container.name}")
    ends = await asyncio.gather(*(_end(worker, container, deadline) for container in running))
    life.cancel()
    await asyncio.gather(life, return_exceptions=True)
    for container, exit_code in zip(running, ends, strict=True):
        if container.process is not None:
            container.process.kill()
        container.end(exit_code)
    states = [container.state for container in worker.containers]
    phase = status.phase_of("Never", states, stopping=True)
    worker.done = True
    worker.sync(phase=phase if phase != "Pending" else "")


def _grace(worker: "Worker") -> float:
    return float(worker.pod["metadata"].get("deletionGracePeriodSeconds", 30))


async def _end(worker: "Worker", container: Container, deadline: float) -> int:
    """preStop, then SIGTERM; SIGKILL when the grace period is over. The exit code."""
    clock = worker.plane.clock
    hook = clock.real(pre_stop_seconds(container.spec))
    await asyncio.sleep(min(hook, _left(deadline)))
    process = container.process
    if process is None:
        return 1
    try:
        async with asyncio.timeout(max(_left(deadline), clock.real(LEAST_GRACE))):
            return await process.terminate()
    except TimeoutError:
        return KILLED


def _left(deadline: float) -> float:
    return max(0.0, deadline - time.monotonic())
