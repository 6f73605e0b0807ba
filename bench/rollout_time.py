"""`python -m bench.rollout_time`: a rollout of 200 Pods against the physical bound.

The bound is waves x (start + bind + interval x healthy threshold + 1 s of the kubelet). Bind is
what the emulated CLB itself takes to register a batch.
"""

import math
import os
import time
from typing import Any

from bench import report
from bench.fleet import NAMESPACE, OPTIONS, PORT, Fleet, fleet, named, until

PODS, SURGE = int(os.environ.get("BENCH_PODS", "200")), int(os.environ.get("BENCH_SURGE", "50"))
INTERVAL, HEALTHY = 5, 2
START, KUBELET = 1.0, 1.0
NAME = "bulk-000"
WHERE = f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments/{NAME}"


def main() -> None:
    with fleet() as one:
        prepare(one)
        since = time.time()
        started = time.monotonic()
        template = {"metadata": {"annotations": {"rolled": "1"}}}
        one.ask("PATCH", WHERE, {"spec": {"template": template}})
        until(lambda: is_rolled(one), every=0.1)
        seconds = time.monotonic() - started
        calls = one.cloud_calls(since)
    binds = named(calls, "BatchRegisterTargets")
    bind = sum(call["took"] for call in binds) / len(binds)
    waves = math.ceil(PODS / SURGE)
    bound = waves * (START + bind + INTERVAL * HEALTHY + KUBELET)
    report.write(
        "rollout_time",
        settings={
            "sandbox": OPTIONS,
            "Pods": PODS,
            "maxSurge": SURGE,
            "maxUnavailable": 0,
            "health check": f"{INTERVAL} s x {HEALTHY}",
            "waves": waves,
            "start s": START,
            "kubelet s": KUBELET,
        },
        results={
            "rollout s": round(seconds, 1),
            "physical bound s": round(bound, 1),
            "ratio": round(seconds / bound, 3),
            "bind s": round(bind, 2),
            "registering calls": len(binds),
        },
    )


def prepare(one: Fleet) -> None:
    """Gated Pods behind a Service whose check takes ten seconds, all of them Ready."""
    # As one does by ticket: a surge needs room beside the Pods that go.
    one.world.control("tencent", "POST", "quota", {"TOTAL_TARGET_BIND_QUOTA": 2 * PODS})
    one.pods(PODS, per_deployment=PODS)
    strategy = {"rollingUpdate": {"maxSurge": SURGE, "maxUnavailable": 0}}
    one.ask("PATCH", WHERE, {"spec": {"strategy": strategy}})
    check = {
        "enable": True,
        "intervalTime": INTERVAL,
        "timeout": 2,
        "healthNum": HEALTHY,
        "unHealthNum": 3,
    }
    listener = {"protocol": "TCP", "port": PORT, "healthCheck": check}
    config: dict[str, Any] = {
        "metadata": {"name": "quick"},
        "spec": {"loadBalancer": {"l4Listeners": [listener]}},
    }
    configs = f"/apis/cloud.tencent.com/v1alpha1/namespaces/{NAMESPACE}/tkeserviceconfigs"
    one.ask("POST", configs, config)
    one.service(NAME, NAME, annotations={"service.cloud.tencent.com/tke-service-config": "quick"})
    until(lambda: is_rolled(one))
    time.sleep(5)


def is_rolled(one: Fleet) -> bool:
    found = one.ask("GET", WHERE)
    status = found.get("status") or {}
    counts = {status.get(f"{word}Replicas", 0) for word in ("updated", "ready", "available")}
    return bool(
        status.get("observedGeneration") == found["metadata"]["generation"]
        and counts == {PODS} == {status.get("replicas", 0)}
    )


if __name__ == "__main__":
    main()
