"""Gathers the facts of a Pod, workload or Service: the index, the ledger, and live reads."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.utils import timezone

from console import alive
from console.models import Binder, Cluster
from services import waiting
from services.binding.waits import Cause, Wait
from services.diagnosis import closed, reads, rows
from services.diagnosis.facts import BudgetFacts, PodFacts, Surroundings, Unread, WorkloadFacts
from services.diagnosis.reads import NOW, Patience
from services.facts.asking import Question
from workloads import behind
from workloads.history import notes
from workloads.models import Pod, PodTimeline, Rollout, Workload
from workloads.pods import PodRow
from workloads.rollouts import WorkloadRow
from workloads.timeline import Stage

# Of a workload or Service so many Pods are looked at closely.
MOST_PODS = 100


def around(cluster: Cluster) -> Surroundings:
    return Surroundings(
        now=timezone.now(),
        gate_type=cluster.gate_type,
        console_binds=cluster.binder == Binder.CONSOLE,
        silent=alive.silent(),
        unreachable="" if cluster.reachable else cluster.unreachable_because,
        seen_at=cluster.seen_at,
        name=cluster.cluster_id,
    )


def pod_row(pod: Pod) -> PodRow:
    values = {name: getattr(pod, name) for name in PodRow.__struct_fields__}
    return PodRow(**values)


def of_pod(cluster: Cluster, pod: Pod, patience: Patience) -> PodFacts:
    """One Pod, looked at as closely as it can be."""
    facts = of_pods(cluster, [pod], patience)[0]
    if pod.terminating:
        return replace(facts, ending=_ending(cluster, pod), grace=_grace(pod))
    if facts.wait is None or not any(g["type"] == cluster.gate_type for g in pod.gates):
        return facts
    who = reads.writers(cluster, pod.namespace, pod.name, cluster.gate_type)
    found = patience.ask({"writers": who})["writers"]
    return facts if isinstance(found, Unread) else replace(facts, writers=found)


def _ending(cluster: Cluster, pod: Pod) -> datetime | None:
    row = PodTimeline.objects.filter(cluster=cluster, pod_uid=pod.uid).first()
    stamp = notes.stamps(row).get(Stage.TERMINATING) if row else None
    return stamp.at if stamp else None


def _grace(pod: Pod) -> int:
    graces = [one["grace"] for one in pod.containers if one.get("grace") is not None]
    return max(graces, default=30)


def of_pods(
    cluster: Cluster,
    pods: Sequence[Pod],
    patience: Patience,
    surroundings: Surroundings | None = None,
) -> list[PodFacts]:
    """Events, nodes and budgets are asked for once for all of them, where they may explain."""
    surroundings = surroundings or around(cluster)
    waits, ways = waiting.both(cluster, pods)
    stuck = [pod for pod in pods if not pod.ready or pod.terminating]
    questions = _questions(cluster, pods, stuck)
    answers = patience.ask(questions)
    doors = closed.problems(cluster, pods, waits, ways, patience)
    leaving = _leaving(cluster, pods, waits)
    return [
        PodFacts(
            pod=pod_row(pod),
            around=surroundings,
            wait=waits.get(pod.uid),
            ways=ways.get(pod.uid, ()),
            events=_events(pod, answers),
            node=answers.get(f"node {pod.node}"),
            budgets=_budgets(pod, answers),
            closed=doors.get(pod.uid, ()),
            replaced=pod.uid in leaving,
        )
        for pod in pods
    ]


def _leaving(cluster: Cluster, pods: Sequence[Pod], waits: Mapping[str, Wait]) -> set[str]:
    """Of Pods without their gate, those that a rollout under way replaces."""
    gateless = [pod for pod in pods if pod.uid in waits and waits[pod.uid].cause is Cause.NO_GATE]
    if not gateless:
        return set()
    began = {
        (row.kind, row.namespace, row.name): row.started_at
        for row in Rollout.objects.filter(
            cluster=cluster,
            finished_at=None,
            namespace__in={pod.namespace for pod in gateless},
            name__in={pod.workload_name for pod in gateless},
        )
    }
    return {
        pod.uid
        for pod in gateless
        if (at := began.get((pod.workload_kind, pod.namespace, pod.workload_name)))
        and pod.created_at < at
    }


def _questions(cluster: Cluster, pods: Sequence[Pod], stuck: Sequence[Pod]) -> dict[str, Question]:
    questions = {"cordoned": reads.cordoned(cluster)}
    questions |= reads.nodes(cluster, {pod.node for pod in stuck})
    for namespace in {pod.namespace for pod in pods}:
        questions[f"budgets {namespace}"] = reads.budgets(cluster, namespace)
    telling = [pod for pod in stuck if not pod.containers_ready and not pod.terminating]
    if len(telling) == 1:
        (pod,) = telling
        questions[f"events {pod.uid}"] = reads.events_of(cluster, pod.uid, pod.namespace)
    else:
        for namespace in {pod.namespace for pod in telling}:
            questions[f"warnings {namespace}"] = reads.warnings_in(cluster, namespace)
    return questions


def _events(pod: Pod, answers: Mapping[str, Any]) -> Any:
    own = answers.get(f"events {pod.uid}")
    if own is not None:
        return own
    found = answers.get(f"warnings {pod.namespace}")
    return found.get(pod.uid, ()) if isinstance(found, Mapping) else found


def _budgets(pod: Pod, answers: Mapping[str, Any]) -> tuple[BudgetFacts, ...]:
    """Only those of a Pod whose node is being emptied."""
    found, emptied = answers.get(f"budgets {pod.namespace}"), answers.get("cordoned")
    if not found or not emptied or pod.node not in emptied:
        return ()
    return tuple(one.facts for one in found if one.covers(pod.labels))


def of_workload(cluster: Cluster, row: Workload, patience: Patience) -> WorkloadFacts:
    """The Pods that are not well, and those on nodes that are being emptied."""
    is_live, surroundings = patience is NOW, around(cluster)
    found = rows.of_workload(cluster, row, is_live=is_live, most=MOST_PODS + 1)
    pods, rest = found.pods[:MOST_PODS], found.pods[MOST_PODS:]
    facts = of_pods(cluster, pods, patience, surroundings)
    # Those that are not Ready came first.
    more = bool(rest) and (not rest[0].ready or facts[-1].wait is not None)
    answers = patience.ask(_of_rollout(cluster, row))
    emptied = patience.ask({"cordoned": reads.cordoned(cluster)})["cordoned"]
    nodes = {node for _, node in found.places} & _names(emptied)
    if nodes and not is_live and len(pods) < MOST_PODS:
        known, room = [pod.uid for pod in pods], MOST_PODS - len(pods)
        others = rows.on_nodes(cluster, row, nodes, but=known, most=room)
        facts += of_pods(cluster, others, patience, surroundings)
    said = answers.get("warnings")
    failure = answers.get("failure")
    return WorkloadFacts(
        row=workload_row(row),
        around=surroundings,
        pods=tuple(facts),
        more=more,
        revisions=frozenset(revision for revision, _ in found.places),
        events=_of_workload(row, said) if isinstance(said, Mapping) else said,
        budgets=tuple(dict.fromkeys(budget for one in facts for budget in one.budgets)),
        cordoned=tuple(sorted(nodes)),
        failure=failure if isinstance(failure, str) else "",
        held=_held(cluster, row),
    )


def _names(emptied: frozenset[str] | Unread) -> frozenset[str]:
    return frozenset() if isinstance(emptied, Unread) else emptied


def _of_rollout(cluster: Cluster, row: Workload) -> dict[str, Question]:
    if row.rollout == "complete" and row.ready >= row.replicas:
        return {}
    return {
        "warnings": reads.warnings_in(cluster, row.namespace),
        "failure": reads.failure(cluster, row.kind, row.namespace, row.name),
    }


def _of_workload(row: Workload, said: Mapping[str, Any]) -> tuple[Any, ...]:
    """About itself, and about the ReplicaSets a Deployment names after itself."""
    own = said.get(row.uid, ())
    sets = (
        event
        for about, events in said.items()
        if about.startswith(f"ReplicaSet/{row.name}-") and row.kind == "Deployment"
        for event in events
    )
    return (*own, *sets)


def _held(cluster: Cluster, row: Workload) -> str:
    stops = behind.stopped(cluster, row)
    return next((str(stop.text) for stop in stops if stop.is_held), "")


def workload_row(row: Workload) -> WorkloadRow:
    values = {name: getattr(row, name) for name in WorkloadRow.__struct_fields__}
    return WorkloadRow(**values)


def of_selected(
    cluster: Cluster, namespace: str, selector: Mapping[str, str], patience: Patience
) -> tuple[int, tuple[PodFacts, ...], bool]:
    """How many Pods a Service selects, the facts of those that are not well, and whether even more
    are not."""
    pods = rows.selected(cluster, namespace, selector, is_live=patience is NOW)
    waits = waiting.waits_of(cluster, pods)
    unwell = [pod for pod in pods if not pod.ready or pod.uid in waits]
    facts = of_pods(cluster, unwell[:MOST_PODS], patience)
    return len(pods), tuple(facts), len(unwell) > MOST_PODS
