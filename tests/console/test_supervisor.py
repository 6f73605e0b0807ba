"""The supervisor of `make run`, with small programs in the place of what it usually starts."""

import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from console.supervisor import environment
from console.supervisor.processes import Child, StartError, end
from tests.wait import PATIENCE, until

STUBBORN = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
inner = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(inner.pid, flush=True)
time.sleep(600)
"""
PARENT = """
import sys, time
from pathlib import Path
from console.supervisor.processes import Child
program = [sys.executable, "-c", "import time; time.sleep(600)"]
child = Child("inner", program, {}, Path(sys.argv[1]))
child.start()
print(child.process.pid, flush=True)
time.sleep(600)
"""


def supervisor(state: Path, **settings: str) -> "subprocess.CompletedProcess[str]":
    """What somebody sees who starts it with these variables, where it cannot start."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("PODGATE_")}
    return subprocess.run(
        [sys.executable, "-m", "console.supervisor"],
        env=plain | {"PODGATE_STATE": str(state)} | settings,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def is_alive(pid: int) -> bool:
    """Neither gone nor a zombie that nobody has waited for."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("PODGATE_PORT", "abc", "give a port number from 1 to 65535"),
        ("PODGATE_PORT", "65536", "give a port number from 1 to 65535"),
        ("PODGATE_SANDBOX", "some", "use all, tencent or off"),
        ("PODGATE_SANDBOX_TIME_SCALE", "fast", "give a number above 0"),
        ("PODGATE_SANDBOX_TIME_SCALE", "0", "give a number above 0"),
        ("PODGATE_WORKER_THREADS", "many", "give a number of threads"),
    ],
)
def test_a_variable_that_makes_no_sense_is_named(
    tmp_path: Path, name: str, value: str, said: str
) -> None:
    tried = supervisor(tmp_path, **{name: value})
    assert tried.returncode == 1
    assert tried.stderr == f"podgate: {name}={value!r}: {said}{tried.stderr.partition(said)[2]}"
    assert not (tmp_path / "env").exists()


def test_a_taken_port_names_the_variable_to_change(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        tried = supervisor(tmp_path, PODGATE_PORT=str(port))
    assert tried.returncode == 1
    assert f"127.0.0.1:{port} cannot be used (Address already in use)" in tried.stderr
    assert "Set PODGATE_PORT to a free port" in tried.stderr
    assert "Traceback" not in tried.stderr


def test_two_on_one_state_would_spoil_it_and_the_lock_goes_with_a_killed_one(
    tmp_path: Path,
) -> None:
    hold = "import fcntl, sys, time; f = open(sys.argv[1], 'w'); fcntl.flock(f, fcntl.LOCK_EX)"
    lock = str(tmp_path / "lock")
    program = [sys.executable, "-c", f"{hold}; print('held', flush=True); time.sleep(600)", lock]
    with subprocess.Popen(program, stdout=subprocess.PIPE) as first:
        assert first.stdout is not None
        assert first.stdout.readline()
        assert "already running on" in supervisor(tmp_path, PODGATE_PORT="1").stderr
        first.kill()
        first.wait()
    # The port is looked at after the lock.
    assert "cannot be used" in supervisor(tmp_path, PODGATE_PORT=taken_port()).stderr


def taken_port() -> str:
    """That of the suite's own Valkey."""
    return os.environ["REDIS_URL"].rpartition(":")[2].partition("/")[0]


def test_what_does_not_want_to_end_is_ended_with_all_it_started(tmp_path: Path) -> None:
    log = tmp_path / "log"
    child = Child("stubborn", [sys.executable, "-c", STUBBORN], dict(os.environ), log)
    child.start()
    until(lambda: log.read_text().strip())
    inner = int(log.read_text())
    assert child.process is not None
    assert is_alive(inner)
    end([child])
    assert child.process.returncode == -signal.SIGKILL
    until(lambda: not is_alive(inner))


def test_children_do_not_outlive_a_killed_supervisor(tmp_path: Path) -> None:
    program = [sys.executable, "-c", PARENT, str(tmp_path / "log")]
    with subprocess.Popen(program, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        inner = int(parent.stdout.readline())
        assert is_alive(inner)
        parent.kill()
    until(lambda: not is_alive(inner))


def test_what_ends_is_started_again_and_what_ends_at_once_is_shown(tmp_path: Path) -> None:
    program = [sys.executable, "-c", "print('no such thing'); raise SystemExit(3)"]
    child = Child("broken", program, {}, tmp_path / "log")
    child.start()
    for _ in range(2):
        assert child.process is not None
        first = child.process
        first.wait()
        child.keep()
        assert child.process is not first
    assert child.process is not None
    child.process.wait()
    with pytest.raises(StartError, match=r"broken ends at once \(exit 3\):\n(.*\n)*no such thing"):
        child.keep()


def test_who_is_killed_from_outside_is_started_again_every_time(tmp_path: Path) -> None:
    program = [sys.executable, "-c", "import time; time.sleep(600)"]
    child = Child("victim", program, {}, tmp_path / "log")
    child.start()
    for _ in range(4):
        assert child.process is not None
        child.process.kill()
        child.process.wait()
        child.keep()
    assert child.process is not None
    assert child.process.poll() is None
    end([child])


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A shell in which nothing of podgate's was set."""
    for name in ("DATABASE_URL", *os.environ):
        if name.startswith("PODGATE_") or name.endswith("_URL"):
            monkeypatch.delenv(name, raising=False)
    return monkeypatch


def test_a_second_start_keeps_keys_password_database_and_addresses(
    bare: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    first = environment.settings_of(tmp_path, 8000)
    password = (tmp_path / "password").read_text()
    again = environment.settings_of(tmp_path, 8000)
    assert again == first
    assert (tmp_path / "password").read_text() == password
    assert (tmp_path / "env").stat().st_mode & 0o077 == 0
    # Another shell finds all of it, wherever the state is.
    assert environment.read_env(tmp_path)["PODGATE_STATE"] == str(tmp_path)


def test_two_checkouts_share_nothing(bare: pytest.MonkeyPatch, tmp_path: Path) -> None:
    one, other = (environment.settings_of(tmp_path / each, 8000) for each in made(tmp_path))
    for name in ("DATABASE_URL", "REDIS_URL", "PODGATE_SECRET_KEY", "PODGATE_ENCRYPTION_KEYS"):
        assert one[name] != other[name]


def made(folder: Path) -> tuple[str, str]:
    for name in ("one", "other"):
        (folder / name).mkdir()
    return "one", "other"


def test_a_shell_that_acted_on_the_last_stack_can_start_the_next(
    bare: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """`.sandbox/env` names our own Valkey: it was ended with the stack and must be started."""
    first = environment.settings_of(tmp_path, 8000)
    for name, value in environment.read_env(tmp_path).items():
        bare.setenv(name, value)
    assert environment.needs_valkey(tmp_path)
    assert environment.settings_of(tmp_path, 8000)["REDIS_URL"] == first["REDIS_URL"]
    bare.setenv("REDIS_URL", "redis://elsewhere:6379/0")
    assert not environment.needs_valkey(tmp_path)
    assert environment.settings_of(tmp_path, 8000)["REDIS_URL"] == "redis://elsewhere:6379/0"


def test_a_copy_of_the_example_sets_nothing(bare: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("PODGATE_STATE", "PODGATE_SECRET_KEY", "DATABASE_URL", "REDIS_URL"):
        bare.setenv(name, "")
    environment.forget_empty()
    found = environment.settings_of(tmp_path, 8000)
    assert found["DATABASE_URL"] == f"sqlite:///{tmp_path}/podgate.sqlite3"
    assert all(found[name] for name in ("PODGATE_SECRET_KEY", "REDIS_URL"))
