"""The moments that Kubernetes knows of a Pod, as the Pod's own status tells them; pure."""

from datetime import datetime, timedelta
from typing import Any

from console import kinds
from workloads.pods import revision_of, workload_of
from workloads.printed import FINISHED, status_word
from workloads.timeline.stages import Source, Stage, Stamp, refined

# In the order in which they come true.
CONDITIONS = {
    "PodScheduled": Stage.SCHEDULED,
    "PodReadyToStartContainers": Stage.IP,
    "ContainersReady": Stage.CONTAINERS_READY,
    "Ready": Stage.READY,
}

# The stages this module can tell of.
TOLD = (
    Stage.CREATED,
    Stage.SCHEDULED,
    Stage.IP,
    Stage.CONTAINERS_READY,
    Stage.GATE,
    Stage.READY,
    Stage.TERMINATING,
)

type Moments = dict[Stage, Stamp]


def stamps(pod: kinds.Pod, seen: datetime | None) -> Moments:
    """The stages a Pod has reached. `seen`: now, where this is an event; None for a list.

    Kubernetes writes whole seconds; a change that arrives within its own second is timed by us.
    """
    meta, status = pod.metadata, pod.status
    found: Moments = {}

    def reached(stage: Stage, at: datetime | None, source: Source = Source.KUBERNETES) -> None:
        if at is not None:
            found[stage] = Stamp(refined(at, seen), source)

    reached(Stage.CREATED, meta.creation_timestamp)
    for condition in status.conditions:
        stage = CONDITIONS.get(condition.type)
        if stage and condition.status == "True":
            reached(stage, condition.last_transition_time)
    _address(pod, found, seen)
    reached(Stage.GATE, gates_open_at(pod))
    if meta.deletion_timestamp is not None:
        # Asked for then; the deletionTimestamp is when the grace will be over.
        grace = timedelta(seconds=meta.deletion_grace_period_seconds or 0)
        reached(Stage.TERMINATING, meta.deletion_timestamp - grace)
    return found


def gates_open_at(pod: kinds.Pod) -> datetime | None:
    """When the last of the Pod's readiness gates became True; None while one is not."""
    conditions = {one.type: one for one in pod.status.conditions}
    gates = [conditions.get(gate.condition_type) for gate in pod.spec.readiness_gates]
    if not gates or any(gate is None or gate.status != "True" for gate in gates):
        return None
    known = [gate.last_transition_time for gate in gates if gate and gate.last_transition_time]
    return max(known, default=None)


def _address(pod: kinds.Pod, found: Moments, seen: datetime | None) -> None:
    """Kubernetes tells since 1.29; before that, when it was seen, or when a container ran."""
    if not pod.status.pod_ip:
        found.pop(Stage.IP, None)
    elif Stage.IP not in found:
        starts = [
            status.state.running.started_at
            for status in pod.status.container_statuses
            if status.state.running and status.state.running.started_at
        ]
        if starts:
            found[Stage.IP] = Stamp(refined(min(starts), seen), Source.KUBERNETES)
        elif seen is not None:
            found[Stage.IP] = Stamp(seen, Source.WATCHER)


def about(pod: kinds.Pod) -> dict[str, Any]:
    """What a timeline says of a Pod beside its moments: the columns of PodTimeline."""
    meta = pod.metadata
    kind, name = workload_of(meta)
    word, restarts = status_word(pod)
    return {
        "namespace": meta.namespace,
        "name": meta.name,
        "workload_kind": kind,
        "workload_name": name,
        "revision": revision_of(meta),
        "node": pod.spec.node_name,
        "image": pod.spec.containers[0].image if pod.spec.containers else "",
        "gated": bool(pod.spec.readiness_gates),
        "word": word,
        "because": because(pod),
        "restarts": restarts,
    }


def because(pod: kinds.Pod) -> str:
    """Why the Pod is not further, in the words of whom it waits for; empty when it is Ready."""
    conditions = {one.type: one for one in pod.status.conditions}
    ready = conditions.get("Ready")
    if pod.status.phase in FINISHED or (ready and ready.status == "True"):
        return ""
    scheduled = conditions.get("PodScheduled")
    if scheduled and scheduled.status == "False":
        return _said(scheduled.reason, scheduled.message)
    for status in pod.status.init_container_statuses + pod.status.container_statuses:
        if (waits := status.state.waiting) and waits.reason not in {"", *_ON_THE_WAY}:
            return _said(waits.reason, waits.message)
    for gate in pod.spec.readiness_gates:
        told = conditions.get(gate.condition_type)
        contained = conditions.get("ContainersReady")
        if contained and contained.status == "True" and told and told.status != "True":
            return _said(told.reason, told.message)
    return _said(ready.reason, ready.message) if ready else ""


_ON_THE_WAY = {"ContainerCreating", "PodInitializing"}


def _said(reason: str, message: str) -> str:
    return f"{reason}: {message}" if reason and message else reason or message
