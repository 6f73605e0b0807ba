"""Kubernetes Events as controllers and kubelets write them: aggregated, and not for ever."""

import hashlib
from collections import OrderedDict
from typing import Literal

from sandbox.kubernetes.errors import NotFound, StatusError
from sandbox.kubernetes.kinds import KINDS, Object
from sandbox.kubernetes.objects import now
from sandbox.kubernetes.store import Store

# A real API server forgets Events after an hour; we keep so many of the youngest.
KEPT = 2000
Type = Literal["Normal", "Warning"]


class Events:
    """Writes Events; a repeated one raises the count of the first, as event correlation does."""

    def __init__(self, store: Store, *, silent: bool = False) -> None:
        self._store = store
        self._silent = silent
        self._written: OrderedDict[str, tuple[str, str]] = OrderedDict()

    def normal(self, about: Object, reason: str, message: str, *, source: str) -> None:
        self._write(about, "Normal", (reason, message), source)

    def warning(self, about: Object, reason: str, message: str, *, source: str) -> None:
        self._write(about, "Warning", (reason, message), source)

    def _write(self, about: Object, type_: Type, said: tuple[str, str], source: str) -> None:
        if self._silent:
            return
        metadata = about["metadata"]
        identity = "\0".join((metadata["uid"], type_, *said, source))
        name = f"{metadata['name']}.{hashlib.sha1(identity.encode()).hexdigest()[:16]}"
        namespace = metadata.get("namespace") or "default"
        if identity in self._written:
            self._written.move_to_end(identity)
            if self._repeat(namespace, name):
                return
        self._written[identity] = (namespace, name)
        try:
            self._store.create(KINDS["Event"], _event(about, namespace, name, type_, said, source))
        except StatusError:
            # A namespace on its way out takes no more Events; after a restart it may be there.
            self._repeat(namespace, name)
        self._forget()

    def _repeat(self, namespace: str, name: str) -> bool:
        def again(event: Object) -> None:
            event["count"] = event.get("count", 1) + 1
            event["lastTimestamp"] = now()

        try:
            self._store.change(KINDS["Event"], namespace, name, again)
        except NotFound:
            return False
        return True

    def _forget(self) -> None:
        while len(self._written) > KEPT:
            _, (namespace, name) = self._written.popitem(last=False)
            try:
                self._store.delete(KINDS["Event"], namespace, name)
            except NotFound:
                continue


def _event(
    about: Object, namespace: str, name: str, type_: Type, said: tuple[str, str], source: str
) -> Object:
    """`source` is "component" or "component, host"."""
    component, _, host = source.partition(", ")
    metadata, stamp = about["metadata"], now()
    involved = {
        "apiVersion": about["apiVersion"],
        "kind": about["kind"],
        "name": metadata["name"],
        "uid": metadata["uid"],
        "resourceVersion": metadata["resourceVersion"],
    }
    if "namespace" in metadata:
        involved["namespace"] = metadata["namespace"]
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": name, "namespace": namespace},
        "involvedObject": involved,
        "type": type_,
        "reason": said[0],
        "message": said[1],
        "source": {"component": component, **({"host": host} if host else {})},
        "reportingComponent": component,
        "reportingInstance": host,
        "firstTimestamp": stamp,
        "lastTimestamp": stamp,
        "eventTime": None,
        "count": 1,
    }
