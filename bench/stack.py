"""The running product a benchmark drives: `make run`'s supervisor on a state folder of its own."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.environment import free_port


@dataclass
class Running:
    """A started product: its address, its admin password and its state folder."""

    url: str
    password: str
    state: Path
    process: subprocess.Popen[str]

    def environment(self) -> dict[str, str]:
        from console.supervisor.environment import read_env

        return os.environ | read_env(self.state)

    def manage(self, *words: str) -> str:
        command = [sys.executable, "manage.py", *words]
        done = subprocess.run(
            command, env=self.environment(), capture_output=True, text=True, check=True
        )
        return done.stdout

    def kubectl(self, *words: str, cluster: str = "cls-vpccni01", text: str = "") -> str:
        done = subprocess.run(
            ["kubectl", "--kubeconfig", str(self.state / f"{cluster}.kubeconfig"), *words],
            input=text,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def pid(self, name: str) -> int:
        """Process id of one child of the supervisor, such as "worker"."""
        listed = subprocess.run(
            ["ps", "-o", "pid=,args=", "--ppid", str(self.process.pid)],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        word = {"web": "console.serve", "watcher": "manage.py watch"}.get(name, name)
        return next(int(line.split()[0]) for line in listed.splitlines() if word in line)


@contextmanager
def running(**settings: str) -> Iterator[Running]:
    """Starts the product and ends it; settings are environment variables."""
    with tempfile.TemporaryDirectory(prefix="podgate-stack-") as folder:
        port = free_port()
        environment = {
            name: value
            for name, value in os.environ.items()
            if name not in {"DATABASE_URL", "REDIS_URL"} and not name.startswith("PODGATE_")
        } | {"PODGATE_STATE": folder, "PODGATE_PORT": str(port), **settings}
        process = subprocess.Popen(
            [sys.executable, "-m", "console.supervisor"],
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            yield _ready(process, Path(folder))
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=120)


def _ready(process: subprocess.Popen[str], state: Path) -> Running:
    assert process.stdout is not None
    started = time.monotonic()
    for line in process.stdout:
        if line.startswith("podgate ready:"):
            url = line.split()[2].rstrip("/")
            password = (state / "password").read_text().strip()
            return Running(url, password, state, process)
        assert time.monotonic() - started < 300, line
    raise AssertionError(f"the product ended before it was ready: {process.wait()}")
