"""`python -m bench.bind`: how many write calls a binding takes, and how long 10,000 Pods take.

The 10,000 appear at one moment: twenty Services have their load balancers already and are given,
within a second, the selectors of 500 running Pods each.
"""

import os
import time
from typing import Any

from bench import report
from bench.fleet import SETTINGS, Fleet, ended, fleet, named, rejected, until

FEW = int(os.environ.get("BENCH_FEW", "200"))
MANY = int(os.environ.get("BENCH_MANY", "10000"))
LOAD_BALANCERS = int(os.environ.get("BENCH_LOAD_BALANCERS", "20"))
PER_CALL, CALLS_PER_SECOND, BATCH_SECONDS = 500, 20, 0.4
REGISTER = "BatchRegisterTargets"


def main() -> None:
    with fleet() as one:
        few = bind_few(one)
    with fleet() as one:
        many = bind_many(one)
    report.write(
        "bind",
        settings=SETTINGS | {"T_batch": BATCH_SECONDS, "Pods": [FEW, MANY]},
        results={f"{FEW} Pods, one CLB": few, f"{MANY} Pods, {LOAD_BALANCERS} CLBs": many},
    )


def bind_few(one: Fleet) -> dict[str, Any]:
    names = one.pods(FEW)
    started = time.time()
    one.service("few", names[0])
    until(lambda: one.ready(names) == FEW)
    calls = one.cloud_calls(started)
    writes = [call for call in calls if call["write"]]
    registered = named(calls, REGISTER)
    return {
        "registering write calls": len(registered),
        "all write calls": {a: len(named(writes, a)) for a in {w["action"] for w in writes}},
        "targets": sum(len(call["params"]["Targets"]) for call in registered),
        "rejected by the 20/s limiter": rejected(calls),
        "seconds from Service to all Pods Ready": round(time.time() - started, 1),
    }


def bind_many(one: Fleet) -> dict[str, Any]:
    per_lb = MANY // LOAD_BALANCERS
    one.world.control("tencent", "POST", "quota", {"TOTAL_TARGET_BIND_QUOTA": per_lb})
    names = one.pods(MANY, per_deployment=per_lb)
    for name in names:
        one.service(name, "nobody")
    until(lambda: sum(len(lb["Listeners"]) for lb in one.load_balancers()) == len(names), every=1)
    quiet(one)
    started, cpu = time.time(), one.cpu()
    for name in names:
        one.select(name, name)
    until(lambda: bound(one) >= MANY, every=0.25)
    used = {role: round(spent - cpu.get(role, 0), 2) for role, spent in one.cpu().items()}
    return figures(one, started, used)


def bound(one: Fleet) -> int:
    """From the log of calls, which costs the emulator less than showing its targets."""
    answered = [call for call in named(one.cloud_calls(), REGISTER) if not call["code"]]
    return sum(len(call["params"]["Targets"]) for call in answered)


def quiet(one: Fleet) -> None:
    """Until the product has seen and stored everything and only looks now and then."""

    def is_quiet() -> bool:
        before = one.cpu()
        time.sleep(3)
        after = one.cpu()
        return sum(after[r] - before.get(r, 0) for r in ("worker", "watcher")) < 0.6

    until(is_quiet, every=0.1)


def figures(one: Fleet, started: float, used: dict[str, float]) -> dict[str, Any]:
    calls, asked = one.cloud_calls(started), one.cluster_calls(started)
    registered = named(calls, REGISTER)
    took = max(map(ended, registered)) - started
    limit = physical_limit(MANY, LOAD_BALANCERS)
    lists = [c for c in asked if c["verb"] == "list" and c["resource"] == "pods"]
    emulator = sum(call["took"] for call in lists) + sum(
        max(0.0, call["took"] - BATCH_SECONDS) for call in registered
    )
    return {
        "registering write calls": len(registered),
        "targets": sum(len(call["params"]["Targets"]) for call in registered),
        "rejected by the 20/s limiter": rejected(calls),
        "most calls of one action within a second": busiest(calls),
        "first registration asked after": round(min(c["time"] for c in registered) - started, 2),
        "seconds": round(took, 2),
        "physical limit": limit,
        "emulator's own seconds (Pod lists, registrations beyond T_batch)": round(emulator, 2),
        "seconds without the emulator": round(took - emulator, 2),
        "ratio": round(took / limit, 2),
        "ratio without the emulator": round((took - emulator) / limit, 2),
        "CPU seconds meanwhile": used,
    }


def physical_limit(pods: int, load_balancers: int) -> float:
    """The API's frequency over all load balancers, or the serial batches of one of them."""
    each = -(-pods // load_balancers)
    calls = load_balancers * -(-each // PER_CALL)
    return float(max(calls / CALLS_PER_SECOND, -(-each // PER_CALL) * BATCH_SECONDS))


def busiest(calls: list[dict[str, Any]]) -> int:
    times: dict[str, list[float]] = {}
    for call in calls:
        times.setdefault(call["action"], []).append(call["time"])
    return max(
        sum(0 <= other - moment < 1 for other in each) for each in times.values() for moment in each
    )


if __name__ == "__main__":
    main()
