"""kill -9 of each process in the middle of a binding: the end is that of an undisturbed run."""

from collections.abc import Callable

import pytest

from bench.fleet import Fleet
from tests.processes.scene import Scene, kill

pytestmark = pytest.mark.sandbox

PODS = 4
# Who is killed, and after which call to the cloud.
MOMENTS = {
    "worker-created": ("worker", "CreateLoadBalancer"),
    "ticker-created": ("ticker", "CreateLoadBalancer"),
    "valkey-listening": ("valkey", "CreateListener"),
    "watcher-listening": ("watcher", "CreateListener"),
    "worker-registered": ("worker", "BatchRegisterTargets"),
}


@pytest.fixture(scope="module")
def scenes(product: Fleet) -> dict[str, Scene]:
    """One Service after the other has its process killed; what they wait for then, they share."""
    made = {name: Scene(product, name) for name in MOMENTS}
    for name, scene in made.items():
        process, action = MOMENTS[name]
        scene.begin(pods=PODS)
        kill(product, process, when=moment(scene, action, changes=process == "watcher"))
    return made


def moment(scene: Scene, action: str, *, changes: bool) -> Callable[[], bool]:
    """Has it come? If `changes`, two Pods more are asked for just then, with nobody to see it."""

    def has_come() -> bool:
        found = bool(scene.calls(action))
        if found and changes:
            scene.scale(PODS + 2)
        return found

    return has_come


@pytest.mark.parametrize("name", [name for name in MOMENTS if name != "worker-created"])
def test_a_process_killed_while_binding_leaves_no_trace(
    scenes: dict[str, Scene], name: str
) -> None:
    scene = scenes[name]
    scene.wait_until_settled(PODS + 2 if name == "watcher-listening" else PODS)
    scene.end()


def test_a_worker_killed_while_binding_and_while_draining_leaves_no_trace(
    product: Fleet, scenes: dict[str, Scene]
) -> None:
    scene = scenes["worker-created"]
    scene.wait_until_settled(PODS)
    scene.delete()
    kill(product, "worker", when=lambda: scene.calls("BatchModifyTargetWeight"))
    scene.wait_until_gone()
