"""The sandbox as tests see it: started once per test process, steered through its control API."""

import json
import subprocess
import sys
import urllib.request
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tests.wait import PATIENCE, until

TIME_SCALE = 0.05


@dataclass
class World:
    """A running sandbox; `facts` is its world.json."""

    state: Path
    facts: dict[str, Any]
    process: subprocess.Popen[Any]

    @property
    def tencent(self) -> dict[str, str]:
        found: dict[str, str] = self.facts["tencent"]
        return found

    def cluster(self, cluster_id: str = "cls-vpccni01") -> dict[str, str]:
        found: dict[str, str] = self.facts["clusters"][cluster_id]
        return found

    def control(self, half: str, method: str, path: str, body: Any = None) -> Any:
        """One call of the control API: half is "tencent" or "kubernetes", path like "faults"."""
        request = urllib.request.Request(
            f"{self.facts['control'][half]}/_sandbox/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        with _opener().open(request, timeout=PATIENCE) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def fault(self, half: str, name: str, **details: Any) -> None:
        self.control(half, "POST", "faults", {"fault": name, **details})

    def heal(self) -> None:
        for half in self.facts["control"]:
            self.control(half, "DELETE", "faults")

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(PATIENCE)


def of(state: Path, process: subprocess.Popen[Any]) -> World:
    """The sandbox of a running product with this state folder."""
    return World(state, json.loads((state / "world.json").read_text()), process)


@cache
def _opener() -> urllib.request.OpenerDirector:
    # Made once: each one loads every CA certificate of the machine.
    return urllib.request.build_opener(urllib.request.ProxyHandler({}))


def start(state: Path, *arguments: str, time_scale: float = TIME_SCALE) -> World:
    with (state / "sandbox.log").open("ab") as log:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "sandbox", "all", "--state", str(state)),
                *("--time-scale", str(time_scale), *arguments),
            ],
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    file = state / "world.json"

    def answers() -> World | None:
        if process.poll() is not None:
            raise AssertionError((state / "sandbox.log").read_text()[-3000:])
        if not file.exists():
            return None
        world = of(state, process)
        try:
            for half in world.facts["control"]:
                world.control(half, "GET", "healthz")
        except OSError:
            return None
        return world

    found = until(answers)
    assert found is not None
    return found
