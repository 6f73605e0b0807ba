"""StatefulSets keep their order, DaemonSets cover every node."""

from typing import Any

from sandbox.kubernetes.controllers.history import HASH
from sandbox.kubernetes.demo.manifests import App, daemonset, statefulset
from sandbox.kubernetes.kinds import Object
from tests.sandbox.controllers.live import WEB, Live, condition

AGENT = App("agent", "shop/agent:1", (("http", 19200),), host_network=True, drain_seconds=0)


def names(live: Live) -> list[str]:
    return [pod["metadata"]["name"] for pod in live.pods()]


def image(pod: Object) -> str:
    return str(pod["spec"]["containers"][0]["image"])


def stateful(live: Live, app: App = WEB, **spec: Any) -> None:
    manifest = statefulset(app, "shop")
    manifest["spec"] |= spec
    live.create("StatefulSet", manifest)


def set_image(live: Live, kind: str, name: str, value: str) -> None:
    def write(obj: Object) -> None:
        obj["spec"]["template"]["spec"]["containers"][0]["image"] = value

    live.change(kind, name, write)


async def test_ordered_pods_wait_for_the_one_before(live: Live) -> None:
    stateful(live, App(**{**WEB.__dict__, "gated": True}))
    (first,) = await live.running_pods(1)
    await live.settled()
    assert names(live) == ["web-0"]
    live.gate(first, "True")
    await live.until(lambda: names(live) == ["web-0", "web-1"])
    labels = live.get("Pod", "web-1")["metadata"]["labels"]
    assert labels["statefulset.kubernetes.io/pod-name"] == "web-1"


async def test_parallel_pods_do_not_wait(live: Live) -> None:
    stateful(live, App(**{**WEB.__dict__, "gated": True}), podManagementPolicy="Parallel")
    await live.until(lambda: names(live) == ["web-0", "web-1", "web-2"])


async def test_scaling_down_takes_the_highest_ordinal_first(live: Live) -> None:
    stateful(live)
    await live.ready_pods(3)
    live.change("StatefulSet", "web", lambda s: s["spec"].update(replicas=1))
    await live.until(lambda: names(live) == ["web-0"])
    said = sorted(live.said("SuccessfulDelete"))
    assert said == [f"delete Pod web-{n} in StatefulSet web successful" for n in (1, 2)]


async def test_an_update_stops_at_the_partition(live: Live) -> None:
    strategy = {"type": "RollingUpdate", "rollingUpdate": {"partition": 2}}
    stateful(live, updateStrategy=strategy)
    await live.ready_pods(3)
    set_image(live, "StatefulSet", "web", "shop/web:2")
    await live.until(
        lambda: (p := live.find("Pod", "web-2")) is not None and image(p) == "shop/web:2"
    )
    await live.ready_pods(3)
    await live.settled()
    assert [image(pod) for pod in live.pods()] == ["shop/web:1", "shop/web:1", "shop/web:2"]
    live.delete("Pod", "web-0")
    uid = live.get("Pod", "web-0")["metadata"]["uid"]
    await live.until(
        lambda: (p := live.find("Pod", "web-0")) is not None and p["metadata"]["uid"] != uid
    )
    assert image(live.get("Pod", "web-0")) == "shop/web:1"
    live.change(
        "StatefulSet",
        "web",
        lambda s: s["spec"]["updateStrategy"]["rollingUpdate"].update(partition=0),
    )
    await live.until(lambda: [image(pod) for pod in live.pods()] == ["shop/web:2"] * 3)
    await live.ready_pods(3)
    await live.until(
        lambda: (
            (s := live.get("StatefulSet", "web")["status"])
            and s["currentRevision"] == s["updateRevision"]
            and s["currentReplicas"] == 3
        )
    )


async def test_on_delete_waits_for_somebody_to_delete(live: Live) -> None:
    stateful(live, updateStrategy={"type": "OnDelete"})
    await live.ready_pods(3)
    set_image(live, "StatefulSet", "web", "shop/web:2")
    await live.settled()
    assert {image(pod) for pod in live.pods()} == {"shop/web:1"}
    live.delete("Pod", "web-1")
    await live.until(lambda: [image(p) for p in live.pods()][1:2] == ["shop/web:2"])


async def test_every_template_is_a_controller_revision_to_go_back_to(live: Live) -> None:
    stateful(live)
    await live.ready_pods(3)
    set_image(live, "StatefulSet", "web", "shop/web:2")
    await live.until(lambda: len(live.all("ControllerRevision")) == 2)
    set_image(live, "StatefulSet", "web", "shop/web:1")
    await live.until(
        lambda: sorted(r["revision"] for r in live.all("ControllerRevision")) == [2, 3]
    )
    data = live.all("ControllerRevision")[0]["data"]["spec"]["template"]
    assert data["$patch"] == "replace"


async def test_a_daemon_runs_on_every_node_also_on_a_new_and_a_cordoned_one(live: Live) -> None:
    live.create("DaemonSet", daemonset(AGENT, "shop"))
    await live.ready_pods(3, "agent")
    extra = live.spare_node()
    extra["spec"]["unschedulable"] = True
    live.create("Node", extra)
    pods = await live.ready_pods(4, "agent")
    assert len({pod["spec"]["nodeName"] for pod in pods}) == 4
    await live.until(lambda: live.get("DaemonSet", "agent")["status"].get("numberAvailable") == 4)


async def test_daemons_are_renewed_one_node_at_a_time(live: Live) -> None:
    live.create("DaemonSet", daemonset(AGENT, "shop"))
    await live.ready_pods(3, "agent")
    await live.until(lambda: live.get("DaemonSet", "agent")["status"].get("numberAvailable") == 3)
    set_image(live, "DaemonSet", "agent", "shop/agent:2")
    fewest = 3

    def done() -> bool:
        nonlocal fewest
        pods = live.pods("agent")
        fewest = min(fewest, sum(condition(pod, "Ready") == "True" for pod in pods))
        return [image(pod) for pod in pods] == ["shop/agent:2"] * 3

    await live.until(done)
    assert fewest == 2
    hashes = {pod["metadata"]["labels"][HASH] for pod in live.pods("agent")}
    assert len(hashes) == 1
