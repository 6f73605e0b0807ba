from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console import kinds
from tests.workloads.manifests import GATE, NOW, pod, running
from workloads import pods
from workloads.printed import status_word


def waiting(reason: str) -> dict[str, Any]:
    return running("web", ready=False, state={"waiting": {"reason": reason}})


def ended(reason: str = "", code: int = 0, signal: int = 0) -> dict[str, Any]:
    state = {"terminated": {"reason": reason, "exitCode": code, "signal": signal}}
    return running("web", ready=False, state=state)


@pytest.mark.parametrize(
    ("status", "word"),
    [
        ({}, "Running"),
        ({"phase": "Pending", "containerStatuses": []}, "Pending"),
        ({"containerStatuses": [waiting("CrashLoopBackOff")]}, "CrashLoopBackOff"),
        ({"containerStatuses": [waiting("ContainerCreating")]}, "ContainerCreating"),
        ({"containerStatuses": [ended("Error", 1)]}, "Error"),
        ({"containerStatuses": [ended(code=3)]}, "ExitCode:3"),
        ({"containerStatuses": [ended(code=137, signal=9)]}, "Signal:9"),
        ({"phase": "Failed", "reason": "Evicted", "containerStatuses": []}, "Evicted"),
        ({"containerStatuses": [running("side"), ended("Completed")]}, "Running"),
        (
            {"containerStatuses": [running("side"), ended("Completed")], "conditions": []},
            "NotReady",
        ),
        (
            {"conditions": [{"type": "PodScheduled", "reason": "SchedulingGated"}],
             "phase": "Pending", "containerStatuses": []},
            "SchedulingGated",
        ),
        ({"initContainerStatuses": [running("init", ready=False)], "conditions": []}, "Init:0/0"),
        ({"initContainerStatuses": [waiting("ErrImagePull")]}, "Init:ErrImagePull"),
        ({"initContainerStatuses": [ended(code=2)]}, "Init:ExitCode:2"),
        ({"initContainerStatuses": [ended("Completed")]}, "Running"),
    ],
)  # fmt: skip
def test_the_status_is_the_word_kubectl_prints(status: dict[str, Any], word: str) -> None:
    assert status_word(pod(status=status))[0] == word


def test_a_pod_being_deleted_is_terminating_until_it_has_finished() -> None:
    deleted = {"deletionTimestamp": NOW}
    meta = {"name": "web", "namespace": "shop"} | deleted
    assert status_word(pod(metadata=meta))[0] == "Terminating"
    done = pod(metadata=meta, status={"phase": "Succeeded", "containerStatuses": []})
    assert status_word(done)[0] == "Succeeded"
    lost = pod(metadata=meta, status={"reason": "NodeLost"})
    assert status_word(lost)[0] == "Unknown"


def test_restarts_are_counted_over_all_containers() -> None:
    status = {"containerStatuses": [running("a", restartCount=2), running("b", restartCount=3)]}
    assert pods.row(pod(status=status)).restarts == 5


@pytest.mark.parametrize(
    ("spec", "annotations", "add_on", "mode"),
    [
        ({"hostNetwork": True}, {pods.NETWORKS: "tke-route-eni"}, "VPC_CNI_SHARED", "host"),
        ({}, {pods.NETWORKS: "tke-route-eni"}, "MIXED", "eni"),
        ({}, {pods.NETWORKS: "tke-bridge,tke-route-eni"}, "MIXED", "eni"),
        ({}, {pods.NETWORKS: "tke-bridge"}, "VPC_CNI_SHARED", "route"),
        ({"eni": True}, {}, "MIXED", "eni"),
        ({}, {}, "MIXED", "route"),
        ({}, {}, "GLOBAL_ROUTER", "route"),
        ({}, {}, "VPC_CNI_EXCLUSIVE", "eni"),
        ({}, {}, "CILIUM_OVERLAY", "overlay"),
        ({}, {}, "UNKNOWN", ""),
        ({}, {}, "", ""),
    ],
)
def test_the_network_mode_is_what_the_pod_asks_for_or_what_the_add_on_gives(
    spec: dict[str, Any], annotations: dict[str, str], add_on: str, mode: str
) -> None:
    resources: dict[str, Any] = (
        {"limits": {"tke.cloud.tencent.com/eni-ip": "1"}} if spec.pop("eni", False) else {}
    )
    containers = [{"name": "web", "image": "web:1", "resources": resources}]
    one = pod(spec={"containers": containers} | spec)
    assert pods.network_mode(one.spec, annotations, add_on=add_on) == mode


def test_a_pod_of_a_replica_set_belongs_to_the_deployment() -> None:
    assert pods.workload_of(pod().metadata) == ("Deployment", "web")


def test_a_pod_of_a_bare_replica_set_belongs_to_that() -> None:
    meta = kinds.ObjectMeta(
        owner_references=[kinds.OwnerReference(kind="ReplicaSet", name="bare", controller=True)]
    )
    assert pods.workload_of(meta) == ("ReplicaSet", "bare")


def test_a_pod_without_a_controller_belongs_to_nobody() -> None:
    meta = kinds.ObjectMeta(owner_references=[kinds.OwnerReference(kind="Node", name="n")])
    assert pods.workload_of(meta) == ("", "")


def gated(*conditions: dict[str, str]) -> kinds.Pod:
    spec = {"containers": [], "readinessGates": [{"conditionType": GATE}]}
    return pod(spec=spec, status={"conditions": list(conditions)})


def test_a_gate_without_a_condition_is_missing_and_closed() -> None:
    row = pods.row(gated())
    assert [gate["status"] for gate in row.gates] == ["missing"]
    assert not row.gates_open


def test_a_gate_shows_its_condition_whole() -> None:
    condition = {"type": GATE, "status": "False", "reason": "Checking", "message": "2 of 3."}
    (gate,) = pods.row(gated(condition | {"lastTransitionTime": NOW})).gates
    assert gate == condition | {"since": "2026-11-21T08:00:00+00:00"}


def test_a_pod_without_gates_has_nothing_to_open() -> None:
    row = pods.row(pod())
    assert row.gates == []
    assert row.gates_open


# Not all of Unicode: its tables take hypothesis seconds in a fresh checkout.
texts = st.text("aZ0-_: é网", max_size=8)
statuses = st.builds(
    kinds.PodStatus,
    phase=st.sampled_from(["", "Pending", "Running", "Succeeded", "Failed", "Unknown"]),
    reason=texts,
    conditions=st.lists(
        st.builds(
            kinds.Condition, type=st.sampled_from(["Ready", "Initialized", GATE]), status=texts
        ),
        max_size=3,
    ),
    container_statuses=st.lists(
        st.builds(
            kinds.ContainerStatus,
            name=st.sampled_from(["web", "side"]),
            ready=st.booleans(),
            restart_count=st.integers(0, 9),
            state=st.builds(
                kinds.ContainerState,
                waiting=st.none() | st.builds(kinds.ContainerStateWaiting, reason=texts),
                terminated=st.none() | st.builds(kinds.ContainerStateTerminated, reason=texts),
            ),
        ),
        max_size=3,
    ),
)


@given(statuses)
def test_every_pod_has_a_word_and_its_row_counts_no_less_than_it_should(
    status: kinds.PodStatus,
) -> None:
    row = pods.row(kinds.Pod(status=status, spec=pod().spec))
    assert row.status
    assert row.restarts == sum(one.restart_count for one in status.container_statuses)
    assert len(row.containers) == 1
