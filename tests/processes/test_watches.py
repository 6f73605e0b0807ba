"""Watches that break and watches that lie while Pods change: nothing is lost for good."""

from collections.abc import Iterator

import pytest

from bench.fleet import Fleet
from tests.processes.scene import Scene
from tests.wait import until

pytestmark = pytest.mark.sandbox


@pytest.fixture
def healed(product: Fleet) -> Iterator[Fleet]:
    yield product
    product.world.heal()


def test_pods_that_change_behind_broken_and_silent_watches_are_bound(healed: Fleet) -> None:
    scene = Scene(healed, "watches")
    scene.begin(pods=3)
    scene.wait_until_settled(3)
    change_unseen(scene, "gone_410", 5)
    change_unseen(scene, "dead_watch", 2)
    scene.end()


def change_unseen(scene: Scene, fault: str, replicas: int) -> None:
    scene.one.world.fault("kubernetes", fault, match={"resource": "pods"})
    until(lambda: _has_struck(scene.one))
    scene.scale(replicas)
    until(lambda: len(scene.pods()) == replicas)
    scene.one.world.heal()
    scene.wait_until_settled(replicas)


def _has_struck(one: Fleet) -> bool:
    return any(fault["struck"] for fault in one.world.control("kubernetes", "GET", "faults"))
