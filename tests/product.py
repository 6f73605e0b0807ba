"""What the running product wrote while a test of it ran: shown beside the test's failure.

A folder of logs is remembered by its sizes, so that only what is new since then is shown.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

LAST, AROUND, MOST = 25, 60, 12_000
# An exception, and what faulthandler says of a crash in native code.
TROUBLE = ("Traceback (most recent", "Fatal Python error")

type Sizes = dict[Path, int]


def sizes(state: Path) -> Sizes:
    return {log: log.stat().st_size for log in _logs(state)}


def written_since(state: Path, before: Sizes) -> Iterator[tuple[str, str]]:
    """(name, text) of each log that grew: where the first traceback began, and the end."""
    for log in _logs(state):
        with log.open("rb") as opened:
            opened.seek(before.get(log, 0))
            lines = opened.read().decode(errors="replace").splitlines()
        if lines:
            yield log.stem, _telling(lines)


def _logs(state: Path) -> list[Path]:
    return sorted([*state.glob("logs/*.log"), *state.glob("*.log")])


def _telling(lines: list[str]) -> str:
    """The first traceback with what led to it, and the last lines."""
    troubled = (n for n, line in enumerate(lines) if any(word in line for word in TROUBLE))
    first = next(troubled, None)
    shown = lines[-LAST:]
    if first is not None and first < len(lines) - LAST:
        shown = [*lines[max(0, first - 3) : first + AROUND], "...", *shown]
    elif first is not None:
        shown = lines[max(0, first - 3) :]
    return "\n".join(shown)[-MOST:]


def state_of(fixtures: dict[str, Any]) -> Path | None:
    """The folder of what the test runs on: the whole product, or the sandbox alone."""
    product = fixtures.get("product") or fixtures.get("world")
    product = getattr(product, "product", product)
    state = getattr(product, "state", None)
    return state if isinstance(state, Path) else None


def seen(page: Any) -> str:
    """What a browser's page shows: its address and its text."""
    try:
        return f"{page.url}\n{page.locator('body').inner_text(timeout=2000)}"[:MOST]
    except Exception as error:  # a page that is gone must not hide why the test failed
        return f"{type(error).__name__}: {error}"
