"""`python -m bench.rollouts`: requests lost while Pods come and go, and in two control runs.

Open loop, a new connection each, through the VIP of the emulated CLB's data plane to Pods that
listen. The Pod template has no gate: the webhook adds it. The control runs must lose: one whose API
server nobody told of the webhook (Pods without a gate), one without a preStop hook.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

from bench import report
from bench.fleet import Fleet, until
from bench.shop import Shop
from bench.stack import running
from bench.traffic import Traffic

SCALE = float(os.environ.get("BENCH_SCALE", "0.25"))
RATE = float(os.environ.get("BENCH_RATE", "100"))
ROLLOUTS, OTHERS = int(os.environ.get("BENCH_ROLLOUTS", "20")), 5
REPLICAS, PRE_STOP = 4, 10


def main() -> None:
    with stack() as one:
        with_all, seconds = whole_run(Shop(one, "whole", REPLICAS, PRE_STOP))
        results = {
            "gate and drain": figures(with_all)
            | {"rollouts": ROLLOUTS, "scale-downs": OTHERS, "deletions": OTHERS}
            | {"rollout s": [round(each, 1) for each in seconds]},
            "no drain": figures(one_rollout(Shop(one, "no-drain", REPLICAS, 0))),
        }
    with stack(PODGATE_WEBHOOK_ADDRESS="") as one:
        shop = Shop(one, "no-gate", REPLICAS, PRE_STOP, has_webhook=False)
        results["no gate"] = figures(one_rollout(shop))
        assert shop.gated() == 0
    report.write("rollouts", settings=SETTINGS, results=results)
    lost = {name: found["lost"] for name, found in results.items()}
    if lost["gate and drain"] or not lost["no drain"] or not lost["no gate"]:
        sys.exit(f"not as it should be: {lost}")


SETTINGS: dict[str, Any] = {
    "requests a second": RATE,
    "Pods": REPLICAS,
    "time scale": SCALE,
    "health check": "5 s x 3 (default)",
    "preStop s": PRE_STOP,
    "strategy": f"maxSurge {REPLICAS}, maxUnavailable 0",
    "seconds": "health check and preStop in the sandbox's; all others real",
}


@contextmanager
def stack(**settings: str) -> Iterator[Fleet]:
    with (
        running(PODGATE_SANDBOX_TIME_SCALE=str(SCALE), **settings) as product,
        closing(Fleet(product)) as one,
    ):
        yield one


def whole_run(shop: Shop) -> tuple[Traffic, list[float]]:
    """Rollouts, scale-downs and deletions, one after the other, under one stream of requests."""
    shop.open()
    seconds = []

    def act() -> None:
        for _ in range(ROLLOUTS):
            seconds.append(shop.roll())
            assert shop.gated() == REPLICAS, "the webhook missed a Pod"
        for _ in range(OTHERS):
            shop.scale(REPLICAS - 2)
            shop.scale(REPLICAS)
            shop.delete_a_pod()

    return shop.under(RATE, act), seconds


def one_rollout(shop: Shop) -> Traffic:
    shop.open()
    return shop.under(RATE, shop.roll)


def figures(traffic: Traffic) -> dict[str, Any]:
    until(lambda: traffic.sent == traffic.ok + traffic.lost_count, seconds=10)
    return traffic.figures()


if __name__ == "__main__":
    main()
