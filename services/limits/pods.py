"""Limits of the Pods a Service selects: network mode, hostNetwork, port names, gate; pure."""

from services.limits.facts import MODE_WORDS, Facts
from services.limits.problem import (
    Outcome,
    Passed,
    Sentence,
    blocks,
    is_direct,
    unknown,
    warns,
)
from services.spec import ServiceSpec


def selector(spec: ServiceSpec, facts: Facts) -> Outcome:
    if not is_direct(spec):
        return None
    if not spec.selector:
        return warns(
            "NoSelector",
            Sentence("The Service has no selector: no Pod will be bound."),
            Sentence("Add a selector or reference a workload."),
        )
    if facts.pods is None:
        return unknown("PodsUnknown", Sentence("The Pods could not be read from the cluster."))
    if not facts.pods:
        return warns(
            "NoPods",
            Sentence(
                "No Pod matches the selector now. The CLB will have no targets until one does."
            ),
        )
    return Passed(Sentence("%(count)s Pods match the selector", count=len(facts.pods)))


def network_mode(spec: ServiceSpec, facts: Facts) -> Outcome:
    """Pods on a container-network address are not targets here; those on an ENI are."""
    pods = facts.pods or ()
    if not is_direct(spec) or not pods or facts.add_on in {"GLOBAL_ROUTER", "CILIUM_OVERLAY"}:
        return None
    wrong = [pod for pod in pods if pod.network_mode in {"route", "overlay"}]
    if not wrong:
        return Passed(Sentence("No Pod is on a container-network address"))
    fix = Sentence(
        "Put the annotation tke.cloud.tencent.com/networks: tke-route-eni and the resource "
        "tke.cloud.tencent.com/eni-ip into the Pod template."
    )
    values = {
        "wrong": len(wrong),
        "count": len(pods),
        "mode": MODE_WORDS[wrong[0].network_mode],
        "pod": wrong[0].name,
    }
    if len(wrong) == len(pods):
        return blocks(
            "WrongNetworkMode",
            Sentence(
                "All %(count)s matching Pods are in %(mode)s mode. Direct access needs VPC-CNI "
                "Pods.",
                **values,
            ),
            fix,
        )
    return warns(
        "SomeWrongNetworkMode",
        Sentence(
            "%(wrong)s of %(count)s Pods are in %(mode)s mode and are left out, such as %(pod)s.",
            **values,
        ),
        fix,
    )


def host_network(spec: ServiceSpec, facts: Facts) -> Outcome:
    pods = facts.pods or ()
    if not is_direct(spec) or not pods:
        return None
    on_host = [pod for pod in pods if pod.host_network]
    if not on_host:
        return Passed(Sentence("No Pod uses hostNetwork"))
    values = {"on_host": len(on_host), "count": len(pods), "pod": on_host[0].name}
    if len(on_host) == len(pods):
        return blocks(
            "HostNetwork",
            Sentence(
                "All %(count)s matching Pods use hostNetwork. Their address belongs to the node, "
                "so a CLB cannot bind them as Pods.",
                **values,
            ),
            Sentence("Choose Pods with an address of their own, or NodePort access."),
        )
    return warns(
        "SomeHostNetwork",
        Sentence(
            "%(on_host)s of %(count)s Pods use hostNetwork and are left out, such as %(pod)s.",
            **values,
        ),
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
        fix = Sentence("Use the port's number, or name the container port in the Pod template.")
        if not have:
            return blocks(
                "NoSuchPortName",
                Sentence(
                    "No matching Pod has a %(protocol)s container port named %(name)s.", **values
                ),
                fix,
            )
        if have < len(pods):
            return warns(
                "PortNameMissing",
                Sentence(
                    "Only %(have)s of %(count)s Pods have a %(protocol)s container port "
                    "named %(name)s.",
                    **values,
                ),
                fix,
            )
    return Passed(Sentence("Every named target port exists in the Pods"))


def gate_coverage(spec: ServiceSpec, facts: Facts) -> Outcome:
    """A Pod without the gate is Ready whether or not the CLB has it."""
    pods = facts.pods or ()
    if not is_direct(spec) or not pods or not facts.console_binds:
        return None
    gated = sum(pod.gated for pod in pods)
    values = {"gated": gated, "count": len(pods), "missing": len(pods) - gated}
    if gated == len(pods):
        return Passed(Sentence("Gate on %(gated)s of %(count)s Pods", **values))
    return warns(
        "PodsWithoutGate",
        Sentence(
            "%(missing)s of %(count)s Pods carry no readiness gate: a rollout will not wait for "
            "the CLB.",
            **values,
        ),
        Sentence(
            "Put the gate %(gate)s into the Pod template's readinessGates.", gate=facts.gate_type
        ),
    )
