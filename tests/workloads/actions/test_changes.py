from datetime import UTC, datetime
from typing import Any

import pytest

from tests.workloads.actions.objects import daemon_set, deployment, stateful_set, template
from workloads.actions import changes
from workloads.actions.changes import (
    Action,
    Images,
    Impossible,
    Pause,
    Restart,
    Resume,
    RollBack,
    Scale,
    Strategy,
    Why,
    patch,
)

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def test_only_images_that_differ_are_written() -> None:
    body = patch("Deployment", deployment(), Images({"web": "web:2", "log": "log:1", "no": "x"}))
    assert body == {
        "spec": {"template": {"spec": {"containers": [{"name": "web", "image": "web:2"}]}}}
    }


def test_a_restart_is_the_annotation_kubectl_writes() -> None:
    annotations = patch("DaemonSet", daemon_set(), Restart(NOON))["spec"]["template"]["metadata"]
    assert annotations == {"annotations": {changes.RESTARTED_AT: "2026-11-22T12:00:00Z"}}


def test_a_deployment_is_paused_by_its_field_and_a_stateful_set_by_its_partition() -> None:
    assert patch("Deployment", deployment(), Pause()) == {"spec": {"paused": True}}
    body = patch("StatefulSet", stateful_set(), Pause())
    assert body["spec"]["updateStrategy"]["rollingUpdate"] == {"partition": 5}
    assert body["metadata"]["annotations"] == {changes.PARTITION_BEFORE: "2"}


def test_a_resumed_stateful_set_has_the_partition_it_had_before() -> None:
    held = stateful_set({changes.PARTITION_BEFORE: "2"})
    body = patch("StatefulSet", held, Resume())
    assert body["spec"]["updateStrategy"]["rollingUpdate"] == {"partition": 2}
    assert body["metadata"]["annotations"] == {changes.PARTITION_BEFORE: None}


def test_ordinals_that_start_later_are_held_too() -> None:
    body = patch("StatefulSet", stateful_set(ordinals={"start": 10}), Pause())
    assert body["spec"]["updateStrategy"]["rollingUpdate"] == {"partition": 15}


def test_rolling_back_replaces_the_whole_template_and_lets_a_paused_rollout_go() -> None:
    old = template("web:0", **{"pod-template-hash": "abc"})
    body = patch("Deployment", deployment(paused=True), RollBack(3, old))
    assert body["spec"]["paused"] is False
    assert body["spec"]["template"] == template("web:0") | {"$patch": "replace"}
    held = stateful_set({changes.PARTITION_BEFORE: "0"})
    body = patch("StatefulSet", held, RollBack(3, old))
    assert body["spec"]["updateStrategy"]["rollingUpdate"] == {"partition": 0}
    assert body["spec"]["template"]["$patch"] == "replace"


def test_a_strategy_keeps_what_is_not_asked_for() -> None:
    body = patch("Deployment", deployment(), Strategy(rolling={"maxUnavailable": 0}))
    rolling = {"maxSurge": "25%", "maxUnavailable": 0}
    assert body == {"spec": {"strategy": {"type": "RollingUpdate", "rollingUpdate": rolling}}}
    body = patch("Deployment", deployment(), Strategy(type="Recreate", min_ready_seconds=5))
    assert body == {
        "spec": {"strategy": {"type": "Recreate", "rollingUpdate": None}, "minReadySeconds": 5}
    }
    body = patch("StatefulSet", stateful_set(), Strategy(rolling={"partition": 0}))
    assert body["spec"]["updateStrategy"]["rollingUpdate"] == {"partition": 0}


IMPOSSIBLE: list[tuple[str, dict[str, Any], Action, Why]] = [
    ("DaemonSet", daemon_set(), Pause(), Why.CANNOT_PAUSE),
    ("DaemonSet", daemon_set(), Resume(), Why.CANNOT_PAUSE),
    ("DaemonSet", daemon_set(), Scale(3), Why.CANNOT_SCALE),
    ("Deployment", deployment(paused=True), Pause(), Why.ALREADY_PAUSED),
    ("Deployment", deployment(paused=True), Restart(NOON), Why.PAUSED),
    ("Deployment", deployment(), Resume(), Why.NOT_PAUSED),
    ("StatefulSet", stateful_set(), Resume(), Why.NOT_PAUSED),
    ("StatefulSet", stateful_set(updateStrategy={"type": "OnDelete"}), Pause(), Why.ON_DELETE),
    ("Deployment", deployment(), Scale(4), Why.NOTHING_CHANGES),
    ("Deployment", deployment(), Images({"web": "web:1"}), Why.NOTHING_CHANGES),
    ("Deployment", deployment(), Images({"other": "web:1"}), Why.NO_CONTAINER),
    ("Deployment", deployment(), RollBack(1, template()), Why.SAME_REVISION),
    ("Deployment", deployment(), Strategy(type="RollingUpdate"), Why.NOTHING_CHANGES),
    (
        "Deployment",
        deployment(),
        Strategy(rolling={"maxSurge": 0, "maxUnavailable": "0%"}),
        Why.NO_ROOM,
    ),
]


@pytest.mark.parametrize(("kind", "live", "action", "why"), IMPOSSIBLE)
def test_what_cannot_be_done_says_why(
    kind: str, live: dict[str, Any], action: Action, why: Why
) -> None:
    with pytest.raises(Impossible) as error:
        patch(kind, live, action)
    assert error.value.why is why


def test_differences_show_what_people_write() -> None:
    live = deployment()
    live["metadata"] |= {"managedFields": [1], "resourceVersion": "7", "annotations": {"a": "b"}}
    live["status"] = {"replicas": 4}
    assert changes.shown(live)["metadata"] == {
        "name": "web",
        "namespace": "shop",
        "annotations": {"a": "b"},
    }
    assert "status" not in changes.shown(live)
