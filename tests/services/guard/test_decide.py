from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.guard.decide import Sight, Verdict, is_rolling, revision_of, verdict
from services.guard.setting import is_valid


def test_falling_below_the_floor_is_crossing_it() -> None:
    assert verdict(Sight("3", 3, 4), met_with=4) is Verdict.MET
    assert verdict(Sight("3", 2, 4), met_with=4) is Verdict.CROSSED
    assert verdict(Sight("60%", 2, 4), met_with=4) is Verdict.CROSSED


def test_a_service_that_starts_does_not_fall() -> None:
    assert verdict(Sight("3", 0, 4), met_with=None) is Verdict.BELOW


def test_scaling_up_makes_a_share_of_more_pods_but_takes_nothing_away() -> None:
    assert verdict(Sight("50%", 3, 20), met_with=3) is Verdict.BELOW
    # What was there before must stay: half of three is two.
    assert verdict(Sight("50%", 1, 20), met_with=3) is Verdict.CROSSED


def test_without_a_floor_that_makes_sense_nothing_is_guarded() -> None:
    for text in ("", "x", "-1", "101%"):
        assert verdict(Sight(text, 0, 4), met_with=4) is Verdict.NO_FLOOR


@given(
    floor=st.integers(1, 50),
    wanted=st.integers(1, 50),
    healthy=st.integers(0, 60),
    met=st.none() | st.integers(1, 50),
)
def test_a_service_with_as_many_healthy_targets_as_its_floor_is_never_stopped(
    floor: int, wanted: int, healthy: int, met: int | None
) -> None:
    said = verdict(Sight(str(floor), healthy, wanted), met_with=met)
    assert (said is Verdict.CROSSED) == (healthy < floor and met is not None)


def deployment(*, paused: bool = False, **status: int) -> dict[str, Any]:
    return {"metadata": {}, "spec": {"replicas": 4, "paused": paused}, "status": status}


def test_a_deployment_rolls_while_old_pods_are_left() -> None:
    assert is_rolling("Deployment", deployment(replicas=5, updatedReplicas=2))
    assert not is_rolling("Deployment", deployment(replicas=2, updatedReplicas=2))
    assert not is_rolling("Deployment", deployment(paused=True, replicas=5, updatedReplicas=2))


def test_a_stateful_set_rolls_above_its_partition_and_a_daemon_set_by_its_nodes() -> None:
    status = {"updateRevision": "b", "currentRevision": "a", "updatedReplicas": 1}
    live = {"metadata": {}, "spec": {"replicas": 3}, "status": status}
    assert is_rolling("StatefulSet", live)
    held = {"rollingUpdate": {"partition": 2}}
    assert not is_rolling("StatefulSet", live | {"spec": {"replicas": 3, "updateStrategy": held}})
    assert not is_rolling("StatefulSet", live | {"status": status | {"updateRevision": "a"}})
    nodes = {"desiredNumberScheduled": 3, "updatedNumberScheduled": 1}
    assert is_rolling("DaemonSet", {"metadata": {}, "spec": {}, "status": nodes})
    lazy = {"updateStrategy": {"type": "OnDelete"}}
    assert not is_rolling("DaemonSet", {"metadata": {}, "spec": lazy, "status": nodes})


def test_each_rollout_has_a_revision_of_its_own() -> None:
    annotations = {"deployment.kubernetes.io/revision": "7"}
    assert revision_of("Deployment", {"metadata": {"annotations": annotations}}) == "7"
    assert revision_of("StatefulSet", {"metadata": {}, "status": {"updateRevision": "x"}}) == "x"
    assert revision_of("DaemonSet", {"metadata": {"generation": 3}}) == "3"


@pytest.mark.parametrize("text", ["1", "25", "60%", "100%", " 3 "])
def test_floors_that_are_understood(text: str) -> None:
    assert is_valid(text)


@pytest.mark.parametrize("text", ["0", "0%", "-1", "1.5", "101%", "many", "", "%", "٣"])
def test_floors_that_are_not(text: str) -> None:
    assert not is_valid(text)
