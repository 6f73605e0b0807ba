"""The Pod's columns: its status in one word, the way kubectl words it."""

from sandbox.kubernetes import objects
from sandbox.kubernetes.kinds import Object
from sandbox.kubernetes.tables.column import AGE, NAME, NONE, Column, at, since, wide


def _statuses(pod: Object, field: str = "containerStatuses") -> list[Object]:
    found: list[Object] = pod.get("status", {}).get(field) or []
    return found


def ready(pod: Object) -> str:
    done = sum(1 for status in _statuses(pod) if status.get("ready"))
    return f"{done}/{len(pod['spec'].get('containers', []))}"


def word(pod: Object) -> str:
    """Phase, or the reason a container gives, or Terminating."""
    status = pod.get("status", {})
    reason = status.get("reason") or status.get("phase") or "Unknown"
    reason = _initial_word(pod) or _container_word(pod, reason)
    if objects.is_deleting(pod):
        return "Unknown" if status.get("reason") == "NodeLost" else "Terminating"
    return reason


def _initial_word(pod: Object) -> str | None:
    statuses = _statuses(pod, "initContainerStatuses")
    for index, status in enumerate(statuses):
        state = status.get("state", {})
        if state.get("terminated", {}).get("exitCode") == 0:
            continue
        for stage in ("terminated", "waiting"):
            reason = state.get(stage, {}).get("reason")
            if reason and reason != "PodInitializing":
                return f"Init:{reason}"
        return f"Init:{index}/{len(pod['spec'].get('initContainers', statuses))}"
    return None


def _container_word(pod: Object, reason: str) -> str:
    has_running = False
    for status in reversed(_statuses(pod)):
        state = status.get("state", {})
        if state.get("waiting", {}).get("reason"):
            reason = state["waiting"]["reason"]
        elif "terminated" in state:
            ended = state["terminated"]
            reason = ended.get("reason") or f"ExitCode:{ended.get('exitCode', 0)}"
        elif status.get("ready") and "running" in state:
            has_running = True
    if reason == "Completed" and has_running:
        return "Running" if _is_true(pod, "Ready") else "NotReady"
    return reason


def _is_true(pod: Object, condition: str) -> bool:
    return any(
        each["type"] == condition and each["status"] == "True"
        for each in pod.get("status", {}).get("conditions") or ()
    )


def restarts(pod: Object) -> str:
    every = _statuses(pod)
    total = sum(status.get("restartCount", 0) for status in every)
    ended = [
        finished
        for status in every
        if (finished := status.get("lastState", {}).get("terminated", {}).get("finishedAt"))
    ]
    return f"{total} ({since(max(ended))} ago)" if total and ended else str(total)


def gates(pod: Object) -> str:
    """READINESS GATES: how many of them are True."""
    wanted = pod["spec"].get("readinessGates") or []
    done = sum(1 for gate in wanted if _is_true(pod, gate["conditionType"]))
    return f"{done}/{len(wanted)}" if wanted else NONE


POD = (
    NAME,
    Column("Ready", ready),
    Column("Status", word),
    Column("Restarts", restarts),
    AGE,
    wide("IP", at("status", "podIP")),
    wide("Node", at("spec", "nodeName")),
    wide("Nominated Node", at("status", "nominatedNodeName")),
    wide("Readiness Gates", gates),
)
