"""Why a Pod is not Ready: each cause by its own evidence, and nothing where all is well."""

from dataclasses import replace
from typing import Any

import pytest

from services.binding.waits import Cause
from services.diagnosis import diagnose_pod
from services.diagnosis.facts import BudgetFacts, NodeFacts, PodFacts
from services.diagnosis.pods import placing_step
from tests.services.diagnosis.shapes import (
    AROUND,
    NOW,
    ago,
    codes,
    condition,
    container,
    event,
    pod,
    waiting,
)

UNFIT = "0/3 nodes are available: 3 Insufficient cpu. preemption: 0/3 nodes are available: ..."
SANDBOX = (
    "Failed to create pod sandbox: rpc error: code = Unknown desc = failed: no IP address left"
)
NOT_FOUND = "rpc error: code = NotFound desc = docker.io/shop/web:9: not found"


def unready(**container_differs: Any) -> dict[str, Any]:
    return {
        "ready": False,
        "containers_ready": False,
        "containers": [container(ready=False, **container_differs)],
    }


def only(facts: PodFacts, code: str) -> Any:
    found = diagnose_pod(facts)
    assert codes(found) == [code]
    return found[0]


def test_a_pod_that_is_well_has_no_finding() -> None:
    assert diagnose_pod(pod()) == ()


def test_a_pod_that_ended_well_has_no_finding() -> None:
    assert diagnose_pod(pod(status="Completed", ready=False, containers_ready=False)) == ()


def test_a_pod_that_ended_and_does_not_go_is_told() -> None:
    """Its containers are gone, a finalizer keeps it."""
    ending = {"ending": ago(90), "grace": 1}
    facts = pod(facts=ending, status="Completed", ready=False, terminating=True)
    assert "for 90 s, its grace period is 1 s" in only(facts, "Terminating").sentence


def test_an_unschedulable_pod_is_told_in_the_schedulers_words() -> None:
    said = condition("PodScheduled", "False", "Unschedulable", UNFIT)
    found = only(pod(node="", ip=None, ready=False, conditions=[said], containers=[]),
                 "Unschedulable")  # fmt: skip
    assert UNFIT in found.sentence
    assert found.evidence[0].field == "conditions[PodScheduled]"
    assert "requests" in found.next_step


@pytest.mark.parametrize(
    ("why", "word"),
    [
        ("0/3 nodes are available: 3 Insufficient memory.", "requests"),
        ("0/3 nodes are available: 3 Insufficient tke.cloud.tencent.com/eni-ip.", "ENI"),
        ("0/3 nodes are available: 3 node(s) didn't match Pod's node affinity/selector.", "Label"),
        ("0/3 nodes are available: 3 node(s) had untolerated taint {gpu: yes}.", "toleration"),
        ("0/3 nodes are available: 3 node(s) were unschedulable.", "Uncordon"),
        ("0/3 nodes are available: 1 Insufficient cpu, 2 node(s) were unschedulable.", "Uncordon"),
        ("0/4 nodes are available: 4 Too many pods.", "add nodes"),
        (
            "0/3 nodes are available: 3 node(s) had untolerated taint "
            "{node.kubernetes.io/unreachable: }.",
            "Bring the nodes",
        ),
        ("no nodes available to schedule pods", "Add nodes"),
        ("something new", "Change what"),
    ],
)
def test_the_next_step_is_for_what_keeps_most_nodes_away(why: str, word: str) -> None:
    assert word in placing_step(why)


def test_a_scheduling_gate_is_no_failure() -> None:
    said = condition("PodScheduled", "False", "SchedulingGated", "gated")
    found = only(pod(node="", ip=None, ready=False, conditions=[said], containers=[]),
                 "SchedulingGated")  # fmt: skip
    assert found.severity == "informs"


def test_while_a_pull_backs_off_the_registrys_words_come_from_the_event() -> None:
    failed = event("Failed", f'Failed to pull image "shop/web:1": {NOT_FOUND}')
    state = unready(state="Waiting", reason="ImagePullBackOff", message="Back-off pulling image")
    found = only(pod(facts={"events": (failed,)}, status="ImagePullBackOff", **state), "ImagePull")
    assert "shop/web:9: not found" in found.sentence
    assert "push the image" in found.next_step
    assert [one.source for one in found.evidence] == ["Pod web-1", "Event Failed"]


@pytest.mark.parametrize(
    ("message", "word"),
    [
        ("pull access denied, repository does not exist", "imagePullSecret"),
        ("invalid reference format", "none a registry"),
        ("dial tcp: i/o timeout", "reach the registry"),
    ],
)
def test_what_to_do_about_an_image_depends_on_what_the_registry_said(
    message: str, word: str
) -> None:
    state = unready(state="Waiting", reason="ErrImagePull", message=message)
    assert word in only(pod(**state), "ImagePull").next_step


def test_a_crash_loop_says_the_last_exit() -> None:
    ended = {"code": 1, "reason": "Error", "message": "", "at": None, "ran": 3}
    state = unready(
        state="Waiting", reason="CrashLoopBackOff", message="back-off 40s", restarts=5,
        last="Error (1)", exit=ended,
    )  # fmt: skip
    found = only(pod(**state), "CrashLoop")
    assert "5 restarts, the last exit was code 1 (Error) after 3 s" in found.sentence
    assert "log" in found.next_step


