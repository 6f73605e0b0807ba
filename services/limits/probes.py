"""Limits between a Service's target ports and what the containers say of theirs; pure."""

from services.limits.facts import Facts, PodFacts
from services.limits.problem import (
    Evidence,
    Limit,
    Outcome,
    Passed,
    Sentence,
    Severity,
    is_direct,
)
from services.spec import Port, ServiceSpec

NO_SUCH_PORT_NAME = Limit(
    "NoSuchPortName",
    Severity.BLOCKS,
    Sentence("No matching Pod has a %(protocol)s container port named %(name)s."),
    Sentence("Use the port's number, or name the container port in the Pod template."),
    source="Pod spec.containers[].ports[].name",
)
PORT_NAME_MISSING = Limit(
    "PortNameMissing",
    Severity.WARNS,
    Sentence("Only %(have)s of %(count)s Pods have a %(protocol)s container port named %(name)s."),
    Sentence("Use the port's number, or name the container port in the Pod template."),
    source="Pod spec.containers[].ports[].name",
)
PORT_NOT_DECLARED = Limit(
    "ContainerPortMissing",
    Severity.WARNS,
    Sentence(
        "No container of %(pod)s declares %(protocol)s port %(port)s; they declare %(ports)s. "
        "If nothing listens there, the CLB calls every target Dead."
    ),
    Sentence("Correct the target port, or declare it as containerPort in the Pod template."),
    source="Pod spec.containers[].ports[].containerPort",
)
NO_PROBE = Limit(
    "NoReadinessProbe",
    Severity.WARNS,
    Sentence(
        "%(pod)s has no readiness probe: it is registered at the CLB as soon as its containers "
        "run, before the application answers."
    ),
    Sentence("Give the container a readinessProbe on the target port."),
    source="Pod spec.containers[].readinessProbe",
)
PROBE_ELSEWHERE = Limit(
    "ProbeOnAnotherPort",
    Severity.WARNS,
    Sentence(
        "The readiness probe of %(pod)s looks at port %(probed)s, the Service's target is "
        "%(port)s: a Pod may be ready for Kubernetes and dead for the CLB."
    ),
    Sentence("Let the readinessProbe look at the target port."),
    source="Pod spec.containers[].readinessProbe.httpGet.port, tcpSocket.port",
)


def named_targets(spec: ServiceSpec, facts: Facts) -> Outcome:
    """A target port given by name must be the name of a container port."""
    pods = facts.pods or ()
    names = [(str(p.target), p.protocol.value) for p in spec.ports if isinstance(p.target, str)]
    if not names or not pods:
        return None
    for name, protocol in names:
        have = sum((name, protocol) in pod.named_ports for pod in pods)
        values = {"name": name, "protocol": protocol, "have": have, "count": len(pods)}
        without = next((pod for pod in pods if (name, protocol) not in pod.named_ports), None)
        if without is None:
            continue
        said = ", ".join(sorted(name for name, _ in without.named_ports)) or "-"
        seen = Evidence(f"Pod {without.name}", "spec.containers[].ports[].name", said)
        return (PORT_NAME_MISSING if have else NO_SUCH_PORT_NAME)(seen, **values)
    return Passed(Sentence("Every named target port exists in the Pods"))


def container_ports(spec: ServiceSpec, facts: Facts) -> Outcome:
    """A number need not be declared, but one that differs from all declared ones is suspect."""
    pods = [pod for pod in facts.pods or () if pod.ports]
    if not is_direct(spec) or not pods:
        return None
    numbers = [port for port in spec.ports if isinstance(port.target, int)]
    for port in numbers:
        for pod in pods:
            declared = [one for one in pod.ports if one.protocol == port.protocol]
            if port.target not in {one.number for one in declared}:
                return _not_declared(pod, port)
    return Passed(Sentence("The Pods declare every target port")) if numbers else None


def _not_declared(pod: PodFacts, port: Port) -> Outcome:
    said = ", ".join(f"{one.protocol} {one.number}" for one in pod.ports)
    return PORT_NOT_DECLARED(
        Evidence(f"Pod {pod.name}", "spec.containers[].ports[].containerPort", said),
        pod=pod.name,
        protocol=port.protocol,
        port=port.target,
        ports=said,
    )


def readiness_probe(spec: ServiceSpec, facts: Facts) -> Outcome:
    pods = [pod for pod in facts.pods or () if pod.probes is not None and not pod.host_network]
    if not is_direct(spec) or not pods or not spec.ports:
        return None
    field = "spec.containers[].readinessProbe"
    if without := next((pod for pod in pods if not pod.probes), None):
        return NO_PROBE(Evidence(f"Pod {without.name}", field, "-"), pod=without.name)
    targets = {port.target for port in spec.ports}
    for pod in pods:
        probed = _numbers(pod)
        # A command may look at anything.
        if "" in probed or probed & _targets(spec, pod):
            continue
        said = ", ".join(map(str, sorted(probed, key=str)))
        wanted = ", ".join(map(str, sorted(targets, key=str)))
        seen = Evidence(f"Pod {pod.name}", f"{field} port", said)
        return PROBE_ELSEWHERE(seen, pod=pod.name, probed=said, port=wanted)
    return Passed(Sentence("The readiness probe looks at the target port"))


def _numbers(pod: PodFacts) -> set[int | str]:
    """Ports its probes look at, names as the numbers they stand for."""
    names = {port.name: port.number for port in pod.ports if port.name}
    return {
        names.get(probe, probe) if isinstance(probe, str) else probe for probe in pod.probes or ()
    }


def _targets(spec: ServiceSpec, pod: PodFacts) -> set[int | str]:
    names = {port.name: port.number for port in pod.ports if port.name}
    return {
        names.get(port.target, port.target) if isinstance(port.target, str) else port.target
        for port in spec.ports
    }
