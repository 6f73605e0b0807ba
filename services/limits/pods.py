"""Limits of the Pods a Service selects: who they are, how they are reached, their gate; pure."""

from services.limits.facts import MODE_WORDS, Facts, PodFacts, Unread
from services.limits.problem import (
    Evidence,
    Limit,
    Outcome,
    Passed,
    Sentence,
    Severity,
    is_direct,
)
from services.spec import ServiceSpec

MODE_SOURCE = "Pod annotation tke.cloud.tencent.com/networks, resource tke.cloud.tencent.com/eni-ip"
ASK_FOR_ENI = Sentence(
    "Put the annotation tke.cloud.tencent.com/networks: tke-route-eni and the resource "
    "tke.cloud.tencent.com/eni-ip into the Pod template."
)
NO_SELECTOR = Limit(
    "NoSelector",
    Severity.WARNS,
    Sentence("The Service has no selector: no Pod will be bound."),
    Sentence("Add a selector or reference a workload."),
    source="Service spec.selector",
)
PODS_UNKNOWN = Limit(
    "PodsUnknown",
    Severity.INFORMS,
    Sentence("The Pods could not be read from the cluster."),
    source="API server GET pods",
)
NO_PODS = Limit(
    "NoPods",
    Severity.WARNS,
    Sentence("No Pod matches the selector now. The CLB will have no targets until one does."),
    Sentence("Start the workload, or correct the selector."),
    source="API server GET pods",
)
SEVERAL_WORKLOADS = Limit(
    "SeveralWorkloads",
    Severity.WARNS,
    Sentence(
        "The selector matches the Pods of %(count)s workloads: %(names)s. All of them get traffic."
    ),
    Sentence("If that is not meant, add a label to the selector that only one of them has."),
    source="Pod metadata.ownerReferences",
)
OTHER_SERVICES = Limit(
    "PodsOfOtherServices",
    Severity.WARNS,
    Sentence(
        "%(count)s of these Pods are also behind Service %(name)s: their gate opens only when "
        "both load balancers call them healthy."
    ),
    Sentence("Leave it so if both are meant; else select different Pods."),
    source="Service spec.selector of the namespace",
)
BOTH_CONTROLLERS = Limit(
    "PodsOfBothControllers",
    Severity.BLOCKS,
    Sentence(
        "%(count)s of these Pods are also behind Service %(name)s, which TKE's service-controller "
        "binds: two controllers would open and close the same Pods."
    ),
    Sentence("Let one of the two bind these Pods: delete the other Service, or select other Pods."),
    source="Service spec.selector of the namespace",
)
WRONG_MODE = Limit(
    "WrongNetworkMode",
    Severity.BLOCKS,
    Sentence("All %(count)s matching Pods are in %(mode)s mode. Direct access needs VPC-CNI Pods."),
    ASK_FOR_ENI,
    source=MODE_SOURCE,
)
SOME_WRONG_MODE = Limit(
    "SomeWrongNetworkMode",
    Severity.WARNS,
    Sentence("%(wrong)s of %(count)s Pods are in %(mode)s mode and are left out, such as %(pod)s."),
    ASK_FOR_ENI,
    source=MODE_SOURCE,
)
MIXED_MODES = Limit(
    "MixedNetworkModes",
    Severity.WARNS,
    Sentence(
        "%(eni)s of the matching Pods are in VPC-CNI mode and %(route)s in GlobalRouter mode, such "
        "as %(pod)s. TKE allows one network mode per workload, and each mode has conditions of "
        "its own."
    ),
    Sentence("Bring the workload's Pod template to one mode and roll it out."),
    source=MODE_SOURCE,
)
HOST_NETWORK = Limit(
    "HostNetwork",
    Severity.BLOCKS,
    Sentence(
        "All %(count)s matching Pods use hostNetwork. Their address belongs to the node, so a CLB "
        "cannot bind them as Pods."
    ),
    Sentence("Choose Pods with an address of their own, or NodePort access."),
    source="Pod spec.hostNetwork",
)
SOME_HOST_NETWORK = Limit(
    "SomeHostNetwork",
    Severity.WARNS,
    Sentence("%(on_host)s of %(count)s Pods use hostNetwork and are left out, such as %(pod)s."),
    Sentence("Choose Pods with an address of their own, or NodePort access."),
    source="Pod spec.hostNetwork",
)
NO_GATE = Limit(
    "PodsWithoutGate",
    Severity.WARNS,
    Sentence(
        "%(missing)s of %(count)s Pods carry no readiness gate: a rollout will not wait for the "
        "CLB."
    ),
    Sentence(
        "Put the gate %(gate)s into the Pod template's readinessGates; or roll the workload once "
        "the Service is there: the access layer adds the gate to new Pods."
    ),
    source="Pod spec.readinessGates",
)