@pytest.mark.parametrize(
    ("ended", "word"),
    [
        ({"code": 137, "reason": "OOMKilled", "ran": 60}, "memory"),
        ({"code": 137, "reason": "Error", "ran": 60}, "killed"),
        ({"code": 0, "reason": "Completed", "ran": 1}, "by itself"),
    ],
)
def test_how_it_ended_says_where_to_look(ended: dict[str, Any], word: str) -> None:
    state = unready(state="Waiting", reason="CrashLoopBackOff", restarts=2, exit=ended)
    assert word in only(pod(**state), "CrashLoop").next_step


def test_a_container_that_cannot_be_started_says_why() -> None:
    state = unready(
        state="Waiting", reason="CreateContainerConfigError", message='secret "x" not found'
    )
    assert 'secret "x" not found' in only(pod(**state), "ContainerError").sentence


def test_an_init_container_that_fails_is_named_by_its_state() -> None:
    facts = pod(status="Init:CrashLoopBackOff", ready=False, containers=[])
    assert "CrashLoopBackOff" in only(facts, "InitContainer").sentence


def test_init_containers_at_work_are_no_finding() -> None:
    assert diagnose_pod(pod(status="Init:1/2", ready=False, containers=[])) == ()


def test_a_failing_readiness_probe_says_what_the_kubelet_saw() -> None:
    failed = event("Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503")
    found = only(pod(facts={"events": (failed,)}, **unready()), "ReadinessProbe")
    assert "HTTP probe failed with statuscode: 503" in found.sentence
    assert found.evidence[0].source == "Event Unhealthy"


def test_a_probe_that_failed_long_ago_is_not_why() -> None:
    failed = event("Unhealthy", "Readiness probe failed: x", seconds=3600)
    assert codes(diagnose_pod(pod(facts={"events": (failed,)}, **unready()))) == [
        "ContainersNotReady"
    ]


def test_a_container_that_has_just_started_is_no_finding() -> None:
    assert diagnose_pod(pod(**unready(since=ago(3).isoformat()))) == ()


def test_a_pod_without_an_address_says_what_the_sandbox_said() -> None:
    facts = pod(facts={"events": (event("FailedCreatePodSandBox", SANDBOX),)}, ip=None,
                ready=False, containers=[])  # fmt: skip
    assert "no IP address left" in only(facts, "NoIP").sentence


def test_a_pod_without_an_address_for_long_is_told_without_events() -> None:
    assert only(pod(ip=None, ready=False, containers=[]), "NoIP").severity == "warns"


def test_a_node_that_is_silent_explains_its_pods() -> None:
    node = NodeFacts("10.1.0.1", "Unknown", "NodeStatusUnknown", "Kubelet stopped.", ago(70))
    found = only(pod(facts={"node": node}, ready=False), "NodeNotReady")
    assert "not Ready for 70 s: Kubelet stopped." in found.sentence
    assert str(found.evidence[0]) == (
        "Node 10.1.0.1 conditions[Ready] = Unknown (NodeStatusUnknown)"
    )


def test_a_node_that_is_gone_is_said_so() -> None:
    assert only(pod(facts={"node": NodeFacts("n", ready="")}, ready=False), "NodeGone")


def test_a_budget_in_the_way_of_a_drain_is_named_with_its_figures() -> None:
    budget = BudgetFacts("shop", "web", allowed=0, healthy=2, desired=2)
    found = only(pod(facts={"budgets": (budget,)}), "PodDisruptionBudget")
    assert "Node 10.1.0.1 is cordoned" in found.sentence
    assert "needs 2 healthy Pods and has 2" in found.sentence
    spare = replace(budget, allowed=1)
    assert diagnose_pod(pod(facts={"budgets": (spare,)})) == ()


def test_a_pod_that_does_not_go_is_told_after_its_grace() -> None:
    facts = pod(facts={"ending": ago(100), "grace": 30}, terminating=True)
    assert "for 100 s, its grace period is 30 s" in only(facts, "Terminating").sentence
    facts = pod(facts={"ending": ago(40), "grace": 30}, terminating=True)
    assert diagnose_pod(facts) == ()


def test_podgates_own_processes_matter_where_something_waits_for_them() -> None:
    around = replace(AROUND, silent={"worker": 42.0})
    waits = waiting(Cause.REGISTERING, around=around)
    assert codes(diagnose_pod(waits)) == ["BinderDown", "Registering"]
    assert "last seen 42 s ago" in diagnose_pod(waits)[0].sentence
    assert diagnose_pod(pod(facts={"around": around})) == ()


def test_the_worst_comes_first_and_causes_before_what_follows() -> None:
    node = NodeFacts("10.1.0.1", "Unknown", since=NOW)
    facts = replace(waiting(Cause.CHECKING), node=node)
    assert codes(diagnose_pod(facts)) == ["NodeNotReady", "Checking"]
