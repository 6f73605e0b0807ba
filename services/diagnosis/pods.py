"""Why a Pod is not Ready: its node, its place, its address, its containers, then its gate; pure."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from services.diagnosis import around, containers, gates
from services.diagnosis.containers import event_proof, pod_ref, proof, said
from services.diagnosis.facts import BudgetFacts, NodeFacts, PodFacts
from services.diagnosis.finding import Code, Finding, Proof, Ref, Sentence, Severity, ordered

ENDED = {"Succeeded", "Completed"}
# A Pod has an address a few seconds after it was given a node.
ADDRESS = timedelta(seconds=15)
# Beyond its grace period a Pod has this long to go.
GOING = timedelta(seconds=30)
_STEPS = (
    (
        re.compile(r"Insufficient tke\.cloud\.tencent\.com/"),
        Sentence("The nodes have no ENI address left: add nodes, or let fewer Pods ask for one."),
    ),
    (
        re.compile(r"Insufficient "),
        Sentence("Lower the containers' requests, free room on the nodes, or add nodes."),
    ),
    (re.compile(r"Too many pods"), Sentence("The nodes run as many Pods as they may: add nodes.")),
    (
        re.compile(r"taint \{node\.kubernetes\.io/(unreachable|not-ready)"),
        Sentence("Bring the nodes that are not Ready back, or add nodes."),
    ),
    (
        re.compile(r"taint"),
        Sentence("Give the Pod a toleration for the taint, or take the taint off a node."),
    ),
    (
        re.compile(r"affinity/selector"),
        Sentence("Label a node as nodeSelector or affinity ask, or correct them in the workload."),
    ),
    (re.compile(r"were unschedulable"), Sentence("Uncordon a node, or add nodes.")),
    (re.compile(r"no nodes available"), Sentence("Add nodes to the cluster.")),
)
_COUNTED = re.compile(r"(\d+) ((?:node\(s\)|Insufficient|Too many)[^,]*)")


def diagnose_pod(facts: PodFacts) -> tuple[Finding, ...]:
    """Empty when all is well; else the worst first."""
    return ordered(findings(facts))


def findings(facts: PodFacts) -> Iterator[Finding]:
    pod = facts.pod
    if pod.status in ENDED and not pod.terminating:
        return
    found = [*_node(facts), *_drained(facts), *_leaving(facts)]
    if not pod.terminating:
        found += [*_place(facts), *_address(facts), *containers.findings(facts)]
        found += gates.findings(facts)
    # Without podgate's processes only those wait who wait for podgate.
    if any(one.code in gates.CODES for one in found) or (found and facts.around.unreachable):
        yield from around.findings(facts.around)
    yield from found


def condition(facts: PodFacts, type_: str) -> dict[str, Any]:
    return next((c for c in facts.pod.conditions if c["type"] == type_), {})


def _node(facts: PodFacts) -> Iterator[Finding]:
    node = facts.node
    if not isinstance(node, NodeFacts):
        return
    ref = Ref("Node", "", node.name)
    if not node.ready:
        words = Sentence("Its node %(node)s is no longer in the cluster.", node=node.name)
        shown = (proof(facts, "spec.nodeName", node.name),)
        step = Sentence("It goes by itself, or delete it with --force if it stays.")
        yield Finding(Code.NODE_GONE, Severity.BLOCKS, words, shown, step, ref)
    elif node.ready != "True":
        yield _not_ready(facts, node, ref)


def _not_ready(facts: PodFacts, node: NodeFacts, ref: Ref) -> Finding:
    seconds = round((facts.around.now - node.since).total_seconds()) if node.since else 0
    words = Sentence(
        "Its node %(node)s is not Ready for %(n)s s: %(why)s",
        node=node.name,
        n=max(0, seconds),
        why=node.message or node.reason,
    )
    shown = (
        Proof(f"Node {node.name}", "conditions[Ready]", f"{node.ready} ({node.reason})", ref),
        proof(facts, "spec.nodeName", node.name),
    )
    step = Sentence(
        "Bring the node back; its Pods are replaced elsewhere once their toleration of "
        "node.kubernetes.io/unreachable is over (300 s unless they say otherwise)."
    )
    return Finding(Code.NODE_NOT_READY, Severity.BLOCKS, words, shown, step, ref)


def _drained(facts: PodFacts) -> Iterator[Finding]:
    """Budgets are known only of Pods whose node is cordoned."""
    for budget in facts.budgets:
        if budget.allowed < 1:
            yield budget_finding(budget, (facts.pod.node,))


def budget_finding(budget: BudgetFacts, nodes: tuple[str, ...]) -> Finding:
    words = Sentence(
        "Node %(node)s is cordoned, but PodDisruptionBudget %(name)s lets no Pod go from it: it "
        "needs %(desired)s healthy Pods and has %(healthy)s.",
        node=", ".join(nodes),
        name=budget.name,
        desired=budget.desired,
        healthy=budget.healthy,
    )
    shown = (
        Proof(
            f"PodDisruptionBudget {budget.namespace}/{budget.name}",
            "status.disruptionsAllowed",
            str(budget.allowed),
        ),
        *(
            Proof(f"Node {node}", "spec.unschedulable", "true", Ref("Node", "", node))
            for node in nodes
        ),
    )
    step = Sentence(
        "Let more Pods become Ready, add a replica, or let the budget spare one more Pod."
    )
    return Finding(Code.BUDGET, Severity.WARNS, words, shown, step)


def _leaving(facts: PodFacts) -> Iterator[Finding]:
    if not facts.pod.terminating or facts.ending is None:
        return
    passed = facts.around.now - facts.ending
    if passed < timedelta(seconds=facts.grace) + GOING:
        return
    words = Sentence(
        "It is terminating for %(n)s s, its grace period is %(grace)s s.",
        n=round(passed.total_seconds()),
        grace=facts.grace,
    )
    shown = (proof(facts, "metadata.deletionTimestamp", facts.ending.isoformat()),)
    step = Sentence("See its finalizers and whether its node answers.")
    yield Finding(Code.TERMINATING, Severity.WARNS, words, shown, step, pod_ref(facts))


def _place(facts: PodFacts) -> Iterator[Finding]:
    scheduled = condition(facts, "PodScheduled")
    if scheduled.get("status") != "False" or facts.pod.node:
        return
    why = str(scheduled.get("message") or scheduled.get("reason") or "")
    shown = (proof(facts, "conditions[PodScheduled]", f"{scheduled.get('reason')}: {why}"),)
    if scheduled.get("reason") == "SchedulingGated":
        words = Sentence("A scheduling gate holds it: %(why)s", why=why)
        step = Sentence("Whoever put spec.schedulingGates there takes them away.")
        yield Finding(Code.SCHEDULING_GATED, Severity.INFORMS, words, shown, step)
        return
    words = Sentence("No node takes it: %(why)s", why=why)
    step = placing_step(why)
    yield Finding(Code.UNSCHEDULABLE, Severity.BLOCKS, words, shown, step, pod_ref(facts))


def placing_step(why: str) -> Sentence:
    """For what keeps the most nodes away."""
    reasons = _COUNTED.findall(why.partition(" preemption:")[0])
    worst = max(reasons, key=lambda found: int(found[0]))[1] if reasons else why
    for pattern, step in _STEPS:
        if pattern.search(worst):
            return step
    return Sentence("Change what the scheduler names, or add nodes.")


def _address(facts: PodFacts) -> Iterator[Finding]:
    pod = facts.pod
    if pod.ip or not pod.node:
        return
    step = Sentence(
        "See whether the Pod subnets have free addresses (Basic Information) and the node's CNI "
        "works."
    )
    if event := said(facts, "FailedCreatePodSandBox"):
        why = event.message.rpartition(" desc = ")[2]
        words = Sentence("It gets no IP address: %(why)s", why=f"{why.rstrip('.')}.")
        shown = (event_proof(facts, event), proof(facts, "status.podIP", ""))
        yield Finding(Code.NO_IP, Severity.BLOCKS, words, shown, step, pod_ref(facts))
        return
    since = condition(facts, "PodScheduled").get("since")
    placed = datetime.fromisoformat(since) if since else pod.created_at
    if placed is None or facts.around.now - placed < ADDRESS:
        return
    words = Sentence(
        "It has had a node for %(n)s s and has no IP address yet.",
        n=round((facts.around.now - placed).total_seconds()),
    )
    no_ip = (proof(facts, "status.podIP", ""),)
    yield Finding(Code.NO_IP, Severity.WARNS, words, no_ip, step, pod_ref(facts))
