"""Endpoints and EndpointSlices of every Service with a selector."""

import hashlib
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from sandbox.kubernetes.controllers.backends import Backend, Ports, backend, selects
from sandbox.kubernetes.controllers.family import children, find, key_of, owned_by
from sandbox.kubernetes.controllers.loop import Controller
from sandbox.kubernetes.controllers.plane import Plane
from sandbox.kubernetes.controllers.queue import Key
from sandbox.kubernetes.kinds import KINDS, Object
from sandbox.kubernetes.store import Event

SERVICE, POD = KINDS["Service"], KINDS["Pod"]
ENDPOINTS, SLICE = KINDS["Endpoints"], KINDS["EndpointSlice"]
MANAGER = "endpointslice-controller.k8s.io"
# Addresses per slice (--max-endpoints-per-slice) and per Endpoints object.
PER_SLICE, PER_OBJECT = 100, 1000
# Where no Pod answers nobody is led by these, so that they may be gathered for longer
# (--endpointslice-updates-batch-period).
HEADLESS_REST = 1.0
SERVICE_NAME = "kubernetes.io/service-name"


class Members:
    """Which Pods are behind which Service, kept by events: reading a namespace of ten thousand
    Pods whenever one of them changes would be too dear."""

    def __init__(self) -> None:
        self._pods: dict[Key, dict[Key, None]] = {}
        self._services: dict[Key, tuple[Key, ...]] = {}

    def keys(self, plane: Plane, event: Event) -> Iterator[Key]:
        if event.kind is POD:
            yield from self._pod(plane, event)
        elif event.kind is SERVICE:
            self._service(plane, event)
            yield key_of(event.obj)
        elif event.type != "ADDED":
            # Somebody changed or removed what we wrote: it is put right again.
            metadata = event.obj["metadata"]
            name = (metadata.get("labels") or {}).get(SERVICE_NAME, metadata["name"])
            yield Key(metadata["namespace"], name)

    def _pod(self, plane: Plane, event: Event) -> tuple[Key, ...]:
        """The Services it was behind and those it is behind now."""
        pod, key = event.obj, key_of(event.obj)
        before = self._services.get(key, ())
        if event.type == "DELETED":
            now: tuple[Key, ...] = ()
        elif event.old is not None and _labels(event.old) == _labels(pod):
            return before
        else:
            services = plane.store.list(SERVICE, key.namespace)
            now = tuple(key_of(service) for service in services if selects(service, pod))
        for service in before:
            self._pods.get(service, {}).pop(key, None)
        for service in now:
            self._pods.setdefault(service, {})[key] = None
        self._services.pop(key, None)
        if now:
            self._services[key] = now
        return (*before, *now)

    def _service(self, plane: Plane, event: Event) -> None:
        key = key_of(event.obj)
        if event.old is not None and _selector(event.old) == _selector(event.obj):
            return
        for pod in self._pods.pop(key, {}):
            self._services[pod] = tuple(s for s in self._services.get(pod, ()) if s != key)
        if event.type == "DELETED":
            return
        found = plane.store.list(POD, key.namespace, lambda pod: selects(event.obj, pod))
        for pod in map(key_of, found):
            self._pods.setdefault(key, {})[pod] = None
            others = (s for s in self._services.get(pod, ()) if s != key)
            self._services[pod] = (*others, key)

    async def reconcile(self, plane: Plane, key: Key) -> float | None:
        service = find(plane.store, SERVICE, key)
        if service is None:
            if endpoints := find(plane.store, ENDPOINTS, key):
                _remove(plane, ENDPOINTS, endpoints)
            return None
        if service["spec"].get("selector"):
            pods = (find(plane.store, POD, pod) for pod in sorted(self._pods.get(key, ())))
            found = [b for pod in pods if pod and (b := backend(service, pod)) is not None]
            if SLICE.since_minor <= plane.cluster.minor:
                _write_slices(plane, service, found)
            _write_endpoints(plane, service, found)
        return None


def _labels(pod: Object) -> Any:
    return pod["metadata"].get("labels")


def _selector(service: Object) -> Any:
    return service["spec"].get("selector")


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
                SERVICE_NAME: metadata["name"],
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


def controller() -> Controller:
    members = Members()
    watched = (SERVICE, POD, ENDPOINTS, SLICE)
    return Controller(
        "endpoints",
        watched,
        members.keys,
        members.reconcile,
        gathers=True,
        headless_rest=HEADLESS_REST,
    )
