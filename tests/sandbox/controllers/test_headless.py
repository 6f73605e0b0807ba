"""The kubelet without sockets: the same objects, for thousands of Pods."""

import pytest

from sandbox.kubernetes.demo import bulk
from sandbox.kubernetes.demo.manifests import App
from sandbox.kubernetes.kinds import KINDS
from tests.sandbox.controllers.live import WEB, Live, condition, ip, why

pytestmark = pytest.mark.parametrize("live", ["headless"], indirect=True)


async def test_pods_run_without_listening(live: Live) -> None:
    live.deploy()
    pods = await live.ready_pods(3)
    assert len({ip(pod) for pod in pods}) == 3
    assert all(pod["status"]["phase"] == "Running" for pod in pods)


async def test_gates_count_as_they_do_with_sockets(live: Live) -> None:
    live.deploy(App(**{**WEB.__dict__, "gated": True, "replicas": 1}))
    (pod,) = await live.running_pods(1)
    assert why(pod, "Ready")[0] == "ReadinessGatesNotReady"
    live.gate(pod, "True")
    await live.ready_pods(1)


async def test_deleted_pods_go_and_are_replaced(live: Live) -> None:
    live.deploy()
    gone = (await live.ready_pods(3))[0]["metadata"]["name"]
    live.delete("Pod", gone)
    await live.until(lambda: live.find("Pod", gone) is None)
    await live.ready_pods(3)


async def test_a_thousand_pods_are_there_in_seconds(live: Live) -> None:
    bulk.seed(live.store, 1000)
    await live.until(
        lambda: (
            sum(condition(pod, "Ready") == "True" for pod in live.store.list(KINDS["Pod"], "bulk"))
            == 1000
        )
    )
