"""What a Pod's readiness gate waits for: `services.binding.waits` with its evidence; pure."""

from collections.abc import Iterator, Mapping
from typing import Any

from services.binding.waits import Cause, Wait, Way
from services.diagnosis.containers import pod_ref, proof
from services.diagnosis.facts import PodFacts
from services.diagnosis.finding import Code, Finding, Proof, Ref, Sentence, Severity
from services.limits import Problem
from workloads.rollouts import KINDS

TKE_GATE = "cloud.tencent.com/load-balancer-backendgroup-ready"
# What the loop says when another worker has the load balancer.
ANOTHER_WORKER = ("Another worker is at it.", "Another worker took over.")
_CODES = {
    Cause.DEAD: (Code.DEAD, Severity.BLOCKS),
    Cause.DEAD_LATER: (Code.DEAD_LATER, Severity.BLOCKS),
    Cause.BLOCKED: (Code.BLOCKED, Severity.BLOCKS),
    Cause.QUOTA: (Code.QUOTA, Severity.BLOCKS),
    Cause.EXCLUDED: (Code.EXCLUDED, Severity.BLOCKS),
    Cause.NO_GATE: (Code.NO_GATE, Severity.WARNS),
    Cause.NO_SERVICE: (Code.NO_SERVICE, Severity.WARNS),
    Cause.OVERDUE: (Code.OVERDUE, Severity.WARNS),
    Cause.RETRYING: (Code.RETRYING, Severity.WARNS),
    Cause.THROTTLED: (Code.THROTTLED, Severity.INFORMS),
    Cause.BUSY: (Code.BUSY, Severity.INFORMS),
    Cause.REGISTERING: (Code.REGISTERING, Severity.INFORMS),
    Cause.CHECKING: (Code.CHECKING, Severity.INFORMS),
    Cause.OPENING: (Code.OPENING, Severity.INFORMS),
}
# What podgate itself has to do something about.
CODES = frozenset({code for code, _ in _CODES.values()} | {Code.LEASE}) - {Code.NO_SERVICE}
_STEPS = {
    Code.DEAD: Sentence(
        "Ask the Pod on this port what the health check asks, and see its security groups."
    ),
    Code.DEAD_LATER: Sentence(
        "Ask the Pod on this port what the health check asks, and see its security groups."
    ),
    Code.BLOCKED: Sentence("Do what the Service's page says; podgate goes on by itself then."),
    Code.QUOTA: Sentence(
        "Raise TOTAL_TARGET_BIND_QUOTA of the account, or spread the Pods over more Services."
    ),
    Code.EXCLUDED: Sentence("Change what is named in the workload; new Pods are bound then."),
    Code.NO_GATE: Sentence(
        "Roll the workload: Pods made now get the gate. Until then a rollout of it does not wait "
        "for the load balancer."
    ),
    Code.NO_SERVICE: Sentence(
        "Create a Service that selects this Pod, or take the gate out of the Pod template."
    ),
    Code.OVERDUE: Sentence(
        "See whether the CLB's health checks arrive at the Pod, and the CLB in its own console."
    ),
    Code.RETRYING: Sentence(
        "podgate tries again by itself; the Service's steps carry request ids."
    ),
    Code.LEASE: Sentence("Nothing to do: one worker at a time writes to a load balancer."),
    Code.THROTTLED: Sentence("Nothing to do: podgate waits as long as the CLB API asks."),
    Code.BUSY: Sentence("Nothing to do: the CLB takes one change at a time."),
}
# Rolling it once more would only begin anew.
REPLACED = Sentence(
    "Nothing to do: the rollout under way replaces what has no gate, and new Pods get it."
)


def findings(facts: PodFacts) -> Iterator[Finding]:
    yield from _closed(facts)
    if facts.wait is not None and facts.wait.cause is not Cause.CONTAINERS:
        yield from _waiting(facts, facts.wait)
    yield from _two_writers(facts)
    if facts.pod.containers_ready:
        yield from _others(facts)


def _waiting(facts: PodFacts, wait: Wait) -> Iterator[Finding]:
    code, severity = _CODES[wait.cause]
    if wait.cause is Cause.RETRYING and _way(facts).due_because in ANOTHER_WORKER:
        code, severity = Code.LEASE, Severity.INFORMS
    way = _way(facts)
    step: str = _STEPS.get(code, Sentence(""))
    if code is Code.NO_GATE and facts.replaced:
        severity, step = Severity.INFORMS, REPLACED
    link = _link(way)
    if code in {Code.NO_GATE, Code.NO_SERVICE} and facts.pod.workload_kind in KINDS:
        link = Ref(facts.pod.workload_kind, facts.pod.namespace, facts.pod.workload_name)
    shown = _evidence(facts, code, way)
    if wait.cause is Cause.EXCLUDED and facts.closed:
        # Not the workload, the way to it is to be mended.
        fix = of_problem(code, facts.closed[0], link=link)
        shown, step = (*fix.evidence, *shown), fix.next_step
        yield Finding(code, severity, wait.sentence, shown, step, link, fix.remedy)
        return
    yield Finding(code, severity, wait.sentence, shown, step, link)


