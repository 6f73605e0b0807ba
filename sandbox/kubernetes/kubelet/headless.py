"""A kubelet without sockets and probes, for benchmarks with tens of thousands of Pods.

Pods start after their seconds, are Ready when their gates are True, and end after preStop. One
timer per Pod while something is pending, nothing at all otherwise.
"""

import ipaddress
import time
from collections.abc import Iterator

from sandbox.kubernetes.controllers.family import find, is_terminating, key_of
from sandbox.kubernetes.controllers.loop import Controller
from sandbox.kubernetes.controllers.plane import Plane
from sandbox.kubernetes.controllers.pods import is_finished
from sandbox.kubernetes.controllers.queue import Key
from sandbox.kubernetes.kinds import KINDS, Object
from sandbox.kubernetes.kubelet import status
from sandbox.kubernetes.kubelet.addresses import Addresses, Exhausted
from sandbox.kubernetes.kubelet.behaviour import behaviour
from sandbox.kubernetes.kubelet.container import pre_stop_seconds
from sandbox.kubernetes.kubelet.kubelet import node_ip
from sandbox.kubernetes.objects import now
from sandbox.kubernetes.store import Event

POD, NODE = KINDS["Pod"], KINDS["Node"]
# When the VPC's own networks are used up: nobody ever connects to a headless Pod.
SPARE = "10.0.0.0/8"


class Headless:
    def __init__(self, plane: Plane, addresses: Addresses) -> None:
        self._addresses = addresses
        self._spare = Addresses([SPARE])
        self._due: dict[str, float] = {}
        self._nodes = {n["metadata"]["name"]: node_ip(n) for n in plane.store.list(NODE)}

    def keys(self, plane: Plane, event: Event) -> Iterator[Key]:
        pod = event.obj
        if event.type == "DELETED":
            self._release(pod)
        elif pod["spec"].get("nodeName") and not is_finished(pod):
            yield key_of(pod)

    async def reconcile(self, plane: Plane, key: Key) -> float | None:
        pod = find(plane.store, POD, key)
        if pod is None:
            return None
        if is_terminating(pod):
            hooks = (pre_stop_seconds(spec) for spec in pod["spec"]["containers"])
            if (wait := self._left(pod, plane.clock.real(max(hooks)))) > 0:
                return wait / plane.clock.scale
            uid = pod["metadata"]["uid"]
            plane.store.delete(POD, key.namespace, key.name, uid=uid, grace_seconds=0)
            return None
        starts = not (pod.get("status") or {}).get("podIP")
        seconds = plane.clock.real(behaviour(pod).start_seconds)
        if starts and (wait := self._left(pod, seconds)) > 0:
            return wait / plane.clock.scale
        self._run(plane, pod)
        return None

    def _left(self, pod: Object, seconds: float) -> float:
        """Real seconds until what was begun at the first look at this state is over."""
        metadata = pod["metadata"]
        what = metadata["uid"] + metadata.get("deletionTimestamp", "")
        left = self._due.setdefault(what, time.monotonic() + seconds) - time.monotonic()
        if left <= 0:
            del self._due[what]
        return left

    def _run(self, plane: Plane, pod: Object) -> None:
        metadata = pod["metadata"]
        before = pod.get("status") or {}
        ip = before.get("podIP") or self._address(pod)
        ready = behaviour(pod).readiness != "fail"

        def write(obj: Object) -> None:
            said = obj.setdefault("status", {})
            names = [spec["name"] for spec in obj["spec"]["containers"]]
            own = status.own_conditions(
                obj,
                "Running",
                unready=[] if ready else names,
                has_sandbox=True,
                initialized=True,
            )
            said["conditions"] = status.merged(said.get("conditions") or (), own, now())
            if "podIP" not in said:
                said |= {
                    "phase": "Running",
                    "hostIP": self._nodes.get(obj["spec"]["nodeName"], ""),
                    "podIP": ip,
                    "podIPs": [{"ip": ip}],
                    "startTime": now(),
                    "containerStatuses": [_container(s, ready) for s in obj["spec"]["containers"]],
                }

        place = (POD, metadata["namespace"], metadata["name"])
        plane.store.change(*place, write, subresource="status")

    def _address(self, pod: Object) -> str:
        if pod["spec"].get("hostNetwork"):
            return self._nodes.get(pod["spec"]["nodeName"], "")
        uid, said = pod["metadata"]["uid"], behaviour(pod)
        try:
            taken = self._addresses.take(uid, ip=said.ip, reuse=said.reuse_ip)
        except Exhausted:
            taken = None
        return taken or self._spare.take(uid) or ""

    def _release(self, pod: Object) -> None:
        uid, ip = pod["metadata"]["uid"], (pod.get("status") or {}).get("podIP")
        self._due = {what: due for what, due in self._due.items() if not what.startswith(uid)}
        if ip:
            spare = ipaddress.ip_address(ip) in ipaddress.ip_network(SPARE)
            (self._spare if spare else self._addresses).release(ip, uid)


def _container(spec: Object, ready: bool) -> Object:
    return {
        "name": spec["name"],
        "image": spec.get("image", ""),
        "imageID": "",
        "ready": ready,
        "started": True,
        "restartCount": 0,
        "state": {"running": {"startedAt": now()}},
        "lastState": {},
    }


def controller(plane: Plane, addresses: Addresses) -> Controller:
    headless = Headless(plane, addresses)
    return Controller("kubelet", (POD,), headless.keys, headless.reconcile)
