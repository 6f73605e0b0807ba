"""A Pod's status as the kubelet computes it; pure. Conditions of others are left alone."""

from collections.abc import Sequence
from typing import Any

from sandbox.kubernetes.kinds import Object

OWN = ("PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled")


def gate_messages(pod: Object) -> list[str]:
    """What the readiness gates still hold against this Pod, in the kubelet's words."""
    conditions = {c["type"]: c for c in (pod.get("status") or {}).get("conditions") or ()}
    messages = []
    for gate in pod["spec"].get("readinessGates") or ():
        type_ = gate["conditionType"]
        found = conditions.get(type_)
        if found is None:
            messages.append(
                f'corresponding condition of pod readiness gate "{type_}" does not exist.'
            )
        elif found["status"] != "True":
            messages.append(
                f'the status of pod readiness gate "{type_}" is not "True", but {found["status"]}'
            )
    return messages


def _containers_ready(phase: str, unready: Sequence[str]) -> Object:
    if phase == "Succeeded":
        return {"status": "False", "reason": "PodCompleted"}
    if phase == "Failed":
        return {"status": "False", "reason": "PodFailed"}
    if unready:
        return {
            "status": "False",
            "reason": "ContainersNotReady",
            "message": f"containers with unready status: [{' '.join(unready)}]",
        }
    return {"status": "True"}


def _ready(pod: Object, containers_ready: Object) -> Object:
    if containers_ready["status"] != "True":
        return containers_ready
    if messages := gate_messages(pod):
        return {
            "status": "False",
            "reason": "ReadinessGatesNotReady",
            "message": ", ".join(messages),
        }
    return {"status": "True"}


def own_conditions(
    pod: Object, phase: str, *, unready: Sequence[str], has_sandbox: bool, initialized: bool
) -> dict[str, Object]:
    """The kubelet's own conditions by type. Ready = ContainersReady and every gate True."""
    containers_ready = _containers_ready(phase, unready)
    waiting_init = {
        "status": "False",
        "reason": "ContainersNotInitialized",
        "message": "containers with incomplete status",
    }
    return {
        "PodReadyToStartContainers": {"status": "True" if has_sandbox else "False"},
        "Initialized": {"status": "True"} if initialized else waiting_init,
        "Ready": _ready(pod, containers_ready),
        "ContainersReady": containers_ready,
        "PodScheduled": {"status": "True"},
    }


def merged(present: Sequence[Object], own: dict[str, Object], now: str) -> list[Object]:
    """The list with the kubelet's conditions renewed and everybody else's untouched."""
    old: dict[str, Any] = {c["type"]: c for c in present}
    fresh = []
    for type_, says in own.items():
        before = old.get(type_)
        same = before is not None and before["status"] == says["status"]
        changed = before["lastTransitionTime"] if before and same else now
        fresh.append({"type": type_, "lastProbeTime": None, "lastTransitionTime": changed, **says})
    return [*fresh, *(c for c in present if c["type"] not in own)]


def phase_of(restart_policy: str, states: Sequence[Object], *, stopping: bool = False) -> str:
    """The Pod's phase from its containers' states."""
    terminated = [state["terminated"] for state in states if "terminated" in state]
    if states and len(terminated) == len(states):
        well = all(end["exitCode"] == 0 for end in terminated)
        if restart_policy == "Never" or stopping or (restart_policy == "OnFailure" and well):
            return "Succeeded" if well else "Failed"
        return "Running"
    started = any("running" in state or "terminated" in state for state in states)
    waits_again = any((s.get("waiting") or {}).get("reason") == "CrashLoopBackOff" for s in states)
    return "Running" if started or waits_again else "Pending"
