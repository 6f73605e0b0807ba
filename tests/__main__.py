"""`make test`: the checks, then the rings of the suite; in CI one of them on PostgreSQL."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

CHECKS: tuple[tuple[str, ...], ...] = (
    ("mypy",),
    ("ruff", "check", "."),
    ("ruff", "format", "--check", "."),
    ("lint-imports",),
    ("manage.py", "check"),
    ("manage.py", "makemigrations", "--check", "--dry-run"),
)
# What the suite needs beyond Python; it is mostly a download.
TOOLS = ("./bootstrap.sh", "tools")
# Each of these starts the whole product, and a browser's event loop is its process' only one.
WHOLE_PRODUCT = ("tests/browser", "tests/processes")
# In the order tests/conftest.py gives them: the longest files first.
SPREAD = ("--dist", "loadfile", "--no-loadscope-reorder", "-n")


@dataclass(frozen=True)
class Ring:
    """A part of the suite that runs in processes of its own."""

    name: str
    words: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)


# What computes comes first, by itself: beside it Pods, watches and browsers would wait.
FIRST = (Ring("everything", (*SPREAD, "3", *(f"--ignore={each}" for each in WHOLE_PRODUCT))),)
# These mostly wait: two products for browsers, and one that is killed and lied to.
THEN = (
    Ring("browser", (*SPREAD, "2", "tests/browser")),
    Ring("processes", ("tests/processes",)),
)
# On PostgreSQL tests/conftest.py leaves out what cannot tell the difference.
POSTGRES = Ring(
    "PostgreSQL",
    ("tests/console", "tests/workloads", "tests/services"),
    {"PODGATE_TEST_DATABASE": "postgres"},
)


def compiled_once() -> dict[str, str]:
    """The environment; where it forbids bytecode beside the modules, this has a folder for it.

    The suite starts some hundred processes that import the same, and compiling that anew takes
    more than half of what many of them do.
    """
    found = dict(os.environ)
    if found.pop("PYTHONDONTWRITEBYTECODE", "") and "PYTHONPYCACHEPREFIX" not in found:
        found["PYTHONPYCACHEPREFIX"] = str(Path(sys.prefix) / "bytecode")
    return found


def environment(scratch: str) -> dict[str, str]:
    """Enough for Django's own checks; the suite makes its own in `tests.environment`."""
    return compiled_once() | {
        "PODGATE_SECRET_KEY": "checks-" + "x" * 50,
        "PODGATE_ENCRYPTION_KEYS": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
        "DATABASE_URL": f"sqlite:///{scratch}/checks.sqlite3",
        "REDIS_URL": "redis://127.0.0.1:1/0",
    }


def check(words: Sequence[str], extra: Mapping[str, str]) -> bool:
    first, *rest = words
    if first.endswith(".py"):
        program = [sys.executable, first]
    elif first.startswith("./"):
        program = [first]
    else:
        program = [str(Path(sys.executable).parent / first)]
    return _run(" ".join(words), [*program, *rest], extra, alone=False)


def _run(name: str, command: Sequence[str], extra: Mapping[str, str], *, alone: bool) -> bool:
    """Whether it failed. What is not alone is printed in one piece when it has ended."""
    started = time.monotonic()
    done = subprocess.run(
        command,
        env=extra,
        stdin=subprocess.DEVNULL,
        stdout=None if alone else subprocess.PIPE,
        stderr=None if alone else subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    took = f"{time.monotonic() - started:.0f} s"
    print(f"$ {name}\n{done.stdout or ''}{name}: exit {done.returncode} after {took}", flush=True)
    return bool(done.returncode)


def checks(*more: Sequence[str]) -> int:
    """All of them, two at a time: mypy takes as long as all the others; how many failed."""
    todo: list[Sequence[str]] = [*CHECKS[:1], *more, *CHECKS[1:]]
    with tempfile.TemporaryDirectory() as scratch, ThreadPoolExecutor(2) as pool:
        extra = environment(scratch)
        failed = list(pool.map(lambda words: check(words, extra), todo))
    for words, has_failed in zip(todo, failed, strict=True):
        if has_failed:
            print("failed:", *words)
    return sum(failed)


def suite() -> int:
    """The checks; what computes, in CI on PostgreSQL too; then what waits. How many failed."""
    if failed := checks(TOOLS):
        return failed
    first = [*FIRST, *([POSTGRES] if os.environ.get("CI") == "true" else [])]
    return _side_by_side(first) + _side_by_side(THEN)


def _side_by_side(rings: Sequence[Ring]) -> int:
    with ThreadPoolExecutor() as pool:
        return sum(pool.map(lambda ring: _ring(ring, alone=len(rings) == 1), rings))


def _ring(ring: Ring, *, alone: bool) -> bool:
    """Whether it failed. pytest as a module: the suite's early plugin is found from here."""
    words = ["-m", "pytest", "-q", "--durations=15", *ring.words]
    # In one piece: others start at the same moment.
    print(f"starts {ring.name}: {' '.join(words[1:])}\n", end="", flush=True)
    extra = compiled_once() | dict(ring.environment)
    return _run(ring.name, [sys.executable, *words], extra, alone=alone)


if __name__ == "__main__":
    sys.exit(checks() if sys.argv[1:] == ["check"] else suite())
