"""A Pod behind a Service: its conditions and the ports as they are in this Pod; pure."""

from dataclasses import dataclass
from typing import Any

from sandbox.kubernetes.controllers.family import is_terminating
from sandbox.kubernetes.controllers.pods import is_finished, is_ready
from sandbox.kubernetes.kinds import Object

Ports = tuple[tuple[tuple[str, Any], ...], ...]


@dataclass(frozen=True)
class Backend:
    pod: Object
    ports: Ports
    ready: bool
    serving: bool
    terminating: bool


def selects(service: Object, pod: Object) -> bool:
    selector = service["spec"].get("selector")
    return bool(selector) and selector.items() <= (pod["metadata"].get("labels") or {}).items()


def backend(service: Object, pod: Object) -> Backend | None:
    """`ready` is false from the moment of deletion on; `serving` says what readiness would be."""
    if not (pod.get("status") or {}).get("podIP") or is_finished(pod):
        return None
    terminating, serving = is_terminating(pod), is_ready(pod)
    tolerant = service["spec"].get("publishNotReadyAddresses", False)
    return Backend(
        pod,
        _ports(service, pod),
        ready=tolerant or (serving and not terminating),
        serving=serving,
        terminating=terminating,
    )


def _ports(service: Object, pod: Object) -> Ports:
    found = []
    for port in service["spec"].get("ports") or ():
        number = _target(port, pod)
        if number:
            protocol = port.get("protocol", "TCP")
            found.append((("name", port.get("name", "")), ("port", number), ("protocol", protocol)))
    return tuple(found)


def _target(port: Object, pod: Object) -> int | None:
    wanted = port.get("targetPort", port["port"])
    if isinstance(wanted, int):
        return wanted or int(port["port"])
    for container in pod["spec"]["containers"]:
        for known in container.get("ports") or ():
            same = known.get("protocol", "TCP") == port.get("protocol", "TCP")
            if known.get("name") == wanted and same:
                return int(known["containerPort"])
    return None
