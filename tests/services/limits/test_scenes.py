"""Every use limit seen in the demo world and, after its fix, seen to pass: all facts over HTTP."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from console import facts as stored
from console.models import Account, Cluster
from sandbox.scenes import ROOMS, SCENES, UNSEEN, balancer, cluster, network, pods, ports
from sandbox.scenes.__main__ import main
from sandbox.scenes.page import page
from sandbox.scenes.scene import Object, Press, Scene, Step, Told
from sandbox.scenes.stage import Stage
from services import facts, manifests, remedies
from services.limits import CHECKS, Problem, catalogue, judge, readiness
from services.models import Binding
from services.spec import CheckType
from tests.conftest import register
from tests.services.limits.cases import CASES, PAGE, checks_of
from tests.wait import until
from tests.world import World

# Two worlds for all: a new one costs seconds.
PARTS = {
    "cloud": (*cluster.SCENES, *network.SCENES, *balancer.SCENES),
    "pods": (*pods.SCENES, *ports.SCENES),
}


class Play:
    """One scene on the demo's clusters, and what podgate says of it."""

    def __init__(self, world: World, clusters: "Clusters", user: User, scene: Scene) -> None:
        self.world, self.clusters, self.user, self.scene = world, clusters, user, scene
        self.cluster = clusters[scene.cluster]
        self.lb = self._load_balancer() if scene.bound else ""
        self.stage = Stage(world.facts, scene.cluster, self.lb)

    def _load_balancer(self) -> str:
        """One that podgate keeps for the Service."""
        made = {"vpc": self.cluster.facts["network"]["vpc_id"]}
        found: str = self.world.control("tencent", "POST", "lb", made)["id"]
        Binding.objects.update_or_create(
            cluster=self.cluster,
            namespace="shop",
            name="seen",
            service_uid=f"seen-{self.scene.code}",
            defaults={"lb_id": found, "phase_since": timezone.now()},
        )
        return found

    def found(self, service: tuple[Object, ...]) -> Problem | None:
        """What is said under the scene's code."""
        if self.scene.mode:
            known = facts.of_cluster(self.cluster, seconds=facts.LIVE_SECONDS)
            problems = readiness(known, self.scene.mode).problems
        else:
            spec = manifests.written(service).spec
            problems = judge(spec, facts.live(self.cluster, spec, lb_id=self.lb)).problems
        return next((one for one in problems if one.code == self.scene.code), None)

    def take(self, steps: tuple[Step, ...], problem: Problem | None = None) -> None:
        for step in steps:
            if self.stage.play(step):
                continue
            if isinstance(step, Told):
                setattr(self.cluster, step.field, step.value)
            if isinstance(step, Press):
                self._press(step, problem)
        if any(_is_of_tke(step) for step in steps):
            stored.refresh(self.cluster)
        facts.forget()

    def _press(self, step: Press, problem: Problem | None) -> None:
        """The button beside the sentence, or the one the sentence leads to."""
        offered = problem.remedy if problem and problem.remedy else None
        parameters = dict(offered.parameters) if offered and offered.name == step.name else {}
        assert step.name in remedies.NAMES
        chosen = parameters | dict(step.chosen)
        prepared = remedies.prepare(step.name, self.cluster, chosen, self.user)
        assert not prepared.nothing
        assert not prepared.asks
        prepared.act()

    def run(self) -> None:
        scene = self.scene
        self.take(scene.broken)
        problem = until(lambda: self.found(scene.service))
        assert problem is not None
        assert "%(" not in problem.message
        self.take(scene.mended, problem)
        if scene.mended_cluster:
            self.cluster = self.clusters[scene.mended_cluster]
        mended = scene.mended_service or scene.service
        until(lambda: self.found(mended) is None)
        self.take(scene.after)


def _is_of_tke(step: Step) -> bool:
    return getattr(step, "path", "") == "cluster"


class Clusters:
    """The demo's clusters by id, each registered when a scene first needs it."""

    def __init__(self, world: World) -> None:
        self._world, self._found = world, dict[str, Cluster]()

    def __getitem__(self, id: str) -> Cluster:
        """A copy: what a scene tells podgate of it is forgotten with the scene."""
        if id not in self._found:
            new = register(self._world, id)
            stored.refresh(new)
            new.kubernetes_version = facts.inside.live_version(new)
            self._found[id] = new
        return copy.copy(self._found[id])


@pytest.mark.django_db
@pytest.mark.sandbox
@pytest.mark.parametrize("scenes", PARTS.values(), ids=PARTS)
def test_each_limit_is_seen_and_passes_after_its_fix(
    sandbox: World, account: Account, scenes: tuple[Scene, ...], subtests: pytest.Subtests
) -> None:
    user = User.objects.create_user("ada", is_superuser=True)
    clusters = Clusters(sandbox)
    facts.forget()
    for scene in scenes:
        with subtests.test(scene.code):
            Play(sandbox, clusters, user, scene).run()
        sandbox.heal()


def test_every_limit_has_a_scene_or_a_reason_why_not() -> None:
    assert set(SCENES) | set(UNSEEN) == {one.code for one in catalogue.LIMITS}
    assert not set(SCENES) & set(UNSEEN)
    assert len(SCENES) == sum(map(len, ROOMS)) == sum(map(len, PARTS.values()))


def test_every_check_has_a_scene_that_makes_it_fail() -> None:
    seen = {name for case in CASES if case[0] in SCENES for name in checks_of(case)}
    assert {check.__name__ for check in CHECKS} <= seen


def test_a_fix_that_podgate_does_is_what_its_scene_presses() -> None:
    for limit in catalogue.LIMITS:
        pressed = [one.name for one in _pressed(limit.code)]
        if limit.remedy and limit.code not in UNSEEN:
            assert limit.remedy in pressed, limit.code


def _pressed(code: str) -> list[Any]:
    scene = SCENES.get(code)
    return [step for step in scene.mended if isinstance(step, Press)] if scene else []


def test_the_page_tells_the_scenes_that_are_played() -> None:
    text = PAGE.read_text()
    assert page(text) == text, "run: python -m sandbox.scenes --write"


def test_a_scenes_service_is_printed_as_preflight_reads_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["UdpPing", "--service", "--mend"]) == 0
    spec = manifests.written([json.loads(capsys.readouterr().out)]).spec
    assert spec.health.type is CheckType.CUSTOM
    assert main(["NotVpcCni", "--service"]) == 1
    assert main(["NoSuchCode"]) == 1
    assert "There is no scene NoSuchCode." in capsys.readouterr().err


def test_a_scene_that_needs_a_load_balancer_asks_for_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    where = ["--state", str(tmp_path)]
    assert main(["BalancerBanned", *where]) == 1
    assert "There is no sandbox in" in capsys.readouterr().err
    (tmp_path / "world.json").write_text("{}")
    assert main(["BalancerBanned", *where]) == 1
    assert "--lb" in capsys.readouterr().err
    assert main(["TkeBinds", *where]) == 0
    assert "to do  in podgate: the cluster is registered" in capsys.readouterr().out
