"""Why a rollout does not get on."""

from dataclasses import replace
from typing import Any

from services.binding.waits import Cause, Wait
from services.diagnosis import diagnose_workload
from services.diagnosis.facts import BudgetFacts, PodFacts
from services.diagnosis.finding import Sentence
from tests.services.diagnosis.shapes import (
    WAY,
    codes,
    event,
    pod,
    pod_row,
    waiting,
    workload,
)

ROLLING = {"rollout": "progressing", "updated": 1, "available": 2, "ready": 2}
STRATEGY = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}


def named(name: str, facts: PodFacts) -> PodFacts:
    row = pod_row(
        **{f: getattr(facts.pod, f) for f in facts.pod.__struct_fields__} | {"name": name}
    )
    return replace(facts, pod=row)


def test_a_workload_that_is_well_has_no_finding() -> None:
    assert diagnose_workload(workload(pod())) == ()


def test_a_rollout_waits_on_max_unavailable_and_names_the_pods() -> None:
    stuck = waiting(Cause.CHECKING)
    found = diagnose_workload(workload(stuck, strategy=STRATEGY, **ROLLING))
    assert codes(found) == ["Checking", "WaitingOnMaxUnavailable"]
    assert "waits for web-1: with maxUnavailable 0 and maxSurge 1" in found[1].sentence
    assert "1 of 3 are of the new revision" in found[1].sentence


def test_a_rollout_that_goes_as_expected_asks_for_nothing() -> None:
    well = diagnose_workload(workload(waiting(Cause.CHECKING), strategy=STRATEGY, **ROLLING))
    assert well[1].next_step.startswith("Nothing to do")
    dead = diagnose_workload(workload(waiting(Cause.DEAD), strategy=STRATEGY, **ROLLING))
    assert dead[1].next_step.startswith("Mend what these Pods wait for")


def test_the_first_rollout_waits_for_nothing_but_its_pods() -> None:
    new = {"rollout": "progressing", "updated": 3, "available": 0, "ready": 0}
    facts = workload(waiting(Cause.CHECKING), strategy=STRATEGY, **new)
    assert codes(diagnose_workload(facts)) == ["Checking"]


def test_of_many_pods_some_are_named_and_the_rest_counted() -> None:
    stuck = [named(f"web-{n}", waiting(Cause.CHECKING)) for n in range(5)]
    found = diagnose_workload(workload(*stuck, strategy=STRATEGY, **ROLLING))
    assert "web-0, web-1, web-2 and 2 more Pods" in found[1].sentence
    found = diagnose_workload(workload(*stuck[:4], strategy=STRATEGY, **ROLLING))
    assert "web-0, web-1, web-2, web-3:" in found[1].sentence


def test_of_more_pods_than_were_looked_at_numbers_are_at_least() -> None:
    stuck = [named(f"web-{n}", waiting(Cause.CHECKING)) for n in range(100)]
    found = diagnose_workload(workload(*stuck, more=True, strategy=STRATEGY, **ROLLING))
    assert found[0].sentence.startswith("100+ Pods: ")
    assert "web-0, web-1, web-10 and 97+ more Pods" in found[1].sentence


def test_what_many_pods_suffer_from_is_said_once() -> None:
    stuck = [named(f"web-{n}", waiting(Cause.NO_SERVICE)) for n in range(5)]
    found = diagnose_workload(workload(*stuck, ready=0, available=0))
    assert codes(found) == ["NoService"]
    assert found[0].sentence == "5 Pods: because"
    assert [ref.name for ref in found[0].about] == [f"web-{n}" for n in range(5)]


def test_pods_without_a_gate_are_told_once_for_each_reason() -> None:
    def without(why: str) -> PodFacts:
        words = Sentence("The webhook added no gate: %(why)s", why=Sentence(why))
        return pod(facts={"wait": Wait(Cause.NO_GATE, words), "ways": (WAY,)})

    older = [named(f"web-{n}", without("Service web came later.")) for n in range(20)]
    missed = [named("web-late", without("it was not registered in this cluster yet."))]
    found = diagnose_workload(workload(*older, *missed, replicas=21))
    assert codes(found) == ["NoGate", "NoGate"]
    assert found[0].sentence == "20 Pods: The webhook added no gate: Service web came later."
    assert [ref.name for ref in found[0].about] == [f"web-{n}" for n in range(20)]
    assert found[1].sentence.startswith("Pod web-late: ")


def test_pods_dead_on_two_listeners_are_two_findings() -> None:
    def dead(listener: str) -> PodFacts:
        words = Sentence("The CLB says Dead on %(listener)s", listener=listener)
        way = replace(WAY, listener=listener, health="Dead")
        return waiting(Cause.DEAD, way, wait=Wait(Cause.DEAD, words))

    pods = [named(f"web-{n}", dead(f"TCP:{80 + n % 2}")) for n in range(4)]
    found = diagnose_workload(workload(*pods, ready=0, available=0))
    assert [one.sentence for one in found] == [
        "2 Pods: The CLB says Dead on TCP:80",
        "2 Pods: The CLB says Dead on TCP:81",
    ]


def test_a_progress_deadline_that_passed_blocks() -> None:
    facts = workload(rollout="stuck", rollout_message="exceeded its progress deadline")
    found = diagnose_workload(facts)
    assert codes(found) == ["ProgressDeadlineExceeded"]
    assert found[0].severity == "blocks"


def test_a_paused_workload_says_so() -> None:
    assert codes(diagnose_workload(workload(paused=True, rollout="paused"))) == ["Paused"]


def test_the_traffic_guard_is_named_where_it_holds_a_rollout() -> None:
    found = diagnose_workload(workload(paused=True, rollout="paused", held="below 3 targets."))
    assert codes(found) == ["HeldByTrafficGuard"]
    assert "traffic guard holds the rollout: below 3 targets." in found[0].sentence


def test_pods_that_are_not_even_made_say_why() -> None:
    why = 'pods "web-x" is forbidden: exceeded quota: small'
    found = diagnose_workload(workload(failure=why, ready=0, available=0))
    assert codes(found) == ["ReplicaFailure"]
    assert "ResourceQuota" in found[0].next_step
    failed = event("FailedCreate", "Error creating: failed calling webhook")
    found = diagnose_workload(workload(events=(failed,), ready=0, available=0))
    assert codes(found) == ["ReplicaFailure"]
    assert diagnose_workload(workload(events=(failed,))) == ()


def test_a_stateful_set_goes_in_order() -> None:
    facts = workload(waiting(Cause.CHECKING), kind="StatefulSet", **ROLLING)
    assert codes(diagnose_workload(facts)) == ["Checking", "WaitingInOrder"]


def test_old_pods_that_a_strategy_keeps_are_told() -> None:
    def kept(**strategy: Any) -> list[str]:
        facts = workload(kind="StatefulSet", updated=1, strategy=strategy)
        return codes(diagnose_workload(facts))

    assert kept(type="OnDelete") == ["OnDelete"]
    assert kept(type="RollingUpdate", rollingUpdate={"partition": 2}) == ["Partition"]
    assert kept(type="RollingUpdate") == []


def test_a_budget_holds_up_a_drain_of_its_nodes() -> None:
    budget = BudgetFacts("shop", "web", allowed=0, healthy=3, desired=3)
    found = diagnose_workload(workload(budgets=(budget,), cordoned=("10.1.0.1",)))
    assert codes(found) == ["PodDisruptionBudget"]
    assert diagnose_workload(workload(budgets=(budget,))) == ()
