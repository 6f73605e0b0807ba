"""How far a rollout is, in the words of `kubectl rollout status`, with the reason it waits.

Pure: a Deployment, StatefulSet or DaemonSet in, a row and its `Rollout` out.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec

from console import kinds
from workloads import stopping
from workloads.pods import network_mode, ports_of

KINDS = ("Deployment", "StatefulSet", "DaemonSet")


class State(StrEnum):
    PROGRESSING = "progressing"
    COMPLETE = "complete"
    PAUSED = "paused"
    STUCK = "stuck"


@dataclass(frozen=True)
class Rollout:
    state: State
    message: str


@dataclass(frozen=True)
class Replicas:
    """Wanted and had; a DaemonSet counts nodes where the others count replicas."""

    wanted: int
    updated: int
    ready: int
    available: int


class WorkloadRow(msgspec.Struct, frozen=True, kw_only=True):
    """The columns of `workloads.models.Workload`, without the cluster."""

    kind: str
    uid: str
    namespace: str
    name: str
    resource_version: str
    created_at: datetime | None
    labels: dict[str, str]
    replicas: int
    updated: int
    ready: int
    available: int
    rollout: str
    rollout_message: str
    paused: bool
    host_network: bool
    network_mode: str
    template_labels: dict[str, str]
    template_gates: list[str]
    selector: dict[str, Any]
    containers: list[dict[str, Any]]
    strategy: dict[str, Any]


def row(kind: str, workload: kinds.Workload, *, add_on: str = "") -> WorkloadRow:
    meta, spec = workload.metadata, workload.spec
    template, counted, rollout = spec.template, replicas(kind, workload), progress(kind, workload)
    return WorkloadRow(
        kind=kind,
        uid=meta.uid,
        namespace=meta.namespace,
        name=meta.name,
        resource_version=meta.resource_version,
        created_at=meta.creation_timestamp,
        labels=meta.labels,
        replicas=counted.wanted,
        updated=counted.updated,
        ready=counted.ready,
        available=counted.available,
        rollout=rollout.state,
        rollout_message=rollout.message,
        paused=spec.paused,
        host_network=template.spec.host_network,
        network_mode=network_mode(template.spec, template.metadata.annotations, add_on=add_on),
        template_labels=template.metadata.labels,
        template_gates=[gate.condition_type for gate in template.spec.readiness_gates],
        selector=_selector(spec.selector),
        containers=[
            {"name": one.name, "image": one.image, "ports": ports_of(one)}
            | stopping.stops(one, template.spec)
            for one in template.spec.containers
        ],
        strategy=spec.strategy or spec.update_strategy or {},
    )


def _selector(selector: kinds.LabelSelector) -> dict[str, Any]:
    found: dict[str, Any] = {"matchLabels": selector.match_labels}
    if selector.match_expressions:
        found["matchExpressions"] = [
            {"key": one.key, "operator": one.operator, "values": one.values}
            for one in selector.match_expressions
        ]
    return found


def replicas(kind: str, workload: kinds.Workload) -> Replicas:
    spec, status = workload.spec, workload.status
    if kind == "DaemonSet":
        return Replicas(
            status.desired_number_scheduled,
            status.updated_number_scheduled,
            status.number_ready,
            status.number_available,
        )
    wanted = 1 if spec.replicas is None else spec.replicas
    return Replicas(
        wanted, status.updated_replicas, status.ready_replicas, status.available_replicas
    )


def progress(kind: str, workload: kinds.Workload) -> Rollout:
    """The state of the newest rollout and the sentence kubectl would print."""
    told = _TOLD[kind](workload)
    failure = _condition(workload, "ReplicaFailure")
    if failure and failure.status == "True" and told.state is not State.COMPLETE:
        return Rollout(State.STUCK, f"{told.message} {failure.reason}: {failure.message}")
    return told


def _deployment(workload: kinds.Workload) -> Rollout:
    name, spec, status = workload.metadata.name, workload.spec, workload.status
    wanted = 1 if spec.replicas is None else spec.replicas
    waiting = f'Waiting for deployment "{name}" rollout to finish: '
    if workload.metadata.generation > status.observed_generation:
        return Rollout(State.PROGRESSING, "Waiting for deployment spec update to be observed...")
    progressing = _condition(workload, "Progressing")
    if progressing and progressing.reason == "ProgressDeadlineExceeded":
        said = f'deployment "{name}" exceeded its progress deadline'
        return Rollout(State.STUCK, f"{said}: {progressing.message}")
    state = State.PAUSED if spec.paused else State.PROGRESSING
    if status.updated_replicas < wanted:
        counted = f"{status.updated_replicas} out of {wanted} new replicas have been updated..."
        return Rollout(state, waiting + counted)
    if status.replicas > status.updated_replicas:
        old = status.replicas - status.updated_replicas
        return Rollout(state, f"{waiting}{old} old replicas are pending termination...")
    if status.available_replicas < status.updated_replicas:
        counted = f"{status.available_replicas} of {status.updated_replicas}"
        return Rollout(state, f"{waiting}{counted} updated replicas are available...")
    if spec.paused:
        return Rollout(State.PAUSED, f'deployment "{name}" is paused')
    return Rollout(State.COMPLETE, f'deployment "{name}" successfully rolled out')


def _stateful_set(workload: kinds.Workload) -> Rollout:
    spec, status = workload.spec, workload.status
    wanted = 1 if spec.replicas is None else spec.replicas
    if _unseen(workload):
        return Rollout(State.PROGRESSING, "Waiting for statefulset spec update to be observed...")
    if status.ready_replicas < wanted:
        waits = wanted - status.ready_replicas
        return Rollout(State.PROGRESSING, f"Waiting for {waits} pods to be ready...")
    strategy = spec.update_strategy or {}
    partition = (strategy.get("rollingUpdate") or {}).get("partition") or 0
    if partition:
        return _partitioned(status.updated_replicas, wanted - partition)
    on_delete = strategy.get("type") == "OnDelete"
    if status.update_revision != status.current_revision and not on_delete:
        said = (
            f"waiting for statefulset rolling update to complete {status.updated_replicas} "
            f"pods at revision {status.update_revision}..."
        )
        return Rollout(State.PROGRESSING, said)
    done = f"{status.current_replicas} pods at revision {status.current_revision}..."
    return Rollout(State.COMPLETE, f"statefulset rolling update complete {done}")


def _partitioned(updated: int, wanted: int) -> Rollout:
    if updated < wanted:
        counted = f"{updated} out of {wanted} new pods have been updated..."
        return Rollout(State.PROGRESSING, f"Waiting for partitioned roll out to finish: {counted}")
    done = f"partitioned roll out complete: {updated} new pods have been updated..."
    return Rollout(State.COMPLETE, done)


def _daemon_set(workload: kinds.Workload) -> Rollout:
    name, status = workload.metadata.name, workload.status
    wanted = status.desired_number_scheduled
    waiting = f'Waiting for daemon set "{name}" rollout to finish: '
    if _unseen(workload):
        return Rollout(State.PROGRESSING, "Waiting for daemon set spec update to be observed...")
    on_delete = (workload.spec.update_strategy or {}).get("type") == "OnDelete"
    if status.updated_number_scheduled < wanted and not on_delete:
        counted = f"{status.updated_number_scheduled} out of {wanted}"
        return Rollout(State.PROGRESSING, f"{waiting}{counted} new pods have been updated...")
    if status.number_available < wanted:
        counted = f"{status.number_available} of {wanted} updated pods are available..."
        return Rollout(State.PROGRESSING, waiting + counted)
    return Rollout(State.COMPLETE, f'daemon set "{name}" successfully rolled out')


def _unseen(workload: kinds.Workload) -> bool:
    """Whether the controller has not looked at the newest spec yet."""
    return (
        workload.status.observed_generation == 0
        or workload.metadata.generation > workload.status.observed_generation
    )


def _condition(workload: kinds.Workload, name: str) -> kinds.Condition | None:
    return next((one for one in workload.status.conditions if one.type == name), None)


_TOLD: dict[str, Callable[[kinds.Workload], Rollout]] = {
    "Deployment": _deployment,
    "StatefulSet": _stateful_set,
    "DaemonSet": _daemon_set,
}