def _way(facts: PodFacts) -> Way:
    """The listener that speaks: the one in the worst state."""

    def rank(way: Way) -> tuple[bool, ...]:
        good = way.health in {"Alive", "Close"}
        return (way.health != "Dead", not way.left_out, bool(way.registered_at), good)

    return min(facts.ways, key=rank, default=Way(service="", listener=""))


def _link(way: Way) -> Ref | None:
    namespace, _, name = way.service.partition("/")
    return Ref("Service", namespace, name) if name else None


def _evidence(facts: PodFacts, code: Code, way: Way) -> tuple[Proof, ...]:
    found = []
    if gate := _gate(facts):
        value = str(gate["status"])
        if gate.get("reason"):
            value = f"{value} ({gate['reason']})"
        found.append(proof(facts, f"conditions[{gate['type']}]", value))
    elif code is Code.NO_GATE:
        found.append(proof(facts, "spec.readinessGates", "[]"))
    service = _link(way)
    if way.health:
        said = (
            Sentence("%(word)s: %(why)s", word=way.health, why=way.said) if way.said else way.health
        )
        at = f"{way.lb_id} {way.listener} {way.address}"
        found.append(Proof("DescribeTargetHealth", f"HealthStatusDetail of {at}", said, service))
    elif service is not None and code not in {Code.NO_GATE, Code.NO_SERVICE}:
        why = way.due_because or way.message
        stands = Sentence("%(word)s: %(why)s", word=way.phase, why=why)
        found.append(Proof(f"Service {way.service}", "Binding", stands, service))
    return tuple(found)


def _gate(facts: PodFacts) -> Mapping[str, Any]:
    return next((g for g in facts.pod.gates if g["type"] == facts.around.gate_type), {})


def _closed(facts: PodFacts) -> Iterator[Finding]:
    """The security group that explains a Dead target."""
    if facts.wait is None or facts.wait.cause not in {Cause.DEAD, Cause.DEAD_LATER, Cause.OVERDUE}:
        return
    for problem in facts.closed:
        yield of_problem(Code.SECURITY_GROUP, problem, link=_link(_way(facts)))


def of_problem(code: Code, problem: Problem, *, link: Ref | None = None) -> Finding:
    """A use limit's or a binding's problem as a finding; its own code is evidence."""
    shown = tuple(Proof(one.source, one.field, one.value, link) for one in problem.evidence)
    shown = shown or (Proof("podgate", "problem", problem.code, link),)
    return Finding(
        code, problem.severity, problem.message, shown, problem.fix, link, problem.remedy
    )


def _two_writers(facts: PodFacts) -> Iterator[Finding]:
    if not facts.writers:
        return
    words = Sentence(
        "%(who)s writes this Pod's gate %(gate)s beside podgate: two owners of one condition.",
        who=", ".join(facts.writers),
        gate=facts.around.gate_type,
    )
    shown = tuple(
        proof(facts, f"metadata.managedFields[{who}]", f"conditions[{facts.around.gate_type}]")
        for who in facts.writers
    )
    step = Sentence("Let only one of them write it.")
    yield Finding(Code.TWO_OWNERS, Severity.WARNS, words, shown, step, pod_ref(facts))


def _others(facts: PodFacts) -> Iterator[Finding]:
    """Gates that somebody else has to open."""
    for gate in facts.pod.gates:
        ours = facts.around.console_binds and gate["type"] == facts.around.gate_type
        if ours or gate["status"] == "True":
            continue
        words = Sentence(
            "Its gate %(gate)s is %(status)s; podgate does not write it. %(why)s",
            gate=gate["type"],
            status=gate["status"],
            why=gate["message"] or gate["reason"],
        )
        shown = (proof(facts, f"conditions[{gate['type']}]", str(gate["status"])),)
        step = Sentence("Find the controller that owns this gate, or take it out of the template.")
        if gate["type"] == TKE_GATE:
            step = Sentence(
                "TKE's service-controller opens it once the Pod is bound and healthy: see the "
                "Service's Events."
            )
        yield Finding(Code.OTHER_GATE, Severity.WARNS, words, shown, step, pod_ref(facts))
