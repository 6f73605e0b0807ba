"""The scheduler's filters and its sentence (FitError), and what a Pod requests; pure."""

from typing import Any

import pytest

from sandbox.kubernetes.controllers.fitting import misplaced, refusals, requests, thousandths
from sandbox.kubernetes.controllers.scheduler import unfit
from sandbox.kubernetes.kinds import Object

AFFINITY = "node(s) didn't match Pod's node affinity/selector"


def node(*taints: Object, **room: str) -> Object:
    return {
        "metadata": {"name": "10.0.0.1", "labels": {"zone": "a"}},
        "spec": {"taints": list(taints)},
        "status": {"allocatable": {"cpu": "2", "memory": "4Gi", "pods": "10", **room}},
    }


def pod(spec: Object | None = None, **asked: str) -> Object:
    return {"spec": {"containers": [{"resources": {"requests": asked}}], **(spec or {})}}


@pytest.mark.parametrize(
    ("text", "value"),
    [("100m", 100), ("1.5", 1500), ("2", 2000), ("1Ki", 1024_000), ("1e3", 1000_000), (3, 3000)],
)
def test_quantities_are_read_as_kubernetes_writes_them(text: Any, value: int) -> None:
    assert thousandths(text) == value


def test_a_pod_asks_for_all_its_containers_or_its_greediest_init_container() -> None:
    init = {"resources": {"requests": {"cpu": "3"}}}
    one, two = ({"resources": {"requests": {"cpu": cpu}}} for cpu in ("1", "500m"))
    spec = {"containers": [one, two], "initContainers": [init]}
    assert requests({"spec": spec}) == {"cpu": 3000}
    assert requests({"spec": {"containers": [one, two]}}) == {"cpu": 1500}


def test_requests_count_against_what_the_node_can_allocate_not_what_is_used() -> None:
    """NodeResourcesFit names every resource that is short."""
    assert refusals(pod(cpu="1", memory="1Gi"), node(), {"cpu": 1000}) == ()
    assert refusals(pod(cpu="1"), node(), {"cpu": 1001}) == ("Insufficient cpu",)
    both = refusals(pod(cpu="3", memory="5Gi"), node(), {"pods": 10})
    assert both == ("Too many pods", "Insufficient cpu", "Insufficient memory")


def test_a_taint_is_told_before_a_selector_that_does_not_match() -> None:
    wants = pod({"nodeSelector": {"zone": "b"}})
    assert misplaced(wants, node()) == AFFINITY
    taint = {"key": "gpu", "value": "yes", "effect": "NoSchedule"}
    assert misplaced(wants, node(taint)) == "node(s) had untolerated taint {gpu: yes}"


def test_the_sentence_counts_reasons_and_says_what_preemption_came_to() -> None:
    """As kube-scheduler words it since 1.24; before, it ends after the reasons."""
    said = {
        "a": ("Insufficient cpu", "Insufficient memory"),
        "b": ("Insufficient cpu",),
        "c": (AFFINITY,),
    }
    plain = f"0/3 nodes are available: 1 Insufficient memory, 1 {AFFINITY}, 2 Insufficient cpu."
    assert unfit(said, 23) == plain
    assert unfit(said, 30) == (
        f"{plain} preemption: 0/3 nodes are available: 1 Preemption is not helpful for scheduling,"
        " 2 No preemption victims found for incoming pod."
    )
    assert unfit({}, 30) == "no nodes available to schedule pods"
