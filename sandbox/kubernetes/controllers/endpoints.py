"""Endpoints and EndpointSlices of every Service with a selector."""

import hashlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sandbox.kubernetes.controllers.family import children, find, is_terminating, key_of, owned_by
from sandbox.kubernetes.controllers.loop import Controller
from sandbox.kubernetes.controllers.plane import Plane
from sandbox.kubernetes.controllers.pods import is_finished, is_ready
from sandbox.kubernetes.controllers.queue import Key
from sandbox.kubernetes.kinds import KINDS, Object
from sandbox.kubernetes.store import Event

SERVICE, POD = KINDS["Service"], KINDS["Pod"]
ENDPOINTS, SLICE = KINDS["Endpoints"], KINDS["EndpointSlice"]
MANAGER = "endpointslice-controller.k8s.io"
# Addresses per slice (--max-endpoints-per-slice) and per Endpoints object.
PER_SLICE, PER_OBJECT = 100, 1000

Ports = tuple[tuple[tuple[str, Any], ...], ...]


@dataclass(frozen=True)
class Backend:
    """A Pod behind a Service, with the ports as they are in this Pod."""

    pod: Object
    ports: Ports
    ready: bool
    serving: bool
    terminating: bool


def keys(plane: Plane, event: Event) -> Iterator[Key]:
    if event.kind is SERVICE:
        yield key_of(event.obj)
        return
    if event.kind is not POD:
        if event.type != "ADDED":
            yield from _service_of(event.obj)
        return
    pods = [pod for pod in (event.obj, event.old) if pod is not None]
    for service in plane.store.list(SERVICE, event.obj["metadata"]["namespace"]):
        if any(_selects(service, pod) for pod in pods):
            yield key_of(service)


def _service_of(obj: Object) -> Iterator[Key]:
    """A slice or Endpoints that somebody changed or removed is put right again."""
    metadata = obj["metadata"]
    labels = metadata.get("labels") or {}
    yield Key(metadata["namespace"], labels.get("kubernetes.io/service-name", metadata["name"]))


def _selects(service: Object, pod: Object) -> bool:
    selector = service["spec"].get("selector")
    return bool(selector) and selector.items() <= (pod["metadata"].get("labels") or {}).items()


async def reconcile(plane: Plane, key: Key) -> float | None:
    service = find(plane.store, SERVICE, key)
    if service is None:
        if endpoints := find(plane.store, ENDPOINTS, key):
            _remove(plane, ENDPOINTS, endpoints)
        return None
    if service["spec"].get("selector"):
        pods = plane.store.list(POD, key.namespace, lambda pod: _selects(service, pod))
        found = [b for pod in pods if (b := backend(service, pod)) is not None]
        if SLICE.since_minor <= plane.cluster.minor:
            _write_slices(plane, service, found)
        _write_endpoints(plane, service, found)
    return None


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


def _target_ref(pod: Object) -> Object:
    metadata = pod["metadata"]
    return {
        "kind": "Pod",
        "namespace": metadata["namespace"],
        "name": metadata["name"],
        "uid": metadata["uid"],
    }


def _endpoint(backend: Backend) -> Object:
    return {
        "addresses": [backend.pod["status"]["podIP"]],
        "conditions": {
            "ready": backend.ready,
            "serving": backend.serving,
            "terminating": backend.terminating,
        },
        "nodeName": backend.pod["spec"]["nodeName"],
        "targetRef": _target_ref(backend.pod),
    }


def _write_slices(plane: Plane, service: Object, backends: list[Backend]) -> None:
    """Slices by port set, a hundred addresses each; those that are right already stay."""
    by_ports: dict[Ports, list[Backend]] = defaultdict(list)
    for each in backends:
        by_ports[each.ports].append(each)
    chunks = [
        (ports, members[start : start + PER_SLICE])
        for ports, members in sorted(by_ports.items())
        for start in range(0, len(members), PER_SLICE)
    ]
    present = {each["metadata"]["name"]: each for each in children(plane.store, service, SLICE)}
    for number, (ports, members) in enumerate(chunks or [((), [])]):
        wanted = _slice(service, number, ports, members)
        old = present.pop(wanted["metadata"]["name"], None)
        if old is None:
            plane.store.create(SLICE, wanted)
        else:
            _bring(plane, SLICE, old, wanted, ("endpoints", "ports"))
    for stale in present.values():
        _remove(plane, SLICE, stale)


def _slice(service: Object, number: int, ports: Ports, members: list[Backend]) -> Object:
    metadata = service["metadata"]
    short = hashlib.sha1(f"{metadata['uid']}{number}".encode()).hexdigest()[:5]
    return {
        "addressType": "IPv4",
        "metadata": {
            "name": f"{metadata['name'][:57]}-{short}",
            "namespace": metadata["namespace"],
            "labels": {
                **(metadata.get("labels") or {}),
                "endpointslice.kubernetes.io/managed-by": MANAGER,
                "kubernetes.io/service-name": metadata["name"],
            },
            "ownerReferences": [owned_by(service, SERVICE)],
        },
        "ports": [dict(port) for port in ports],
        "endpoints": [_endpoint(member) for member in members],
    }


def _write_endpoints(plane: Plane, service: Object, backends: list[Backend]) -> None:
    """The older kind knows no conditions: ready or not, and nothing of terminating Pods."""
    groups: dict[Ports, dict[str, list[Object]]] = defaultdict(lambda: defaultdict(list))
    for each in backends[:PER_OBJECT]:
        if each.terminating and not each.ready:
            continue
        address = {
            "ip": each.pod["status"]["podIP"],
            "nodeName": each.pod["spec"]["nodeName"],
            "targetRef": _target_ref(each.pod),
        }
        groups[each.ports]["addresses" if each.ready else "notReadyAddresses"].append(address)
    metadata = service["metadata"]
    wanted: Object = {
        "metadata": {
            "name": metadata["name"],
            "namespace": metadata["namespace"],
            "labels": dict(metadata.get("labels") or {}),
        },
        "subsets": [
            {**kinds, "ports": [dict(port) for port in ports]}
            for ports, kinds in sorted(groups.items())
        ],
    }
    if len(backends) > PER_OBJECT:
        wanted["metadata"]["annotations"] = {"endpoints.kubernetes.io/over-capacity": "truncated"}
    old = plane.store.find(ENDPOINTS, metadata["namespace"], metadata["name"])
    if old is None:
        plane.store.create(ENDPOINTS, wanted)
    else:
        _bring(plane, ENDPOINTS, old, wanted, ("subsets",))


def _bring(plane: Plane, kind: Any, old: Object, wanted: Object, fields: tuple[str, ...]) -> None:
    def write(obj: Object) -> None:
        for field in fields:
            obj[field] = wanted[field]
        obj["metadata"]["labels"] = wanted["metadata"]["labels"]

    metadata = old["metadata"]
    plane.store.change(kind, metadata["namespace"], metadata["name"], write)


def _remove(plane: Plane, kind: Any, obj: Object) -> None:
    metadata = obj["metadata"]
    plane.store.delete(kind, metadata["namespace"], metadata["name"])


controller = Controller("endpoints", (SERVICE, POD, ENDPOINTS, SLICE), keys, reconcile)
