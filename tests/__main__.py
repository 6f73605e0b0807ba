"""`make test`: the checks, then the rings of the suite at once; in CI one of them on PostgreSQL."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

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


# Most tests wait: for the sandbox, for a browser, for a watch that is silent. So the rings run at
# the same time, and what bounds them is the two cores. On PostgreSQL tests/conftest.py leaves out
# what cannot tell the difference.
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
    """Start every ring, show each as it ends; answers how many failed."""
    rings = [*RINGS, *([POSTGRES] if os.environ.get("CI") == "true" else [])]
    started, failed = time.monotonic(), 0
    with tempfile.TemporaryDirectory() as folder:
        running = {ring.name: _start(ring, Path(folder) / ring.name) for ring in rings}
        while running:
            time.sleep(0.5)
            for name, (process, output) in list(running.items()):
                if process.poll() is not None:
                    _show(name, output, process.returncode, time.monotonic() - started)
                    failed += bool(process.returncode)
                    del running[name]
    return failed


def _start(ring: Ring, file: Path) -> tuple[subprocess.Popen[bytes], IO[bytes]]:
    # pytest as a module: the suite's early plugin is found from here.
    words = ["-m", "pytest", *SPREAD, *ring.words]
    print(f"$ {ring.name}:", *words[1:], flush=True)
    output = file.open("w+b")
    extra = os.environ | ring.environment
    return (
        subprocess.Popen(
            [sys.executable, *words], env=extra, stdout=output, stderr=subprocess.STDOUT
        ),
        output,
    )


def _show(name: str, output: IO[bytes], code: int, seconds: float) -> None:
    output.seek(0)
    sys.stdout.write(output.read().decode(errors="replace"))
    output.close()
    print(f"{name}: {'failed' if code else 'passed'} after {seconds:.0f} s", flush=True)


if __name__ == "__main__":
    sys.exit(checks() if sys.argv[1:] == ["check"] else suite())
