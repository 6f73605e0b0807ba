"""`make test`: the checks, then the rings of the suite; in CI one of them on PostgreSQL."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

CHECKS: tuple[tuple[str, ...], ...] = (
    ("ruff", "check", "."),
    ("ruff", "format", "--check", "."),
    ("mypy",),
    ("lint-imports",),
    ("manage.py", "check"),
    ("manage.py", "makemigrations", "--check", "--dry-run"),
)
# Each of these starts the whole product, and a browser's event loop is its process' only one.
WHOLE_PRODUCT = ("tests/browser", "tests/processes")
# In the order tests/conftest.py gives them: the longest files first.
SPREAD = ("-q", "--dist", "loadfile", "--no-loadscope-reorder", "--durations=15", "-n")


@dataclass
class Ring:
    """A part of the suite that runs in processes of its own."""

    name: str
    words: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)


# One ring after the other: all at once they keep two cores so busy that Pods, watches and browsers
# wait for minutes. On PostgreSQL tests/conftest.py leaves out what cannot tell the difference.
RINGS = (
    Ring("everything", ("3", *(f"--ignore={folder}" for folder in WHOLE_PRODUCT))),
    Ring("the whole product", ("2", *WHOLE_PRODUCT)),
)
POSTGRES = Ring(
    "PostgreSQL",
    ("2", "tests/console", "tests/workloads", "tests/services"),
    {"PODGATE_TEST_DATABASE": "postgres"},
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
    if first.endswith(".py"):
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
    """Every ring in turn; answers how many failed."""
    rings = [*RINGS, *([POSTGRES] if os.environ.get("CI") == "true" else [])]
    return sum(_run(ring) for ring in rings)


def _run(ring: Ring) -> bool:
    """Whether it failed. pytest as a module: the suite's early plugin is found from here."""
    words = ["-m", "pytest", *SPREAD, *ring.words]
    print(f"$ {ring.name}:", *words[1:], flush=True)
    started = time.monotonic()
    code = subprocess.run(
        [sys.executable, *words], env=os.environ | ring.environment, check=False
    ).returncode
    print(f"{ring.name}: exit {code} after {time.monotonic() - started:.0f} s", flush=True)
    return bool(code)


if __name__ == "__main__":
    sys.exit(checks() if sys.argv[1:] == ["check"] else suite())
