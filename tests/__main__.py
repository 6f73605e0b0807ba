"""`make test`: the checks, then the rings of the suite; in CI one of them on PostgreSQL."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Step:
    """A command that must end well; a ring is a part of the suite in processes of its own."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    is_ring: bool = False


def _check(*words: str) -> Step:
    first, *rest = words
    if first.endswith(".py"):
        command = [sys.executable, *words]
    elif first.startswith("./"):
        command = [*words]
    else:
        command = [str(Path(sys.executable).parent / first), *rest]
    return Step(" ".join(words), tuple(command))


def _ring(name: str, *words: str, **environment: str) -> Step:
    # pytest as a module: the suite's early plugin is found from here.
    command = (sys.executable, "-m", "pytest", "-q", "--durations=15", *words)
    return Step(name, command, environment, is_ring=True)


MYPY = _check("mypy")
QUICK = (
    _check("ruff", "check", "."),
    _check("ruff", "format", "--check", "."),
    _check("lint-imports"),
    _check("manage.py", "check"),
    _check("manage.py", "makemigrations", "--check", "--dry-run"),
)
# What the suite needs beyond Python; it is mostly a download.
TOOLS = _check("./bootstrap.sh", "tools")
# Reads every test once: each process of a ring reads them all and now finds their asserts
# rewritten already, which takes as long as everything else it does before its first test.
READ = Step("pytest --collect-only", (sys.executable, "-m", "pytest", "--collect-only", "-q"))
# Each of these starts the whole product, and a browser's event loop is its process' only one.
WHOLE_PRODUCT = ("tests/browser", "tests/processes")
# In the order tests/conftest.py gives them: the longest files first.
SPREAD = ("--dist", "loadfile", "--no-loadscope-reorder", "-n", "3")
EVERYTHING = _ring("everything", *SPREAD, *(f"--ignore={each}" for each in WHOLE_PRODUCT))
# On PostgreSQL tests/conftest.py leaves out what cannot tell the difference.
POSTGRES = _ring(
    "PostgreSQL",
    *("tests/console", "tests/workloads", "tests/services"),
    PODGATE_TEST_DATABASE="postgres",
)


def lanes() -> list[tuple[Step, ...]]:
    """What runs side by side; in each lane one step after the other.

    Two lanes compute. The third one mostly waits, for Pods, watches and browsers: it has one
    product at a time, and what it leaves of two cores is the others'.
    """
    beside = (MYPY, POSTGRES) if os.environ.get("CI") == "true" else (MYPY,)
    return [
        (_ring("processes", "tests/processes"), _ring("browser", "tests/browser")),
        (EVERYTHING,),
        beside,
    ]


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
    """Enough for Django's own checks; the rings make their own in `tests.environment`."""
    return compiled_once() | {
        "PODGATE_SECRET_KEY": "checks-" + "x" * 50,
        "PODGATE_ENCRYPTION_KEYS": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
        "DATABASE_URL": f"sqlite:///{scratch}/checks.sqlite3",
        "REDIS_URL": "redis://127.0.0.1:1/0",
    }


def run(step: Step, extra: dict[str, str]) -> list[str]:
    """Its name if it failed. Each says what it has to say in one piece: others run beside it."""
    started = time.monotonic()
    if step.is_ring:
        print(f"starts {step.name}: {' '.join(step.command[2:])}\n", end="", flush=True)
    done = subprocess.run(
        step.command,
        env=extra | dict(step.environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    took = f"{time.monotonic() - started:.0f} s"
    told = done.stdout
    if not (step.is_ring or done.returncode):
        # A check that holds needs no more than its last line.
        told = "".join(told.splitlines(keepends=True)[-1:])
    print(f"$ {step.name}\n{told}{step.name}: exit {done.returncode} after {took}", flush=True)
    return [step.name] if done.returncode else []


def in_turn(steps: Iterable[Step], extra: dict[str, str]) -> list[str]:
    return [name for step in steps for name in run(step, extra)]


def side_by_side(some: Sequence[tuple[Step, ...]], extra: dict[str, str]) -> list[str]:
    """The names of what failed; what comes after it in its lane runs all the same."""
    with ThreadPoolExecutor(len(some)) as pool:
        failed = pool.map(lambda lane: in_turn(lane, extra), some)
        return [name for names in failed for name in names]


def checks(extra: dict[str, str]) -> list[str]:
    """mypy takes longer than all the others."""
    return side_by_side([(MYPY,), QUICK], extra)


def suite(extra: dict[str, str]) -> list[str]:
    """What is quick comes first, and the rings only if it holds."""
    return side_by_side([(TOOLS, READ), QUICK], extra) or side_by_side(lanes(), extra)


def main() -> int:
    with tempfile.TemporaryDirectory() as scratch:
        wanted = checks if sys.argv[1:] == ["check"] else suite
        failed = wanted(environment(scratch))
    for name in failed:
        print(f'failed: {name} (its log begins at "$ {name}")')
    return len(failed)


if __name__ == "__main__":
    sys.exit(main())
