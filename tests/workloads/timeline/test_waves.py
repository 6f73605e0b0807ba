"""Waves, the physical bound, bars and counts of a rollout."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workloads.timeline import Stage, counts, percentiles, waves
from workloads.timeline.counts import Count
from workloads.timeline.lives import Life, fastest, measured, slowest_stage
from workloads.timeline.waterfall import PARTS, axis, bars
from workloads.timeline.waves import Margins, Pace

START = datetime(2026, 11, 22, 14, 2, 17, tzinfo=UTC)
PACE = Pace(start=2, bind=1, check=15, gated=True)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def life(begins: float = 0, **stages: float) -> Life:
    moments = {Stage(name): at(begins + seconds) for name, seconds in stages.items()}
    return Life("u", "web-1", "r", "web:1", "node", True, "", "", 0, moments)


WHOLE = {
    "created": 0,
    "scheduled": 1,
    "ip": 2,
    "containers_ready": 3,
    "registered": 4,
    "first_healthy": 19,
    "gate": 19.5,
    "ready": 20,
}


@pytest.mark.parametrize(
    ("kind", "strategy", "wanted", "margins"),
    [
        ("Deployment", {}, 20, Margins(5, 5)),
        ("Deployment", {"rollingUpdate": {"maxSurge": "30%", "maxUnavailable": 0}}, 10, (3, 0)),
        ("Deployment", {"rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}}, 1, (1, 0)),
        ("Deployment", {"rollingUpdate": {"maxSurge": 0, "maxUnavailable": 0}}, 3, (0, 1)),
        ("Deployment", {"type": "Recreate"}, 7, (0, 7)),
        ("StatefulSet", {}, 5, (0, 1)),
        ("DaemonSet", {"rollingUpdate": {"maxSurge": "50%", "maxUnavailable": 0}}, 5, (3, 0)),
    ],
)
def test_margins_are_rounded_as_the_controllers_do(
    kind: str, strategy: dict[str, object], wanted: int, margins: Margins | tuple[int, int]
) -> None:
    found = waves.margins(kind, strategy, wanted)
    assert (found.surge, found.unavailable) == (
        margins if isinstance(margins, tuple) else (margins.surge, margins.unavailable)
    )


def test_the_bound_is_waves_times_start_bind_check_and_the_kubelet_s_second() -> None:
    # DOMAIN §10: 200 Pods, start 2 s, bind 1 s, 5 x 3: 76 s at 50 at once.
    assert waves.bound(200, 50, PACE) == 76
    assert waves.bound(200, 1, PACE) == 3800
    assert waves.bound(200, 50, Pace(2, 1, 15, gated=False)) == 8


def test_time_left_is_the_rest_of_this_wave_and_the_waves_to_come() -> None:
    starts = [START] * 5 + [at(19)] * 5
    left = waves.left(starts, replicas=20, at_once=5, pace=PACE, began=START, now=at(29))
    assert left.seconds == 9 + 2 * 19
    assert left.total == 29 + 9 + 2 * 19
    assert left.late == 0


def test_a_wave_over_time_is_late() -> None:
    left = waves.left([START] * 5, replicas=5, at_once=5, pace=PACE, began=START, now=at(30))
    assert (left.seconds, left.late) == (0, 11)


def test_before_the_first_pod_all_waves_are_to_come() -> None:
    left = waves.left([], replicas=10, at_once=5, pace=PACE, began=START, now=at(1))
    assert left.seconds == 18 + 19


def test_the_pace_is_measured_where_it_can_be_and_usual_elsewhere() -> None:
    found = measured([life(**WHOLE), life(created=0)], check=15)
    assert (found.start, found.bind, found.check, found.gated) == (3, 1, 15, True)
    assert measured([], check=0, gated=False).wave == 5


def test_a_bound_is_what_no_pod_was_faster_than() -> None:
    quick = life(**(WHOLE | {"containers_ready": 2, "registered": 2.5, "first_healthy": 17,
                             "gate": 17.2, "ready": 17.6}))  # fmt: skip
    pods = [life(**WHOLE), life(**WHOLE), quick, life(created=0)]
    pace = measured(pods, check=15)
    least = fastest(pods, pace)
    assert (least.start, least.bind, least.check) == (2, 0.5, 14.5)
    assert least.wave <= min(one.to_ready for one in pods if one.to_ready is not None)
    assert pace.wave > least.wave
    # Before anything is known of them it is what is usual.
    assert fastest([], pace) == pace


def test_an_axis_has_round_parts_and_room_for_all() -> None:
    assert axis(START, at(36)).step == 5
    assert axis(START, at(0)).step == 1


@given(st.floats(0, 1e6), st.floats(-100, 2e6))
def test_nothing_is_drawn_outside_of_the_axis(length: float, moment: float) -> None:
    scale = axis(START, at(length))
    assert 0 <= scale.x(at(moment)) <= 100
    assert scale.seconds == PARTS * scale.step


def test_old_pods_serve_then_drain() -> None:
    old = life(-500, created=0, ready=1, terminating=520, drained=530, gone=531)
    drawn = re.findall(
        r'class="(\w+)" x="(.*?)%"', bars(old, axis(START, at(40)), at(25), is_new=False)
    )
    assert drawn == [("serving", "0"), ("draining", "50")]


def test_bars_hold_nothing_but_class_names_and_numbers() -> None:
    drawn = bars(life(**WHOLE), axis(START, at(40)), at(30), is_new=True, ready_in=2.0)
    assert re.fullmatch(r'(<rect class="[a-z]+" x="[\d.e+-]+%" width="[\d.e+-]+%"/>)+', drawn)


def test_the_slowest_stage_is_by_the_median() -> None:
    assert slowest_stage([life(**WHOLE)] * 3) == (Stage.FIRST_HEALTHY, 15.0)
    assert slowest_stage([]) is None


def test_lost_capacity_is_what_was_missing_of_what_was_wanted() -> None:
    told = [Count(START, 10), Count(at(10), 5), Count(at(20), 10)]
    assert counts.lost(told, 10, at(40)) == pytest.approx(0.125)
    assert counts.lost([], 10, at(40)) is None
    assert counts.fewest(told) == 5


def test_a_period_begins_with_the_count_that_stood() -> None:
    told = [Count(at(-50), 3), Count(at(-9), 4), Count(at(5), 5), Count(at(99), 6)]
    assert counts.within(told, START, at(20)) == [Count(START, 4), Count(at(5), 5)]


def test_percentiles_are_of_pods_that_are_ready_by_when_they_were_created() -> None:
    def row(begins: float) -> list[datetime | None]:
        return [at(begins + seconds) for seconds in WHOLE.values()]

    unready = [*row(-60)[:-1], None]
    rows = [row(-60 - n) for n in range(10)] + [unready, row(-4000)]
    found = percentiles.parts(rows, START, percentiles.WINDOWS["hour"])
    by_name = {part.name: part for part in found}
    assert by_name["first_healthy"].now.p50 == 15
    assert by_name["all"].now.p99 == 20
    assert (by_name["all"].count, by_name["all"].count_before) == (10, 1)
    assert sum(one is not None for one in by_name["all"].series) == 1


def test_a_pod_that_is_older_than_its_service_says_nothing_of_the_way() -> None:
    ready = at(3)
    assert not percentiles.durations([at(0), at(0), at(1), at(3), at(129), at(144), None, ready])
    # One without a gate that was registered at once is served when the CLB says so.
    near = [at(0), at(0), at(1), at(3), at(4), at(19), None, ready]
    assert percentiles.durations(near)["first_healthy"] == 15


def test_what_moved_is_the_part_that_changed_most_if_enough_is_known() -> None:
    def row(begins: float, slow: float) -> list[datetime | None]:
        return [at(begins + s + (slow if s >= 3 else 0)) for s in WHOLE.values()]

    before = [row(-4000 - n, 0) for n in range(6)]
    now = [row(-60 - n, 4) for n in range(6)]
    window = percentiles.WINDOWS["hour"]
    found = percentiles.moved(percentiles.parts([*now, *before], START, window))
    assert found == percentiles.Moved("containers_ready", 1, 5)
    assert percentiles.moved(percentiles.parts([*now, *before[:2]], START, window)) is None
    assert percentiles.moved(percentiles.parts([*before, *now], at(-3599), window)) is None


@given(st.lists(st.floats(0, 1e4), min_size=1))
def test_percentiles_are_values_that_were_there_in_order(values: list[float]) -> None:
    found = percentiles.three(values)
    assert found is not None
    assert found.p50 <= found.p95 <= found.p99
    assert {found.p50, found.p95, found.p99} <= set(values)
