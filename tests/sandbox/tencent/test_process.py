"""`python -m sandbox tencent`: this half alone, as a process that may be killed at any moment."""

import json
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

from tests.sandbox.tencent.half import opener
from tests.wait import PATIENCE, until


class Process:
    def __init__(self, state: Path) -> None:
        command = [sys.executable, "-m", "sandbox", "tencent", "--state", str(state)]
        self._child = subprocess.Popen([*command, "--time-scale", "0.05"])
        self._world = state / "world.json"
        until(self._answers)

    def _answers(self) -> bool:
        assert self._child.poll() is None
        try:
            return bool(self.control("GET", "healthz"))
        except (OSError, ValueError):
            return False

    def control(self, method: str, path: str, body: Any = None) -> Any:
        url = json.loads(self._world.read_text())["control"]["tencent"]
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{url}/_sandbox/{path}", data, method=method)
        with opener().open(request, timeout=PATIENCE) as answer:
            return json.loads(answer.read())

    def end(self, how: signal.Signals) -> int:
        """What it ended with."""
        self._child.send_signal(how)
        return self._child.wait(PATIENCE)


def test_kill_9_loses_nothing_and_sigterm_ends_it(tmp_path: Path) -> None:
    first = Process(tmp_path)
    lb = first.control("POST", "lb", {"name": "kept"})["id"]
    listener = first.control("POST", f"lb/{lb}/listeners", {"port": 80})["id"]
    ip = f"{json.loads((tmp_path / 'world.json').read_text())['net']}.20.10"
    targets = [{"ip": ip, "port": 8080, "weight": 7}]
    first.control("POST", f"lb/{lb}/listeners/{listener}/targets", targets)
    before = first.control("GET", "lb")
    first.end(signal.SIGKILL)

    second = Process(tmp_path)
    assert second.control("GET", "lb") == before
    # By itself, not by the signal.
    assert second.end(signal.SIGTERM) == 0
