"""Why a workload does not get on: its rollout, its Pods, and what stands in its way; pure."""

from collections.abc import Iterator
from typing import Any

from services.diagnosis import around
from services.diagnosis.facts import EventFacts, PodFacts, WorkloadFacts
from services.diagnosis.finding import Code, Finding, Proof, Ref, Sentence, Severity, ordered
from services.diagnosis.many import gathered
from services.diagnosis.pods import budget_finding
from services.diagnosis.pods import findings as of_pod
from workloads.rollouts import State

# Named in a sentence; the rest is counted.
NAMED = 3


def diagnose_workload(facts: WorkloadFacts) -> tuple[Finding, ...]:
    """Empty when it runs as wanted; else the worst first."""
    return ordered(_findings(facts))


def _findings(facts: WorkloadFacts) -> Iterator[Finding]:
    found = [*_failure(facts), *_deadline(facts), *_paused(facts)]
    found += [
        *gathered(facts.pods, facts.more),
        *_rolling(facts),
        *_strategy(facts),
        *_budgets(facts),
    ]
    if found and facts.around.unreachable:
        yield from around.findings(facts.around)
    yield from found


def _ref(facts: WorkloadFacts) -> Ref:
    return Ref(facts.row.kind, facts.row.namespace, facts.row.name)


def _proof(facts: WorkloadFacts, field: str, value: str) -> Proof:
    return Proof(f"{facts.row.kind} {facts.row.name}", field, value, _ref(facts))


def _failure(facts: WorkloadFacts) -> Iterator[Finding]:
    """Pods that are not even made: a quota, a webhook, a wrong template."""
    event = _event(facts, "FailedCreate")
    why = facts.failure or (event.message if event and facts.row.ready < facts.row.replicas else "")
    if not why:
        return
    shown = _proof(facts, "conditions[ReplicaFailure]", why)
    if not facts.failure and event:
        shown = Proof("Event FailedCreate", "message", why, _ref(facts))
    words = Sentence("Its Pods cannot be made: %(why)s", why=f"{why.rstrip('.')}.")
    step = Sentence("Correct what the message names: a quota, a webhook that denies, the template.")
    if "exceeded quota" in why:
        step = Sentence("Raise the namespace's ResourceQuota, or lower replicas or requests.")
    elif "failed calling webhook" in why:
        step = Sentence(
            "The webhook does not answer: bring it back, or take its registration away."
        )
    yield Finding(Code.REPLICA_FAILURE, Severity.BLOCKS, words, (shown,), step, _ref(facts))


def _event(facts: WorkloadFacts, reason: str) -> EventFacts | None:
    return next((event for event in facts.events or () if event.reason == reason), None)


def _deadline(facts: WorkloadFacts) -> Iterator[Finding]:
    if facts.row.rollout != State.STUCK:
        return
    words = Sentence(
        "The rollout made no progress within its deadline: %(ready)s of %(wanted)s Pods are "
        "available, %(updated)s are of the new revision.",
        ready=facts.row.available,
        wanted=facts.row.replicas,
        updated=facts.row.updated,
    )
    shown = _proof(facts, "conditions[Progressing]", facts.row.rollout_message)
    step = Sentence("Mend what its Pods wait for, or roll back to the revision before.")
    yield Finding(Code.PROGRESS_DEADLINE, Severity.BLOCKS, words, (shown,), step, _ref(facts))


def _paused(facts: WorkloadFacts) -> Iterator[Finding]:
    if not (facts.row.paused or facts.held):
        return
    words = Sentence(
        "It is paused: changes of its template wait until it is resumed (%(updated)s of "
        "%(wanted)s Pods are of the newest revision).",
        updated=facts.row.updated,
        wanted=facts.row.replicas,
    )
    code, severity = Code.PAUSED, Severity.WARNS
    if facts.held:
        code, severity = Code.HELD, Severity.BLOCKS
        words = Sentence("podgate's traffic guard holds the rollout: %(why)s", why=facts.held)
    shown = _proof(facts, "spec.paused", "true")
    step = Sentence("Resume it when it may go on.")
    yield Finding(code, severity, words, (shown,), step, _ref(facts))


