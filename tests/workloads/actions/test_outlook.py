from typing import Any

import pytest

from tests.workloads.actions.objects import daemon_set, deployment, stateful_set, template
from workloads.actions.front import Behind, floor_in_targets
from workloads.actions.outlook import Consequence, Pace, consequences, margins

PACE = Pace(start_seconds=2, pods=3)
CLB = Behind("shop", "store", "/", targets=4, first_look=15, bind_seconds=1, quota=200)


def says(kind: str, before: Any, after: Any, *behind: Behind) -> dict[str, Consequence]:
    return {one.code: one for one in consequences(kind, before, after, behind, PACE)}


def test_a_rollout_is_told_in_waves_and_seconds() -> None:
    found = says("Deployment", deployment(), deployment(template=template("web:2")), CLB)
    waves = found["waves"].numbers
    # 4 Pods, 1 of surge and 1 unavailable: two at a time, each start + bind + 15 s + kubelet.
    assert (waves["waves"], waves["at_once"], waves["seconds"]) == (2, 2, 2 * (2 + 1 + 15 + 1))
    assert found["capacity"].numbers["least"] == 3
    assert found["capacity"].tone == "warning"


def test_pods_of_the_revision_to_come_stay() -> None:
    """A rollout that is turned back: some Pods of the old revision were not replaced yet."""

    def told(kept: int) -> dict[str, Any]:
        after = deployment(template=template("web:2"))
        pace = Pace(start_seconds=2, pods=5, kept=kept)
        found = consequences("Deployment", deployment(), after, [CLB], pace)
        return {one.code: one.numbers for one in found}

    assert told(3)["kept"] == {"n": 3, "total": 4}
    assert told(3)["waves"]["n"] == 1
    assert told(4).keys() == {"kept"}
    assert "kept" not in told(0)


def test_max_unavailable_of_zero_keeps_the_full_capacity() -> None:
    strategy = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
    before = deployment(strategy=strategy)
    found = says("Deployment", before, deployment(strategy=strategy, template=template("web:2")))
    assert found["full-capacity"].tone == ""
    assert "no-service" in found


def test_recreate_says_that_nobody_answers_meanwhile() -> None:
    after = deployment(strategy={"type": "Recreate"}, template=template("web:2"))
    assert says("Deployment", deployment(), after, CLB)["recreate"].tone == "error"


def test_a_paused_deployment_and_on_delete_wait() -> None:
    after = deployment(paused=True, template=template("web:2"))
    assert "waits-paused" in says("Deployment", deployment(paused=True), after)
    lazy = {"type": "OnDelete"}
    after = daemon_set(updateStrategy=lazy, template=template("x"))
    assert "on-delete" in says("DaemonSet", daemon_set(updateStrategy=lazy), after)


def test_surge_beyond_the_quota_and_a_floor_above_the_strategy_are_errors() -> None:
    tight = Behind("shop", "store", "/", targets=4, quota=4, floor="100%")
    found = says("Deployment", deployment(), deployment(template=template("web:2")), tight)
    assert found["quota"].numbers["n"] == 5
    assert found["guard-would-stop"].numbers == {"service": "store", "floor": 4, "least": 3}


def test_scaling_to_nothing_below_the_floor_and_beyond_the_quota_is_loud() -> None:
    guarded = Behind("shop", "store", "/", targets=4, quota=6, floor="2")
    found = says("Deployment", deployment(), deployment(replicas=0), guarded)
    assert (found["scaled-to-nothing"].tone, found["below-floor"].tone) == ("error", "error")
    found = says("Deployment", deployment(), deployment(replicas=8), guarded)
    assert found["quota"].numbers["n"] == 8
    assert "waves" not in found


def test_a_partition_lets_only_some_roll() -> None:
    found = says("StatefulSet", stateful_set(), stateful_set(template=template("db:2")), CLB)
    assert found["partition"].numbers == {"n": 3, "total": 5}
    assert found["waves"].numbers["waves"] == 3


def test_a_changed_strategy_tells_of_the_next_rollout() -> None:
    strategy = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 4}}
    found = says("Deployment", deployment(), deployment(strategy=strategy), CLB)
    assert "next-rollout" in found
    assert found["capacity"].tone == "error"


@pytest.mark.parametrize(
    ("kind", "rolling", "wanted", "expected"),
    [
        ("Deployment", {}, 10, (3, 2)),
        ("Deployment", {"maxSurge": 0, "maxUnavailable": "5%"}, 10, (0, 1)),
        ("Deployment", {"maxSurge": 1, "maxUnavailable": 50}, 10, (1, 10)),
        ("DaemonSet", {}, 3, (0, 1)),
        ("DaemonSet", {"maxUnavailable": "34%"}, 3, (0, 2)),
        ("StatefulSet", {"maxUnavailable": 2}, 5, (0, 2)),
        ("StatefulSet", {}, 5, (0, 1)),
    ],
)
def test_margins_round_as_kubernetes_does(
    kind: str, rolling: dict[str, Any], wanted: int, expected: tuple[int, int]
) -> None:
    name = "strategy" if kind == "Deployment" else "updateStrategy"
    live = {"spec": {name: {"type": "RollingUpdate", "rollingUpdate": rolling}}}
    assert margins(kind, live, wanted) == expected


@pytest.mark.parametrize(
    ("text", "wanted", "floor"),
    [("3", 10, 3), ("50%", 5, 3), ("100%", 4, 4), ("", 4, None), ("x", 4, None), ("120%", 4, None)],
)
def test_a_floor_is_a_number_or_a_share_of_the_wanted_pods(
    text: str, wanted: int, floor: int | None
) -> None:
    assert floor_in_targets(text, wanted) == floor
