"""What a Pod says that matters to a target: is it selected, does it serve, has it stopped; pure."""

from console.kinds import Pod
from services.spec import Port, ServiceSpec


def selects(spec: ServiceSpec, pod: Pod) -> bool:
    """An empty selector matches nothing: such a Service has its endpoints by hand."""
    labels = pod.metadata.labels
    return bool(spec.selector) and all(labels.get(key) == value for key, value in spec.selector)


def target_port(port: Port, pod: Pod) -> int | None:
    """The number behind a port; a name is looked up in the Pod's containers."""
    if isinstance(port.target, int):
        return port.target
    for container in pod.spec.containers:
        for offered in container.ports:
            if (offered.name, offered.protocol) == (port.target, port.protocol):
                return offered.container_port
    return None


def containers_ready(pod: Pod) -> bool:
    """Never `Ready`: a gated Pod is not Ready until it is bound."""
    return _is_true(pod, "ContainersReady")


def has_gate(pod: Pod, gate_type: str) -> bool:
    return any(gate.condition_type == gate_type for gate in pod.spec.readiness_gates)


def is_open(pod: Pod, gate_type: str) -> bool:
    """Its gate is True: it stays so for the life of the Pod."""
    return _is_true(pod, gate_type)


def is_running(pod: Pod) -> bool:
    return any(status.state.running for status in pod.status.container_statuses)


def serves(pod: Pod) -> bool:
    return containers_ready(pod) and pod.metadata.deletion_timestamp is None


def has_stopped(pod: Pod | None) -> bool:
    """Nothing answers at the address any more, and it may be given to another Pod."""
    if pod is None or pod.status.phase in {"Succeeded", "Failed"}:
        return True
    return pod.metadata.deletion_timestamp is not None and not is_running(pod)


def _is_true(pod: Pod, condition: str) -> bool:
    return any(c.type == condition and c.status == "True" for c in pod.status.conditions)
