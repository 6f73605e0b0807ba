"""Where a benchmark's figures go, with the machine and the settings they were taken on."""

import json
import os
import platform
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"
# Of the last minute, before the benchmark began: above 1 the machine was not ours alone.
LOAD_BEFORE = round(os.getloadavg()[0], 1)


def write(name: str, *, settings: dict[str, Any], results: dict[str, Any]) -> None:
    RESULTS.mkdir(exist_ok=True)
    report = {
        "benchmark": name,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {
            "cores": os.cpu_count(),
            "python": platform.python_version(),
            "system": platform.system(),
            "load average before": LOAD_BEFORE,
        },
        "settings": settings,
        "results": results,
    }
    text = json.dumps(report, indent=2, ensure_ascii=False) + "\n"
    (RESULTS / f"{name}.json").write_text(text)
    print(text)


def known(name: str) -> dict[str, Any]:
    """The results there are already, for a benchmark that measures a part at a time."""
    file = RESULTS / f"{name}.json"
    found: dict[str, Any] = json.loads(file.read_text())["results"] if file.exists() else {}
    return found


def percentiles(seconds: list[float]) -> dict[str, float]:
    """p50, p90, p99 and the worst of a list of seconds, in milliseconds."""
    ordered = sorted(seconds)

    def at(share: float) -> float:
        return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000, 2)

    return {"p50_ms": at(0.5), "p90_ms": at(0.9), "p99_ms": at(0.99), "max_ms": at(1.0)}
