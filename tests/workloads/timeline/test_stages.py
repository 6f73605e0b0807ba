"""A Pod's stages from its moments: durations, the present one, and whether it is normal."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workloads.timeline import (
    Expected,
    Source,
    Stage,
    Stamp,
    refined,
    slowest,
    stages,
    waiting,
)

START = datetime(2026, 11, 22, 14, 2, 17, tzinfo=UTC)


def at(seconds: float) -> Stamp:
    return Stamp(START + timedelta(seconds=seconds), Source.KUBERNETES)


def moments(**seconds: float) -> dict[Stage, Stamp]:
    return {Stage(name): at(value) for name, value in seconds.items()}


WHOLE = moments(
    created=0,
    scheduled=0.2,
    ip=1,
    containers_ready=3,
    registered=3.5,
    first_healthy=18.5,
    gate=18.7,
    ready=19,
)


def told(stamps: dict[Stage, Stamp], **how: bool) -> list[tuple[str, float | None]]:
    return [
        (span.stage.value, None if span.seconds is None else round(span.seconds, 3))
        for span in stages(stamps, **how)
    ]


def test_a_pod_that_is_ready_has_a_span_for_every_stage() -> None:
    assert told(WHOLE) == [
        ("scheduled", 0.2),
        ("ip", 0.8),
        ("containers_ready", 2.0),
        ("registered", 0.5),
        ("first_healthy", 15.0),
        ("gate", 0.2),
        ("ready", 0.3),
    ]


def test_the_stage_it_is_in_is_open() -> None:
    stamps = moments(created=0, scheduled=0.2, ip=1, containers_ready=3, registered=3.5)
    assert told(stamps)[-2:] == [("registered", 0.5), ("first_healthy", None)]


def test_a_pod_without_a_gate_waits_for_no_load_balancer() -> None:
    stamps = moments(created=0, scheduled=0, ip=1, containers_ready=3)
    assert told(stamps, gated=False)[-1] == ("ready", None)
    assert told(stamps, gated=True, bound=False)[-1] == ("gate", None)


def test_a_pod_without_a_gate_shows_what_the_load_balancer_did_all_the_same() -> None:
    stamps = moments(created=0, scheduled=0, containers_ready=3, registered=4, ready=3)
    assert ("registered", 1.0) in told(stamps, gated=False)


def test_a_stage_nobody_noted_gives_its_time_to_the_next() -> None:
    stamps = moments(created=0, scheduled=0.5, containers_ready=3)
    assert told(stamps)[:2] == [("scheduled", 0.5), ("containers_ready", 2.5)]


def test_no_stage_ends_before_it_begins_whatever_the_clocks_say() -> None:
    stamps = WHOLE | moments(ready=18)
    assert told(stamps)[-1] == ("ready", 0.0)


def test_a_pod_that_leaves_drains_and_what_it_never_reached_is_left_out() -> None:
    stamps = moments(created=0, scheduled=1, terminating=100, weight_zero=100.5)
    assert told(stamps) == [("scheduled", 1.0), ("weight_zero", 0.5), ("gone", None)]
    stamps = WHOLE | moments(terminating=100, weight_zero=100.5, drained=111, gone=112)
    assert told(stamps)[-3:] == [("weight_zero", 0.5), ("drained", 10.5), ("gone", 1.0)]


def test_a_pod_that_was_never_registered_has_nothing_to_drain() -> None:
    stamps = moments(created=0, scheduled=1, terminating=5)
    assert told(stamps)[-1] == ("gone", None)


def test_a_pod_that_vanished_waits_for_nothing() -> None:
    stamps = moments(created=0, scheduled=1, gone=5)
    assert waiting(stamps, Expected({}), START + timedelta(seconds=60)) is None


def test_nothing_known_is_no_stage() -> None:
    assert stages({}) == ()
    assert stages(moments(registered=1)) == ()


@pytest.mark.parametrize(("passed", "is_normal"), [(15, True), (24, True), (25, False)])
def test_a_wait_is_normal_until_it_is_half_as_long_again_as_expected(
    passed: float, is_normal: bool
) -> None:
    stamps = moments(created=0, scheduled=0, ip=1, containers_ready=3, registered=4)
    found = waiting(
        stamps, Expected({Stage.FIRST_HEALTHY: 15.0}), START + timedelta(seconds=4 + passed)
    )
    assert found is not None
    assert found.stage is Stage.FIRST_HEALTHY
    assert found.seconds == passed
    assert found.is_normal is is_normal
    assert found.left == max(0, 15 - passed)


def test_what_is_not_predicted_is_not_called_late() -> None:
    found = waiting(moments(created=0), Expected({}), START + timedelta(hours=1))
    assert found is not None
    assert found.is_normal
    assert found.left is None


def test_a_pod_that_is_ready_waits_for_nothing() -> None:
    assert waiting(WHOLE, Expected({}), START + timedelta(hours=1)) is None


def test_the_slowest_stage_of_the_way_in() -> None:
    found = slowest(stages(WHOLE | moments(terminating=100, weight_zero=200)))
    assert found is not None
    assert found.stage is Stage.FIRST_HEALTHY
    assert slowest(()) is None


def test_a_whole_second_is_refined_by_who_saw_it_within_that_second() -> None:
    seen = START + timedelta(milliseconds=400)
    assert refined(START, seen) == seen
    assert refined(START, START + timedelta(seconds=1)) == START
    assert refined(START, START - timedelta(milliseconds=1)) == START
    assert refined(START, None) == START


@given(st.dictionaries(st.sampled_from(Stage), st.floats(0, 1000)), st.booleans(), st.booleans())
def test_spans_follow_each_other_and_only_the_last_is_open(
    seconds: dict[Stage, float], gated: bool, bound: bool
) -> None:
    spans = stages({stage: at(value) for stage, value in seconds.items()}, gated=gated, bound=bound)
    assert all(span.ends is not None for span in spans[:-1])
    assert all(span.seconds is None or span.seconds >= 0 for span in spans)
