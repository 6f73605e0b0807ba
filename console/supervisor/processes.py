"""Child processes that live and end with the supervisor."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

GRACE = 3.0  # seconds between SIGTERM and SIGKILL
PR_SET_PDEATHSIG = 1


class StartError(Exception):
    """A start that cannot succeed, said in one sentence to the person at the terminal."""


@dataclass
class Child:
    """One process in a group of its own, restarted when it ends before we do."""

    name: str
    command: list[str]
    environment: dict[str, str]
    log: Path
    process: subprocess.Popen[bytes] | None = None
    started: list[float] = field(default_factory=list)

    def start(self) -> None:
        self.log.parent.mkdir(exist_ok=True)
        self.started.append(time.monotonic())
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_die_with_parent if sys.platform == "linux" else None,
            )

    def keep(self) -> None:
        """Starts it again if it ended; three ends within ten seconds are a defect to show."""
        if self.process is None or self.process.poll() is None:
            return
        code = self.process.returncode
        if len(self.started) >= 3 and time.monotonic() - self.started[-3] < 10:
            raise StartError(f"{self.name} ends at once (exit {code}):\n{tail(self.log)}")
        why = f"exit {code}" if code >= 0 else f"signal {-code}, see {self.log}"
        print(f"podgate: {self.name} ended ({why}), starting it again", flush=True)
        self.start()

    def signal(self, number: int) -> None:
        if self.process is not None and self.process.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def end(children: list[Child]) -> None:
    """SIGTERM to all, three seconds, SIGKILL to the rest."""
    for child in reversed(children):
        child.signal(signal.SIGTERM)
    deadline = time.monotonic() + GRACE
    for child in children:
        if child.process is None:
            continue
        with suppress(subprocess.TimeoutExpired):
            child.process.wait(max(0.0, deadline - time.monotonic()))
    for child in children:
        if child.process is not None:
            # The group may outlive its leader.
            try:
                os.killpg(child.process.pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
            child.process.wait()


def tail(log: Path, lines: int = 12) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
