"""The STATUS and RESTARTS columns of `kubectl get pods`, as its printPod computes them; pure."""

from console import kinds

FINISHED = {"Succeeded", "Failed"}


def status_word(pod: kinds.Pod) -> tuple[str, int]:
    """What `kubectl get pods` prints under STATUS and RESTARTS."""
    status = pod.status
    word = status.reason or status.phase or "Unknown"
    if any(
        condition.type == "PodScheduled" and condition.reason == "SchedulingGated"
        for condition in status.conditions
    ):
        word = "SchedulingGated"
    restarts = sum(one.restart_count for one in status.init_container_statuses)
    stuck = _init_word(pod)
    if stuck:
        word = stuck
    else:
        restarts = sum(one.restart_count for one in status.container_statuses)
        word = _container_word(pod, word)
    if pod.metadata.deletion_timestamp is not None:
        if status.reason == "NodeLost":
            return "Unknown", restarts
        if status.phase not in FINISHED:
            return "Terminating", restarts
    return word, restarts


def _init_word(pod: kinds.Pod) -> str:
    """The word while init containers are at work; empty afterwards."""
    initialized = {one.type: one.status for one in pod.status.conditions}.get("Initialized")
    if initialized == "True":
        return ""
    for number, status in enumerate(pod.status.init_container_statuses):
        ended, waiting = status.state.terminated, status.state.waiting
        if (ended and ended.exit_code == 0) or status.started:
            continue
        if ended:
            return "Init:" + (ended.reason or _ending(ended))
        if waiting and waiting.reason and waiting.reason != "PodInitializing":
            return "Init:" + waiting.reason
        return f"Init:{number}/{len(pod.spec.init_containers)}"
    return ""


def _container_word(pod: kinds.Pod, word: str) -> str:
    running = False
    # From the last to the first: the first container's trouble wins.
    for status in reversed(pod.status.container_statuses):
        ended, waiting = status.state.terminated, status.state.waiting
        if waiting and waiting.reason:
            word = waiting.reason
        elif ended:
            word = ended.reason or _ending(ended)
        elif status.ready and status.state.running:
            running = True
    if word == "Completed" and running:
        ready = any(one.type == "Ready" and one.status == "True" for one in pod.status.conditions)
        return "Running" if ready else "NotReady"
    return word


def _ending(ended: kinds.ContainerStateTerminated) -> str:
    return f"Signal:{ended.signal}" if ended.signal else f"ExitCode:{ended.exit_code}"
