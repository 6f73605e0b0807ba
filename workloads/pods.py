"""A Pod's manifest as a row of the index: the word kubectl prints, its gates, how it is reached.

Pure: structs in, structs out. What the row means for a load balancer is for `services` to say.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

import msgspec

from console import kinds
from workloads import stopping
from workloads.printed import status_word

NETWORKS = "tke.cloud.tencent.com/networks"
ENI_RESOURCES = ("tke.cloud.tencent.com/eni-ip", "tke.cloud.tencent.com/direct-eni")
# How a cluster's add-on connects a Pod that asks for nothing (`console.network.AddOn` by name).
# In a mixed cluster such a Pod is a GlobalRouter one.
MODE_OF_ADD_ON = {
    "GLOBAL_ROUTER": "route",
    "MIXED": "route",
    "VPC_CNI_SHARED": "eni",
    "VPC_CNI_EXCLUSIVE": "eni",
    "CILIUM_OVERLAY": "overlay",
}


class PodRow(msgspec.Struct, frozen=True, kw_only=True):
    """The columns of `workloads.models.Pod`, without the cluster."""

    uid: str
    namespace: str
    name: str
    resource_version: str
    created_at: datetime | None
    labels: dict[str, str]
    ip: str | None
    node: str
    status: str
    ready: bool
    containers_ready: bool
    terminating: bool
    host_network: bool
    network_mode: str
    restarts: int
    workload_kind: str
    workload_name: str
    revision: str
    gates: list[dict[str, Any]]
    gated: bool
    gates_open: bool
    conditions: list[dict[str, Any]]
    containers: list[dict[str, Any]]


def row(pod: kinds.Pod, *, add_on: str = "") -> PodRow:
    """The row of a Pod in a cluster with this network add-on."""
    meta, spec, status = pod.metadata, pod.spec, pod.status
    conditions = {condition.type: condition for condition in status.conditions}
    gates = gate_states(pod)
    word, restarts = status_word(pod)
    kind, name = workload_of(meta)
    return PodRow(
        uid=meta.uid,
        namespace=meta.namespace,
        name=meta.name,
        resource_version=meta.resource_version,
        created_at=meta.creation_timestamp,
        labels=meta.labels,
        ip=status.pod_ip or None,
        node=spec.node_name,
        status=word,
        ready=_is_true(conditions.get("Ready")),
        containers_ready=_is_true(conditions.get("ContainersReady")),
        terminating=meta.deletion_timestamp is not None,
        host_network=spec.host_network,
        network_mode=network_mode(spec, meta.annotations, add_on=add_on),
        restarts=restarts,
        workload_kind=kind,
        workload_name=name,
        revision=revision_of(meta),
        gates=gates,
        gated=bool(gates),
        gates_open=all(gate["status"] == "True" for gate in gates),
        conditions=[condition_state(condition) for condition in status.conditions],
        containers=container_states(pod),
    )


def network_mode(spec: kinds.PodSpec, annotations: Mapping[str, str], *, add_on: str = "") -> str:
    """host, eni, route, overlay, or empty when nobody can tell.

    `tke.cloud.tencent.com/networks` and the eni-ip resource are how a Pod asks for an ENI in a
    cluster that has both networks (DOMAIN §3).
    """
    if spec.host_network:
        return "host"
    asked = annotations.get(NETWORKS, "")
    if "-eni" in asked:
        return "eni"
    if "tke-bridge" in asked:
        return "route"
    if any(name in ENI_RESOURCES for container in spec.containers for name in _wants(container)):
        return "eni"
    return MODE_OF_ADD_ON.get(add_on, "")


def _wants(container: kinds.Container) -> Iterable[str]:
    yield from container.resources.limits
    yield from container.resources.requests


def workload_of(meta: kinds.ObjectMeta) -> tuple[str, str]:
    """Kind and name of the workload on top, from the controlling owner.

    A Deployment names its ReplicaSets `<deployment>-<pod-template-hash>` and labels their Pods
    with that hash, so the Deployment is known without reading the ReplicaSet.
    """
    owner = next((owner for owner in meta.owner_references if owner.controller), None)
    if owner is None:
        return "", ""
    suffix = f"-{meta.labels.get('pod-template-hash', '')}"
    if owner.kind == "ReplicaSet" and len(suffix) > 1 and owner.name.endswith(suffix):
        return "Deployment", owner.name.removesuffix(suffix)
    return owner.kind, owner.name


def revision_of(meta: kinds.ObjectMeta) -> str:
    for label in ("pod-template-hash", "controller-revision-hash"):
        if label in meta.labels:
            return meta.labels[label]
    return ""


def gate_states(pod: kinds.Pod) -> list[dict[str, Any]]:
    """Each readiness gate with its condition; a gate nobody wrote yet is `missing`."""
    conditions = {condition.type: condition for condition in pod.status.conditions}
    missing = {"status": "missing", "reason": "", "message": "", "since": None}
    return [
        condition_state(conditions[gate.condition_type])
        if gate.condition_type in conditions
        else {"type": gate.condition_type, **missing}
        for gate in pod.spec.readiness_gates
    ]


def condition_state(condition: kinds.Condition) -> dict[str, Any]:
    return {
        "type": condition.type,
        "status": condition.status,
        "reason": condition.reason,
        "message": condition.message,
        "since": _iso(condition.last_transition_time),
    }


def container_states(pod: kinds.Pod) -> list[dict[str, Any]]:
    found = {status.name: status for status in pod.status.container_statuses}
    return [
        _container(container, found.get(container.name, kinds.ContainerStatus()))
        | stopping.stops(container, pod.spec)
        for container in pod.spec.containers
    ]


def _container(container: kinds.Container, status: kinds.ContainerStatus) -> dict[str, Any]:
    state, reason, message, since = _state(status.state)
    last = status.last_state.terminated
    return {
        "name": container.name,
        "image": container.image,
        "ready": status.ready,
        "restarts": status.restart_count,
        "state": state,
        "reason": reason,
        "message": message,
        "since": since,
        "last": f"{last.reason or 'Terminated'} ({last.exit_code})" if last else "",
        "exit": _exit(last or status.state.terminated),
        "ports": ports_of(container),
        "probe": probe_port(container),
        "eni": any(name in ENI_RESOURCES for name in _wants(container)),
    }


def _exit(ended: kinds.ContainerStateTerminated | None) -> dict[str, Any] | None:
    """The last exit: its code, reason, and how many seconds the container had run."""
    if ended is None:
        return None
    ran = None
    if ended.started_at and ended.finished_at:
        ran = round((ended.finished_at - ended.started_at).total_seconds())
    return {
        "code": ended.exit_code,
        "reason": ended.reason,
        "message": ended.message,
        "at": _iso(ended.finished_at),
        "ran": ran,
    }


def ports_of(container: kinds.Container) -> list[dict[str, Any]]:
    return [
        {"name": port.name, "port": port.container_port, "protocol": port.protocol}
        for port in container.ports
    ]


def probe_port(container: kinds.Container) -> int | str | None:
    """Port of the readiness probe, by number or name; "" for a command, None without a probe."""
    probe = container.readiness_probe
    if not probe:
        return None
    for kind in ("httpGet", "tcpSocket", "grpc"):
        if port := (probe.get(kind) or {}).get("port"):
            return port if isinstance(port, int | str) else ""
    return ""


def _state(state: kinds.ContainerState) -> tuple[str, str, str, str | None]:
    if state.running:
        return "Running", "", "", _iso(state.running.started_at)
    if state.terminated:
        ended = state.terminated
        return "Terminated", ended.reason, ended.message, _iso(ended.finished_at)
    waiting = state.waiting or kinds.ContainerStateWaiting()
    return "Waiting", waiting.reason, waiting.message, None


def _is_true(condition: kinds.Condition | None) -> bool:
    return condition is not None and condition.status == "True"


# Pods share most of their moments: Kubernetes tells whole seconds.
@lru_cache(maxsize=4096)
def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