def _rolling(facts: WorkloadFacts) -> Iterator[Finding]:
    """What lets a rollout take its next step: Pods that are not available yet."""
    row = facts.row
    waits = [each for each in facts.pods if not each.pod.ready and not each.pod.terminating]
    if row.rollout not in {State.PROGRESSING, State.STUCK} or not waits:
        return
    if row.kind == "StatefulSet":
        yield _in_order(facts, waits)
        return
    # Without Pods of another revision nothing is replaced: they all just start.
    is_old = len(facts.revisions.union(each.pod.revision for each in facts.pods)) > 1
    if not is_old and row.updated >= row.replicas:
        return
    surge, unavailable = _margins(facts)
    words = Sentence(
        "The rollout waits for %(who)s: with maxUnavailable %(unavailable)s and maxSurge "
        "%(surge)s the next Pods are replaced once these are available (%(updated)s of "
        "%(wanted)s are of the new revision).",
        who=_who(waits, facts.more),
        unavailable=unavailable,
        surge=surge,
        updated=row.updated,
        wanted=row.replicas,
    )
    field = "strategy.rollingUpdate" if row.kind == "Deployment" else "updateStrategy.rollingUpdate"
    shown = (
        _proof(facts, f"spec.{field}", f"maxUnavailable={unavailable}, maxSurge={surge}"),
        _proof(facts, "status.availableReplicas", str(row.available)),
    )
    yield Finding(
        Code.MAX_UNAVAILABLE, Severity.INFORMS, words, shown, _going_on(waits), _ref(facts)
    )


def _going_on(waits: list[PodFacts]) -> Sentence:
    """What to do about a rollout that waits for these Pods: mostly nothing."""
    wrong = (one.severity is not Severity.INFORMS for each in waits for one in of_pod(each))
    if any(wrong):
        return Sentence("Mend what these Pods wait for; the rollout goes on by itself.")
    return Sentence("Nothing to do: so far all is as expected, and the rollout goes on by itself.")


def _in_order(facts: WorkloadFacts, waits: list[PodFacts]) -> Finding:
    words = Sentence(
        "A StatefulSet goes Pod by Pod: it waits for %(who)s before it touches the next one.",
        who=_who(waits, facts.more),
    )
    shown = _proof(facts, "status.readyReplicas", f"{facts.row.ready} of {facts.row.replicas}")
    step = _going_on(waits)
    return Finding(Code.IN_ORDER, Severity.INFORMS, words, (shown,), step, _ref(facts))


def _who(waits: list[PodFacts], more: bool) -> str:
    """The first of them by name; "1 more" would be as long as its name."""
    names = sorted(each.pod.name for each in waits)
    if len(names) <= NAMED + (not more):
        return ", ".join(names)
    listed = ", ".join(names[:NAMED])
    others = f"{len(names) - NAMED}{'+' if more else ''}"
    return Sentence("%(names)s and %(n)s more Pods", names=listed, n=others)


def _margins(facts: WorkloadFacts) -> tuple[Any, Any]:
    """(maxSurge, maxUnavailable) as they stand in the manifest, with Kubernetes' defaults."""
    rolling = facts.row.strategy.get("rollingUpdate") or {}
    is_deployment = facts.row.kind == "Deployment"
    return (
        rolling.get("maxSurge", "25%" if is_deployment else 0),
        rolling.get("maxUnavailable", "25%" if is_deployment else 1),
    )


def _strategy(facts: WorkloadFacts) -> Iterator[Finding]:
    """Pods that stay as they are because the strategy says so."""
    row = facts.row
    old = row.replicas - row.updated
    if old <= 0 or row.paused:
        return
    if row.strategy.get("type") == "OnDelete":
        words = Sentence(
            "%(n)s Pods keep the old revision: the strategy OnDelete waits until somebody deletes "
            "them.",
            n=old,
        )
        shown = _proof(facts, "spec.updateStrategy.type", "OnDelete")
        step = Sentence("Delete the old Pods one by one, each when the one before is Ready.")
        yield Finding(Code.ON_DELETE, Severity.INFORMS, words, (shown,), step, _ref(facts))
        return
    partition = (row.strategy.get("rollingUpdate") or {}).get("partition") or 0
    if partition and row.kind == "StatefulSet":
        words = Sentence(
            "Partition %(partition)s keeps the Pods below that number at the old revision "
            "(%(n)s of %(wanted)s).",
            partition=partition,
            n=old,
            wanted=row.replicas,
        )
        shown = _proof(facts, "spec.updateStrategy.rollingUpdate.partition", str(partition))
        step = Sentence("Lower the partition to let the rollout go on.")
        yield Finding(Code.PARTITION, Severity.INFORMS, words, (shown,), step, _ref(facts))


def _budgets(facts: WorkloadFacts) -> Iterator[Finding]:
    """A drain of a node that a budget holds up, told where no unready Pod tells it already."""
    if not facts.cordoned:
        return
    for budget in facts.budgets:
        if budget.allowed < 1:
            yield budget_finding(budget, facts.cordoned)
