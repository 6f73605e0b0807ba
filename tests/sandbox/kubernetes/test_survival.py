"""The world after the end of its process: kill -9, a second start, two side by side."""

import subprocess
import sys
from pathlib import Path

from tests import world as worlds
from tests.conformance.api import Api
from tests.conformance.place import config_map
from tests.wait import PATIENCE, until

PATH = "/api/v1/namespaces/default/configmaps"


def _api(world: worlds.World) -> Api:
    return Api(Path(world.cluster()["kubeconfig"]))


def test_what_was_answered_survives_a_kill(tmp_path: Path) -> None:
    first = worlds.start(tmp_path, "--headless")
    made = [_api(first).create(PATH, config_map(f"c{index}")).body for index in range(30)]
    first.process.kill()
    first.process.wait(PATIENCE)
    second = until(lambda: worlds.start(tmp_path, "--headless"))
    try:
        assert second.facts["net"] == first.facts["net"]
        assert second.cluster()["token"] == first.cluster()["token"]
        for each in made:
            found = _api(second).get(f"{PATH}/{each['metadata']['name']}").body
            assert found["metadata"]["uid"] == each["metadata"]["uid"]
        fresh = _api(second).create(PATH, config_map("fresh")).body
        newest = max(int(each["metadata"]["resourceVersion"]) for each in made)
        assert int(fresh["metadata"]["resourceVersion"]) > newest
    finally:
        second.stop()


def test_one_state_directory_runs_once(tmp_path: Path) -> None:
    first = worlds.start(tmp_path, "--headless")
    try:
        again = subprocess.run(
            [sys.executable, "-m", "sandbox", "--state", str(tmp_path)],
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        assert again.returncode == 1
        assert "is used by another running sandbox" in again.stderr
    finally:
        first.stop()


def test_the_help_explains_itself() -> None:
    said = subprocess.run(
        [sys.executable, "-m", "sandbox", "--help"], capture_output=True, text=True, check=True
    ).stdout
    for word in ("kubernetes", "tencent", "--state", "--time-scale", "kubectl --kubeconfig"):
        assert word in said
