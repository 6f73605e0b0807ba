"""`python -m bench.killed_worker`: kill -9 the worker in the middle of a binding.

Each round has a Service of its own and kills at another moment. The supervisor starts the worker
again; what counts is when the binding goes on, what was done twice, and what was lost.
"""

import os
import signal
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from bench import report
from bench.fleet import SETTINGS, Fleet, fleet, named, until

PODS = int(os.environ.get("BENCH_FEW", "200"))


def main() -> None:
    with fleet() as one:
        rounds = {
            f"killed {moment}": killed(one, f"killed{number}", has_come)
            for number, (moment, has_come) in enumerate(MOMENTS.items())
        }
    report.write(
        "killed_worker", settings=SETTINGS | {"Pods of each Service": PODS}, results=rounds
    )


def killed(one: Fleet, into: str, has_come: Callable[[Fleet, float], Any]) -> dict[str, Any]:
    (name,) = one.pods(PODS, per_deployment=PODS, into=into)
    worker = one.product.pid("celery")
    started = time.time()
    uid = one.service(name, name, into=into)
    until(lambda: has_come(one, started), every=0.02)
    os.kill(worker, signal.SIGKILL)
    at = time.time()
    until(lambda: one.ready([name], into=into) == PODS)
    lb = one.load_balancers()[-1]["LoadBalancerId"]
    calls = one.cloud_calls(started)
    # By its tag as long as nobody knows its id.
    about = [
        call
        for call in calls
        if call["time"] > at and any(word in str(call["params"]) for word in (lb, uid))
    ]
    targets = Counter(
        target["EniIp"]
        for call in named(calls, "BatchRegisterTargets")
        for target in call["params"]["Targets"]
    )
    return {
        "resumed after seconds": round(about[0]["time"] - at, 2),
        "all Pods Ready after seconds": round(time.time() - at, 2),
        "write calls": dict(Counter(call["action"] for call in calls if call["write"])),
        "targets registered twice": sum(times > 1 for times in targets.values()),
        "Pods lost": PODS - len(targets),
        "load balancers made": len(named(calls, "CreateLoadBalancer")),
    }


def was_called(action: str) -> Callable[[Fleet, float], bool]:
    def has_come(one: Fleet, since: float) -> bool:
        return bool(named(one.cloud_calls(since), action))

    return has_come


def is_registering(one: Fleet, since: float) -> bool:
    """The call is under way: the listener has just been made and the batch takes 0.4 s."""
    if not named(one.cloud_calls(since), "DescribeTargets"):
        return False
    time.sleep(0.15)
    return True


MOMENTS: dict[str, Callable[[Fleet, float], Any]] = {
    "when the load balancer was asked for": was_called("CreateLoadBalancer"),
    "when the listener was asked for": was_called("CreateListener"),
    "while the batch was being registered": is_registering,
    "when the batch was registered": was_called("BatchRegisterTargets"),
    "at the first look at health": was_called("DescribeTargetHealth"),
}


if __name__ == "__main__":
    main()
