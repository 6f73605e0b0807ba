from datetime import UTC, datetime, timedelta

import pytest

from services.binding.waits import (
    BEING_CREATED,
    IN_ANOTHER_TASK,
    MORE_STEPS,
    SLOW_DOWN,
    UNDER_WAY,
    Cause,
    Wait,
    Way,
    wait,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


def way(**known: object) -> Way:
    return Way("shop/web", "TCP:80", "lb-1", "10.0.0.7:8080", **known)  # type: ignore[arg-type]


def told(*ways: Way, gate: str = "False", ready: bool = True, why: str = "") -> Wait:
    found = wait(ways, gate=gate, containers_ready=ready, now=NOW, why_no_gate=why)
    assert found is not None
    return found


def test_probes_are_counted_by_the_clock_and_the_rest_is_told_in_seconds() -> None:
    found = told(way(registered_at=ago(10.4), health="Unknown", interval=5, probes=3))
    assert found.cause is Cause.CHECKING
    assert "2 of 3 probes made, ~5 s left" in found.sentence
    assert (found.since, found.interval, found.probes) == (ago(10.4), 5, 3)


def test_a_clb_that_says_nothing_for_too_long_is_told_with_both_numbers() -> None:
    found = told(way(registered_at=ago(40), health="Unknown", interval=5, probes=3))
    assert found.cause is Cause.OVERDUE
    assert found.tone == "warning"
    assert "Unknown on TCP:80 of lb-1 (shop/web) for 40 s now; 15 s are usual" in found.sentence


def test_a_dead_target_is_told_with_what_is_known_of_it() -> None:
    said = "connection refused"
    found = told(way(registered_at=ago(60), health="Dead", said=said))
    assert found.sentence == (
        "The CLB says Dead of 10.0.0.7:8080 on TCP:80 of lb-1 (shop/web): connection refused"
    )
    unknown = told(way(registered_at=ago(60), health="Dead", health_since=ago(12)))
    assert unknown.sentence.endswith("its health check has failed for 12 s.")


def test_dead_after_ready_is_told_though_the_gate_is_open() -> None:
    dead = way(registered_at=ago(60), health="Dead", said="no answer")
    found = told(dead, gate="True")
    assert (found.cause, found.tone) == (Cause.DEAD_LATER, "error")
    assert "The gate is open, but the CLB says Dead" in found.sentence


def test_an_open_gate_waits_for_nothing() -> None:
    alive = way(registered_at=ago(60), health="Alive")
    assert wait([alive], gate="True", containers_ready=True, now=NOW) is None


@pytest.mark.parametrize(
    ("because", "cause"),
    [
        (SLOW_DOWN, Cause.THROTTLED),
        (IN_ANOTHER_TASK, Cause.BUSY),
        ("Tencent Cloud answers 500", Cause.RETRYING),
    ],
)
def test_what_comes_back_later_says_when(because: str, cause: Cause) -> None:
    found = told(way(due_because=because, due_at=NOW + timedelta(seconds=1.2)))
    assert found.cause is cause
    assert found.sentence.startswith(because)
    assert found.sentence.endswith("Tried again in 1 s.")


@pytest.mark.parametrize(
    "because",
    [
        f"lb-1 {BEING_CREATED}",
        f"Create listener TCP:80: {UNDER_WAY}",
        MORE_STEPS,
    ],
)
def test_a_step_that_takes_its_time_is_progress_and_no_second_try(because: str) -> None:
    found = told(way(due_because=because, due_at=NOW + timedelta(seconds=1.2)))
    assert (found.cause, found.tone) == (Cause.REGISTERING, "info")
    assert found.sentence.startswith(because)
    assert "Tried again" not in found.sentence


def test_a_dead_target_without_a_gate_is_told_before_the_gate_it_has_not() -> None:
    dead = way(registered_at=ago(60), health="Dead", said="no answer")
    found = told(dead, gate="", why="Service web came later.")
    assert (found.cause, found.tone) == (Cause.DEAD_LATER, "error")
    assert found.sentence.startswith("Without a gate, and the CLB says Dead of 10.0.0.7:8080")


def test_a_pod_over_the_quota_is_told_so() -> None:
    found = told(way(left_out=("OverQuota", "TCP:80 is full.")))
    assert (found.cause, found.tone) == (Cause.QUOTA, "error")
    assert "quota" in found.sentence


def test_a_pod_that_is_no_target_says_why() -> None:
    found = told(way(left_out=("HostNetwork", "It uses the host's network.")), ready=False)
    assert found.sentence == "It is no target of shop/web: It uses the host's network."


def test_containers_come_first() -> None:
    assert told(way(), ready=False).cause is Cause.CONTAINERS


def test_containers_that_are_not_ready_are_no_fault_of_the_pod() -> None:
    """The binding leaves such a Pod out, too, and its word may be older than the Pod's own."""
    reason = ("ContainersNotReady", "Its containers are not ready yet.")
    assert told(way(left_out=reason), ready=False).cause is Cause.CONTAINERS
    assert told(way(left_out=reason), ready=True).cause is Cause.REGISTERING


def test_a_blocked_binding_holds_its_pods() -> None:
    found = told(way(phase="Blocked", message="No address is left in the subnet."))
    assert found.sentence == "Service shop/web: No address is left in the subnet."


def test_a_gate_that_no_service_opens_is_told() -> None:
    assert told().cause is Cause.NO_SERVICE


def test_a_pod_without_a_gate_says_why_the_webhook_added_none() -> None:
    found = told(way(), gate="", why="it was created before the Service.")
    assert found.cause is Cause.NO_GATE
    assert found.sentence.endswith("added no gate: it was created before the Service.")
    assert wait([way()], gate="", containers_ready=True, now=NOW) is None


def test_the_worst_listener_speaks() -> None:
    checked = way(registered_at=ago(1), health="Unknown")
    dead = way(registered_at=ago(60), health="Dead")
    alive = way(registered_at=ago(60), health="Alive")
    assert told(checked, alive, dead).cause is Cause.DEAD
    assert told(alive, checked).cause is Cause.CHECKING
    assert told(alive).cause is Cause.OPENING


def test_of_two_that_are_checked_the_longer_one_speaks() -> None:
    short = way(registered_at=ago(9), health="Unknown", interval=5, probes=2)
    long = way(registered_at=ago(9), health="Unknown", interval=10, probes=3)
    assert told(short, long).left == pytest.approx(21)