def selector(spec: ServiceSpec, facts: Facts) -> Outcome:
    if not is_direct(spec):
        return None
    if not spec.selector:
        return NO_SELECTOR()
    if isinstance(facts.pods, Unread):
        return PODS_UNKNOWN()
    if not facts.pods:
        said = ", ".join(f"{key}={value}" for key, value in spec.selector)
        return NO_PODS(Evidence("GET pods", f"labelSelector={said}", "0"))
    return Passed(Sentence("%(count)s Pods match the selector", count=len(facts.pods)))


def several_workloads(spec: ServiceSpec, facts: Facts) -> Outcome:
    found = sorted({pod.workload for pod in facts.pods or () if pod.workload[1]})
    if not is_direct(spec) or len(found) < 2:
        return None
    names = ", ".join(f"{kind}/{name}" for kind, name in found)
    seen = Evidence("Pods", "metadata.ownerReferences", names)
    return SEVERAL_WORKLOADS(seen, count=len(found), names=names)


def other_services(spec: ServiceSpec, facts: Facts) -> Outcome:
    """One gate for all claimed Services of a Pod; never two controllers on one Pod."""
    if not is_direct(spec) or not facts.services:
        return None
    for other in facts.services:
        shared = _shared(facts, other.selector)
        is_foreign = other.by_tke is facts.console_binds
        if other.name == spec.name or not shared or not (is_foreign or facts.console_binds):
            continue
        seen = Evidence(f"Service {other.name}", "spec.selector", _said(other.selector))
        limit = BOTH_CONTROLLERS if is_foreign else OTHER_SERVICES
        return limit(seen, count=shared, name=other.name)
    return Passed(Sentence("No other load balancer has these Pods")) if facts.pods else None


def _shared(facts: Facts, labels: tuple[tuple[str, str], ...]) -> int:
    return sum(bool(labels) and set(labels) <= pod.labels for pod in facts.pods or ())


def _said(labels: tuple[tuple[str, str], ...]) -> str:
    return ", ".join(f"{key}={value}" for key, value in labels)


def network_mode(spec: ServiceSpec, facts: Facts) -> Outcome:
    """Overlay addresses are never targets; ENI and GlobalRouter ones are, one kind at a time."""
    pods = facts.pods or ()
    if not is_direct(spec) or not pods or facts.add_on == "CILIUM_OVERLAY":
        return None
    if wrong := [pod for pod in pods if pod.network_mode == "overlay"]:
        values = {"wrong": len(wrong), "count": len(pods), "mode": MODE_WORDS["overlay"]}
        limit = WRONG_MODE if len(wrong) == len(pods) else SOME_WRONG_MODE
        return limit(_seen(wrong[0]), **values, pod=wrong[0].name)
    eni, route = ([pod for pod in pods if pod.network_mode == mode] for mode in ("eni", "route"))
    if eni and route:
        return MIXED_MODES(_seen(route[0]), eni=len(eni), route=len(route), pod=route[0].name)
    if eni:
        return Passed(Sentence("No Pod is on a container-network address"))
    return Passed(Sentence("All Pods are in one network mode")) if route else None


def _seen(pod: PodFacts) -> Evidence:
    mode = MODE_WORDS[pod.network_mode]
    return Evidence(f"Pod {pod.name}", "tke.cloud.tencent.com/networks", str(mode))


def host_network(spec: ServiceSpec, facts: Facts) -> Outcome:
    pods = facts.pods or ()
    if not is_direct(spec) or not pods:
        return None
    on_host = [pod for pod in pods if pod.host_network]
    if not on_host:
        return Passed(Sentence("No Pod uses hostNetwork"))
    values = {"on_host": len(on_host), "count": len(pods), "pod": on_host[0].name}
    limit = HOST_NETWORK if len(on_host) == len(pods) else SOME_HOST_NETWORK
    return limit(Evidence(f"Pod {on_host[0].name}", "spec.hostNetwork", "true"), **values)


def gate_coverage(spec: ServiceSpec, facts: Facts) -> Outcome:
    """A Pod without the gate is Ready whether or not the CLB has it."""
    pods = facts.pods or ()
    if not is_direct(spec) or not pods or not facts.console_binds:
        return None
    gated = sum(pod.gated for pod in pods)
    values = {"gated": gated, "count": len(pods), "missing": len(pods) - gated}
    if gated == len(pods):
        return Passed(Sentence("Gate on %(gated)s of %(count)s Pods", **values))
    without = next(pod for pod in pods if not pod.gated)
    seen = Evidence(f"Pod {without.name}", "spec.readinessGates", "-")
    return NO_GATE(seen, gate=facts.gate_type, **values)
