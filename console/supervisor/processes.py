"""Child processes that live and end with the supervisor."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

GRACE = 3.0  # seconds between SIGTERM and SIGKILL
SHORT_LIFE = 20.0  # seconds: a busy machine needs some of them to import what a process is
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
    started: float = 0.0
    short_lives: int = 0

    def start(self) -> None:
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self.started = time.monotonic()
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
        """Starts it again if it ended; three short lives in a row are a defect to show."""
        if self.process is None or self.process.poll() is None:
            return
        code = self.process.returncode
        # SIGKILL is somebody else's deed.
        is_short = time.monotonic() - self.started < SHORT_LIFE and code != -signal.SIGKILL
        self.short_lives = self.short_lives + 1 if is_short else 0
        if self.short_lives == 3:
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
