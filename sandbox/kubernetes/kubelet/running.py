"""The containers of a Pod while it lives: started, probed, restarted."""

import asyncio
from typing import TYPE_CHECKING

from sandbox.kubernetes.kinds import Object
from sandbox.kubernetes.kubelet import images, probes
from sandbox.kubernetes.kubelet.container import Container
from sandbox.kubernetes.kubelet.http import Identity
from sandbox.kubernetes.kubelet.process import KILLED, CannotListen, Process

if TYPE_CHECKING:
    from sandbox.kubernetes.kubelet.worker import Worker

# An init container of the sandbox does nothing, for so long.
INIT_SECONDS = 0.2
# Real seconds between two probes while all is well, at the least.
ROUTINE = 1.0


async def run(worker: "Worker") -> None:
    """Returns once every container has ended for good."""
    for spec in worker.pod["spec"].get("initContainers") or ():
        _announce(worker, spec)
        await worker.plane.clock.sleep(INIT_SECONDS)
    worker.initialized = True
    worker.sync()
    async with asyncio.TaskGroup() as tasks:
        for container in worker.containers:
            tasks.create_task(_keep(worker, container))


def _announce(worker: "Worker", spec: Object) -> None:
    worker.say("Pulled", f'Container image "{spec.get("image", "")}" already present on machine')
    worker.say("Created", f"Created container {spec['name']}")
    worker.say("Started", f"Started container {spec['name']}")


async def _keep(worker: "Worker", container: Container) -> None:
    """One container, run after run, as the restart policy says."""
    policy = worker.pod["spec"].get("restartPolicy", "Always")
    while True:
        exit_code = await _once(worker, container)
        container.end(exit_code)
        if policy == "Never" or (policy == "OnFailure" and exit_code == 0):
            worker.sync()
            return
        worker.sync()
        seconds = container.wait_for_restart(worker.pod)
        if seconds:
            metadata = worker.pod["metadata"]
            where = f"{metadata['name']}_{metadata['namespace']}({metadata['uid']})"
            worker.warn(
                "BackOff", f"Back-off restarting failed container {container.name} in pod {where}"
            )
        worker.sync()
        await worker.plane.clock.sleep(seconds)


async def _once(worker: "Worker", container: Container) -> int:
    """One run; its exit code."""
    await images.pull(worker, container)
    worker.say("Created", f"Created container {container.name}")
    await worker.plane.clock.sleep(worker.behaviour.start_seconds)
    process = _process(worker, container)
    process.log.write(f"{container.name} starts, image {container.spec.get('image', '')}")
    try:
        if not worker.behaviour.refuse_connections:
            await process.listen()
    except CannotListen as error:
        worker.warn("Failed", f"Error: container {container.name}: {error}")
        process.log.write(f"fatal: {error}")
        process.log.end()
        return 1
    container.run(process)
    worker.say("Started", f"Started container {container.name}")
    worker.sync()
    try:
        return await _watched(worker, container, process)
    finally:
        if container.process is not process or not worker.stop.is_set():
            process.kill()


def _process(worker: "Worker", container: Container) -> Process:
    metadata = worker.pod["metadata"]
    ports = [
        (int(port["containerPort"]), port.get("protocol", "TCP"))
        for port in container.spec.get("ports") or ()
    ]
    return Process(
        Identity(metadata["name"], metadata["namespace"], worker.ip, 0),
        ports,
        worker.behaviour,
        worker.plane.clock,
        crashes=container.restarts,
        log=worker.plane.store.logs.begin(worker.uid, container.name),
    )


async def _watched(worker: "Worker", container: Container, process: Process) -> int:
    """Runs the probes beside the process, until one of them ends it or it ends itself."""
    ends = [asyncio.create_task(process.exit()), asyncio.create_task(_warm_up(process))]
    if "readinessProbe" in container.spec:
        ends.append(asyncio.create_task(_readiness(worker, container, process)))
    for kind in ("livenessProbe", "startupProbe"):
        if kind in container.spec:
            ends.append(asyncio.create_task(_survival(worker, container, kind)))
    try:
        waiting = set(ends)
        while True:
            done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                exit_code = task.result()
                if exit_code is not None:
                    return int(exit_code)
    finally:
        for task in ends:
            task.cancel()


async def _warm_up(process: Process) -> int | None:
    process.manner.warm = process.behaviour.ready_after == 0
    await process.clock.sleep(process.behaviour.ready_after)
    process.manner.warm = True
    return None


async def _readiness(worker: "Worker", container: Container, process: Process) -> int | None:
    probe = container.spec["readinessProbe"]
    verdict = probes.Verdict(probe, initially=False)
    await worker.plane.clock.sleep(probe.get("initialDelaySeconds", 0))
    while True:
        outcome = await _readiness_now(worker, container, process)
        if not outcome.ok and not worker.stop.is_set():
            worker.warn("Unhealthy", f"Readiness probe failed: {outcome.message}")
        if container.process is not process:
            return None
        if verdict.note(outcome.ok) or (container.started and container.ready != verdict.value):
            container.ready = container.started and verdict.value
            worker.sync()
        await _until_the_next(worker, probe, outcome)


async def _until_the_next(worker: "Worker", probe: Object, outcome: probes.Outcome) -> None:
    """The probe's period; while all is well no less than a second of the machine's time.

    With a small time scale hundreds of Pods would be asked many times a second for nothing.
    """
    seconds = worker.plane.clock.real(probe.get("periodSeconds", 10))
    await asyncio.sleep(max(seconds, ROUTINE) if outcome.ok else seconds)


async def _readiness_now(
    worker: "Worker", container: Container, process: Process
) -> probes.Outcome:
    """The probe's outcome, unless an annotation dictates it or the process is not warm yet."""
    dictated = worker.behaviour.readiness
    if dictated != "probe":
        return probes.Outcome(dictated == "pass", "the sandbox was told to fail it")
    if not process.manner.warm:
        return probes.Outcome(False, "HTTP probe failed with statuscode: 503")
    probe = container.spec["readinessProbe"]
    return await probes.ask(
        probe, container.spec, worker.ip, takes=worker.behaviour.response_seconds
    )


async def _survival(worker: "Worker", container: Container, kind: str) -> int | None:
    """Liveness and startup: failing them restarts the container (SIGKILL after its grace)."""
    probe, word = container.spec[kind], kind.removesuffix("Probe")
    verdict = probes.Verdict(probe, initially=kind == "livenessProbe")
    await worker.plane.clock.sleep(probe.get("initialDelaySeconds", 0))
    while True:
        outcome = await probes.ask(
            probe, container.spec, worker.ip, takes=worker.behaviour.response_seconds
        )
        if not outcome.ok:
            worker.warn("Unhealthy", f"{word.capitalize()} probe failed: {outcome.message}")
        if verdict.note(outcome.ok) and outcome.ok and kind == "startupProbe":
            container.started = True
            container.ready = "readinessProbe" not in container.spec
            worker.sync()
            return None
        if verdict.has_failed:
            message = f"Container {container.name} failed {word} probe, will be restarted"
            worker.say("Killing", message)
            return KILLED
        await _until_the_next(worker, probe, outcome)
