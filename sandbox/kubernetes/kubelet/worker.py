"""One Pod on its node, from its address to its last container."""

import asyncio
import socket
import time
from contextlib import suppress
from dataclasses import replace

from sandbox.kubernetes import machines
from sandbox.kubernetes.controllers.family import is_terminating
from sandbox.kubernetes.controllers.plane import Plane
from sandbox.kubernetes.errors import Conflict, NotFound
from sandbox.kubernetes.kinds import KINDS, Object
from sandbox.kubernetes.kubelet import running, status, stopping
from sandbox.kubernetes.kubelet.addresses import Addresses, Exhausted
from sandbox.kubernetes.kubelet.behaviour import behaviour
from sandbox.kubernetes.kubelet.container import Container
from sandbox.kubernetes.objects import now

POD = KINDS["Pod"]
# The kubelet hears of its containers once a second (PLEG); a Pod it has just synced is not
# synced again before that. This is why Ready follows a new Pod's gate after about a second.
RELIST = 1.0


class Worker:
    """Created when the Pod is bound to a node; `update` on every change, `kill` when it is gone."""

    def __init__(self, plane: Plane, pod: Object, node_ip: str, addresses: Addresses) -> None:
        self.plane = plane
        self.pod = pod
        self.node_ip = node_ip
        self.addresses = addresses
        self.ip = ""
        self._held: socket.socket | None = None
        self.behaviour = behaviour(pod)
        self.stop = asyncio.Event()
        before = (pod.get("status") or {}).get("containerStatuses") or ()
        known = {each["name"]: each for each in before}
        self.containers = [
            Container.resumed(spec, known.get(spec["name"])) for spec in pod["spec"]["containers"]
        ]
        self.initialized = not pod["spec"].get("initContainers")
        self.done = False
        self._synced = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._task = asyncio.create_task(self._live(), name=f"pod {pod['metadata']['name']}")

    @property
    def uid(self) -> str:
        return str(self.pod["metadata"]["uid"])

    @property
    def source(self) -> str:
        return f"kubelet, {self.pod['spec']['nodeName']}"

    # What the API says

    async def update(self, pod: Object) -> None:
        """The object changed: perhaps its end, its behaviour, or a gate of it."""
        silent = self.is_silent
        if not silent:
            self.pod = pod
            if is_terminating(pod):
                self.stop.set()
        await self.behave()
        if not (silent or self.done):
            self._sync_when_relisted()

    def _sync_when_relisted(self) -> None:
        wait = self._synced + self.plane.clock.real(RELIST) - time.monotonic()
        if wait <= 0:
            self.sync()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(wait, self.sync)

    # What the API is told

    @property
    def is_silent(self) -> bool:
        """The node's kubelet is stopped: nothing is written, and nothing is heard."""
        return bool(machines.trouble(self._node()))

    def _node(self) -> Object | None:
        return self.plane.store.find(KINDS["Node"], None, self.pod["spec"]["nodeName"])

    async def behave(self) -> None:
        """Take up what the Pod's annotations say, on a machine that may be off."""
        said = behaviour(self.pod)
        if machines.trouble(self._node()) == machines.OFF:
            said = replace(said, refuse_connections=True)
        if said == self.behaviour:
            return
        self.behaviour = said
        for container in self.containers:
            if container.process is not None:
                await container.process.apply(said)

    def sync(self, *, phase: str = "") -> None:
        """Write the Pod's status if it differs."""
        if self.is_silent:
            return
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        states = [container.state for container in self.containers]
        unready = [container.name for container in self.containers if not container.ready]
        policy = self.pod["spec"].get("restartPolicy", "Always")
        phase = phase or status.phase_of(policy, states)

        def write(pod: Object) -> None:
            own = status.own_conditions(
                pod,
                phase,
                unready=unready,
                has_sandbox=bool(self.ip) and not self.done,
                initialized=self.initialized,
            )
            said = pod.setdefault("status", {})
            said["phase"] = phase
            said["conditions"] = status.merged(said.get("conditions") or (), own, now())
            said["hostIP"] = self.node_ip
            said.setdefault("startTime", now())
            said.setdefault("qosClass", "Burstable")
            if self.ip:
                said["podIP"], said["podIPs"] = self.ip, [{"ip": self.ip}]
            said["containerStatuses"] = [each.status() for each in self.containers]

        metadata = self.pod["metadata"]
        with suppress(NotFound):
            found = self.plane.store.get(POD, metadata["namespace"], metadata["name"])
            if found["metadata"]["uid"] != self.uid:
                return
            place = (POD, metadata["namespace"], metadata["name"])
            written = self.plane.store.change(*place, write, subresource="status")
            if written is not found:
                self._synced = time.monotonic()

    def say(self, reason: str, message: str) -> None:
        if self.is_silent:
            return
        self.plane.events.normal(self.pod, reason, message, source=self.source)

    def warn(self, reason: str, message: str) -> None:
        if self.is_silent:
            return
        self.plane.events.warning(self.pod, reason, message, source=self.source)

    # Its life

    async def _live(self) -> None:
        try:
            if is_terminating(self.pod):
                self.ip = (self.pod.get("status") or {}).get("podIP", "")
                return self._gone()
            life = asyncio.create_task(self._run())
            stopped = asyncio.create_task(self.stop.wait())
            try:
                await asyncio.wait((life, stopped), return_when=asyncio.FIRST_COMPLETED)
                if self.stop.is_set():
                    await stopping.stop(self, life)
                    self._gone()
                else:
                    life.result()
                    self._finished()
            finally:
                life.cancel()
                stopped.cancel()
        finally:
            self._release()

    async def _run(self) -> None:
        self.sync()
        self.ip = await self._address()
        self._held = _held(self.ip)
        await running.run(self)

    async def _address(self) -> str:
        if self.pod["spec"].get("hostNetwork"):
            return self.node_ip
        kept = (self.pod.get("status") or {}).get("podIP", "")
        while True:
            wanted = self.behaviour.ip or kept
            try:
                ip = self.addresses.take(self.uid, ip=wanted, reuse=self.behaviour.reuse_ip)
            except Exhausted:
                why = "no IP address available in the subnets of this node"
            else:
                if ip is not None:
                    return ip
                why = f"IP address {wanted} is in use by another Pod"
            self.warn(
                "FailedCreatePodSandBox",
                "Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup"
                f" network for sandbox: {why}",
            )
            await self.plane.clock.sleep(1)

    def _finished(self) -> None:
        """All containers ended and none is to be restarted: the object stays, the network goes."""
        self.done = True
        self._release()
        self.sync()

    def _gone(self) -> None:
        """The second deletion, which removes the object."""
        self.done = True
        self._release()
        metadata = self.pod["metadata"]
        # Gone already, or another Pod has the name by now.
        with suppress(NotFound, Conflict):
            self.plane.store.delete(
                POD, metadata["namespace"], metadata["name"], uid=self.uid, grace_seconds=0
            )

    def _release(self) -> None:
        for container in self.containers:
            if container.process is not None:
                container.process.kill()
        if self._held is not None:
            self._held.close()
        if self.ip and self.ip != self.node_ip:
            self.addresses.release(self.ip, self.uid)

    async def kill(self) -> None:
        """The object is gone: end everything at once."""
        if self._timer is not None:
            self._timer.cancel()
        self.done = True
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task
        self.plane.store.logs.forget(self.uid)


def _held(ip: str) -> socket.socket | None:
    """The Pod's network: the cloud sees an address by its sockets, and a Pod need not listen."""
    held = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        held.bind((ip, 0))
    except OSError:
        held.close()
        return None
    return held
