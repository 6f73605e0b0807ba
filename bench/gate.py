"""`python -m bench.gate`: from the moment the CLB says healthy to the gate being patched.

The moment of health is the emulated CLB's own note; the moment of the gate is when the API server
answered the last patch of the Pod's status, in its log of calls. Both clocks are this machine's.
"""

import os
import time
from typing import Any

from bench import report
from bench.fleet import SETTINGS, Call, Fleet, ended, fleet, until

FEW, ROUNDS = int(os.environ.get("BENCH_FEW", "200")), int(os.environ.get("BENCH_ROUNDS", "3"))
MANY = int(os.environ.get("BENCH_MANY", "2000"))
PER_SERVICE = 200


def main() -> None:
    with fleet() as one:
        few = percentiles(
            [gate for number in range(ROUNDS) for gate in gates(one, FEW, f"few{number}")]
        )
    with fleet() as one:
        many = percentiles(gates(one, MANY, "many"))
    report.write(
        "gate",
        settings=SETTINGS
        | {
            "Pods": [FEW, MANY],
            "Pods per Service": PER_SERVICE,
            "rounds at the first size": ROUNDS,
        },
        results={f"{FEW} Pods": few, f"{MANY} Pods": many},
    )


def gates(one: Fleet, count: int, into: str) -> list[tuple[float, float]]:
    """Of every Pod: seconds from healthy to gate, and those without the emulator's patches."""
    started = time.time()
    names = one.pods(count, per_deployment=PER_SERVICE, into=into)
    time.sleep(5)  # the watcher has stored them
    for name in names:
        one.service(name, name, into=into)
    until(lambda: one.ready(names, into=into) == count)
    patches = sorted(
        (call for call in one.cluster_calls(started) if is_gate(call, into)), key=ended
    )
    healthy = moments(one, one.pod_of(into))
    last = {call["name"]: call for call in patches}
    assert last.keys() == healthy.keys(), (len(last), len(healthy))
    return [
        (gap := ended(call) - healthy[name], gap - busy(patches, healthy[name], ended(call)))
        for name, call in last.items()
    ]


def is_gate(call: Call, namespace: str) -> bool:
    return (
        call["verb"] == "patch"
        and call["namespace"] == namespace
        and call["path"].endswith("/status")
        and "/pods/" in call["path"]
        and call["code"] == 200
    )


def moments(one: Fleet, pod_of: dict[str, str]) -> dict[str, float]:
    """When the CLB first said Alive, by the Pod's name."""
    found: dict[str, float] = {}
    for verdict in one.world.control("tencent", "GET", "verdicts"):
        name = pod_of.get(verdict["target"].rpartition(":")[0])
        if name and verdict["health"] == "Alive":
            found.setdefault(name, verdict["time"])
    return found


def busy(patches: list[Call], since: float, until: float) -> float:
    """The API server answers one call after the other: what it spent on patches meanwhile."""
    meanwhile = (c for c in patches if since <= c["time"] and ended(c) <= until)
    return float(sum(call["took"] for call in meanwhile))


def percentiles(gaps: list[tuple[float, float]]) -> dict[str, Any]:
    return {
        "Pods": len(gaps),
        "measured": report.percentiles([gap for gap, _ in gaps]),
        "without the emulator's own time": report.percentiles([own for _, own in gaps]),
    }


if __name__ == "__main__":
    main()
