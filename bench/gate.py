"""`python -m bench.gate`: from the moment the CLB says healthy to the gate being patched.

The moment of health is the emulated CLB's own note; the moment of the gate is when the API server
answered the last patch of the Pod's status, in its log of calls. Both clocks are this machine's.

The emulated API servers are one process that spends more on a patch than we do: "without the
emulator" is the gap less the CPU time of that process meanwhile, but never less than the CPU time
of our own worker, which may have run beside it.
"""

import os
import time
from typing import Any

from bench import cpu, report
from bench.fleet import SETTINGS, Call, Fleet, ended, fleet, until

FEW, ROUNDS = int(os.environ.get("BENCH_FEW", "200")), int(os.environ.get("BENCH_ROUNDS", "3"))
MANY = int(os.environ.get("BENCH_MANY", "2000"))
PER_SERVICE = 200
OURS = {"web", cpu.WORKER, "ticker", "watcher", "webhook"}


def main() -> None:
    with fleet() as one:
        few = percentiles([gates(one, FEW, f"few{number}") for number in range(ROUNDS)])
    with fleet() as one:
        many = percentiles([gates(one, MANY, "many")])
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


type Gap = tuple[float, float]


def gates(one: Fleet, count: int, into: str) -> tuple[list[Gap], dict[str, float]]:
    """Of every Pod: seconds from healthy to gate, and those without the emulator.

    And the CPU seconds of each process from the first healthy target to the last gate.
    """
    started = time.time()
    names = one.pods(count, per_deployment=PER_SERVICE, into=into)
    time.sleep(5)  # the watcher has stored them
    with cpu.logged(one.product.state) as used:
        for name in names:
            one.service(name, name, into=into)
        until(lambda: one.ready(names, into=into) == count)
    patches = sorted(
        (call for call in one.cluster_calls(started) if is_gate(call, into)), key=ended
    )
    healthy = moments(one, one.pod_of(into))
    last = {call["name"]: ended(call) for call in patches}
    assert last.keys() == healthy.keys(), (len(last), len(healthy))
    gaps = [(at - healthy[name], ours(used, healthy[name], at)) for name, at in last.items()]
    return gaps, used.all_between(min(healthy.values()), max(last.values()))


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


def ours(used: cpu.Log, since: float, until: float) -> float:
    """The gap without what the emulator took of it."""
    rest = until - since - used.between(cpu.SERVERS, since, until)
    return max(rest, used.between(cpu.WORKER, since, until))


def percentiles(rounds: list[tuple[list[Gap], dict[str, float]]]) -> dict[str, Any]:
    gaps = [gap for each, _ in rounds for gap in each]
    return {
        "Pods": len(gaps),
        "measured": report.percentiles([gap for gap, _ in gaps]),
        "without the emulator": report.percentiles([own for _, own in gaps]),
        "CPU ms per Pod from the first healthy to the last gate": _each(rounds),
    }


def _each(rounds: list[tuple[list[Gap], dict[str, float]]]) -> dict[str, float]:
    """Of each process, and of podgate's own together."""
    pods = sum(len(each) for each, _ in rounds)
    by_role = {role: sum(used[role] for _, used in rounds) for role in rounds[0][1]}
    ours = sum(used for role, used in by_role.items() if role in OURS)
    return {
        role: round(1000 * used / pods, 2) for role, used in {**by_role, "podgate": ours}.items()
    }


if __name__ == "__main__":
    main()
