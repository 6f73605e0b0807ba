"""`make test`: the checks, the suite, and in CI the database ring again on PostgreSQL."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

CHECKS: tuple[tuple[str, ...], ...] = (
    ("ruff", "check", "."),
    ("ruff", "format", "--check", "."),
    ("mypy",),
    ("lint-imports",),
    ("manage.py", "check"),
    ("manage.py", "makemigrations", "--check", "--dry-run"),
)
# On PostgreSQL tests/conftest.py leaves out what does not touch the database. The exhaustive crash
# loop is about the order of calls, not about the database: it runs once, on SQLite.
WHOLE_PRODUCT = ("tests/browser", "tests/processes")
DATABASE_RING = (
    *("tests/console", "tests/workloads", "tests/services"),
    *("-m", "not browser", "-k", "not test_a_crash_after_any_write"),
)


def environment(scratch: str) -> dict[str, str]:
    """Enough for Django's own checks; the suite makes its own in `tests.environment`."""
    return os.environ | {
        "PODGATE_SECRET_KEY": "checks-" + "x" * 50,
        "PODGATE_ENCRYPTION_KEYS": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
        "DATABASE_URL": f"sqlite:///{scratch}/checks.sqlite3",
        "REDIS_URL": "redis://127.0.0.1:1/0",
    }


def run(words: Sequence[str], extra: dict[str, str]) -> int:
    print("$", *words, flush=True)
    first, *rest = words
    if first == "pytest":  # as a module: the suite's early plugin is found from here
        program = [sys.executable, "-m", "pytest"]
    elif first.endswith(".py"):
        program = [sys.executable, first]
    else:
        program = [str(Path(sys.executable).parent / first)]
    return subprocess.run([*program, *rest], env=extra, check=False).returncode


def checks() -> int:
    with tempfile.TemporaryDirectory() as scratch:
        extra = environment(scratch)
        failed = [words for words in CHECKS if run(words, extra)]
    for words in failed:
        print("failed:", *words)
    return len(failed)


def suite() -> int:
    # One more than two cores: most tests wait for the sandbox.
    # In the order tests/conftest.py gives them: the longest files first.
    spread = ("-q", "--dist", "loadfile", "--no-loadscope-reorder", "-n")
    apart = [f"--ignore={folder}" for folder in WHOLE_PRODUCT]
    failed = run(("pytest", *spread, "3", *apart), dict(os.environ))
    # Each of these starts the whole product, and a browser's event loop is its process' only one.
    failed |= run(("pytest", *spread, "2", *WHOLE_PRODUCT), dict(os.environ))
    if not failed and os.environ.get("CI") == "true":
        extra = os.environ | {"PODGATE_TEST_DATABASE": "postgres"}
        failed = run(("pytest", *spread, "3", *DATABASE_RING), extra)
    return failed


if __name__ == "__main__":
    sys.exit(checks() if sys.argv[1:] == ["check"] else suite())
