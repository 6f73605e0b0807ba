"""What a Pod's status tells of its stages."""

from datetime import UTC, datetime, timedelta
from typing import Any

from console import kinds
from tests.workloads.manifests import GATE, pod
from workloads.timeline import Source, Stage
from workloads.timeline.kubernetes import about, because, stamps

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def clock(seconds: int) -> str:
    return (NOON + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def condition(kind: str, seconds: int, status: str = "True", **more: str) -> dict[str, str]:
    return {"type": kind, "status": status, "lastTransitionTime": clock(seconds)} | more


def gated(*conditions: dict[str, str], **metadata: Any) -> kinds.Pod:
    return pod(
        metadata={"creationTimestamp": clock(0)} | metadata,
        spec={
            "nodeName": "node-1",
            "containers": [{"name": "web", "image": "web:1"}],
            "readinessGates": [{"conditionType": GATE}],
        },
        status={"conditions": list(conditions)},
    )


FULL = (
    condition("PodScheduled", 0),
    condition("PodReadyToStartContainers", 1),
    condition("ContainersReady", 3),
    condition(GATE, 19),
    condition("Ready", 20),
)


def seconds(found: dict[Stage, Any]) -> dict[str, float]:
    return {stage.value: (one.at - NOON).total_seconds() for stage, one in found.items()}


def test_every_stage_has_the_time_of_its_condition() -> None:
    assert seconds(stamps(gated(*FULL), None)) == {
        "created": 0,
        "scheduled": 0,
        "ip": 1,
        "containers_ready": 3,
        "gate": 19,
        "ready": 20,
    }


def test_what_is_seen_within_its_second_is_timed_by_us() -> None:
    seen = NOON + timedelta(seconds=20.3)
    found = seconds(stamps(gated(*FULL), seen))
    assert found["ready"] == 20.3
    assert found["gate"] == 19


def test_a_condition_that_is_not_true_is_not_reached() -> None:
    found = stamps(gated(condition("PodScheduled", 0), condition("Ready", 0, "False")), None)
    assert Stage.READY not in found
    assert Stage.GATE not in found


def test_the_gate_stage_is_the_last_gate() -> None:
    two = [{"conditionType": GATE}, {"conditionType": "other/gate"}]
    conditions = [condition(GATE, 5), condition("other/gate", 9)]
    found = pod(spec={"readinessGates": two}, status={"conditions": conditions})
    assert seconds(stamps(found, None))["gate"] == 9
    closed = pod(spec={"readinessGates": two}, status={"conditions": conditions[:1]})
    assert Stage.GATE not in stamps(closed, None)


def test_the_end_is_when_it_was_asked_for_not_when_the_grace_is_over() -> None:
    leaving = gated(*FULL, deletionTimestamp=clock(130), deletionGracePeriodSeconds=30)
    assert seconds(stamps(leaving, None))["terminating"] == 100


def test_an_address_without_a_condition_is_from_the_first_container_else_from_us() -> None:
    started = pod(metadata={"creationTimestamp": clock(0)})
    assert stamps(started, None)[Stage.IP].source is Source.KUBERNETES
    waiting = pod(status={"containerStatuses": [], "conditions": []})
    assert Stage.IP not in stamps(waiting, None)
    seen = NOON + timedelta(seconds=2)
    assert stamps(waiting, seen)[Stage.IP].source is Source.WATCHER
    assert stamps(waiting, seen)[Stage.IP].at == seen


def test_a_timeline_knows_whose_pod_it_is() -> None:
    found = about(gated(*FULL))
    assert (found["workload_kind"], found["workload_name"]) == ("Deployment", "web")
    assert found["revision"] == "6f7c9d8b5"
    assert found["gated"]
    assert found["because"] == ""


def test_why_a_pod_is_not_further_is_in_the_words_of_whom_it_waits_for() -> None:
    unscheduled = gated(
        condition("PodScheduled", 0, "False", reason="Unschedulable", message="0/3 nodes")
    )
    assert because(unscheduled) == "Unschedulable: 0/3 nodes"
    closed = gated(
        condition("ContainersReady", 3),
        condition(GATE, 3, "False", reason="HealthChecking", message="TCP:80 is still checking."),
        condition("Ready", 3, "False", reason="ReadinessGatesNotReady"),
    )
    assert because(closed) == "HealthChecking: TCP:80 is still checking."
    crashing = pod(
        status={
            "conditions": [condition("Ready", 3, "False", reason="ContainersNotReady")],
            "containerStatuses": [
                {
                    "name": "web",
                    "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 10s"}},
                }
            ],
        }
    )
    assert because(crashing) == "CrashLoopBackOff: back-off 10s"
