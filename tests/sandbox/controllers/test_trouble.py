"""Images that cannot be pulled, nodes that go silent, and budgets, each after Kubernetes' rule."""

import pytest

from sandbox.kubernetes.kinds import KINDS, Object
from sandbox.kubernetes.kubelet.images import qualified, trouble
from tests.sandbox.controllers.live import Live, condition, http, ip, why

MISSING = (
    'rpc error: code = NotFound desc = failed to pull and unpack image "docker.io/shop/web:missing"'
    ': failed to resolve reference "docker.io/shop/web:missing": docker.io/shop/web:missing: not '
    "found"
)


def waiting(pod: Object) -> tuple[str, str]:
    statuses = (pod.get("status") or {}).get("containerStatuses") or [{}]
    said = statuses[0].get("state", {}).get("waiting") or {}
    return said.get("reason", ""), said.get("message", "")


@pytest.mark.parametrize(
    ("image", "told", "reason", "words"),
    [
        ("shop/web:1", "", "", ""),
        ("shop/web:missing", "", "ErrImagePull", MISSING),
        ("shop/web:1", "denied", "ErrImagePull", "pull access denied, repository does not exist"),
        ("shop/Web:1", "", "InvalidImageName", "repository name must be lowercase"),
    ],
)
def test_containerd_says_why_an_image_cannot_be_had(
    image: str, told: str, reason: str, words: str
) -> None:
    found = trouble(image, told) or ("", "")
    assert found[0] == reason
    assert words in found[1]


def test_an_image_has_a_registry_and_a_tag() -> None:
    assert qualified("nginx") == "docker.io/library/nginx:latest"
    assert qualified("ccr.ccs.tencentyun.com/shop/web:2") == "ccr.ccs.tencentyun.com/shop/web:2"


async def test_a_missing_image_is_tried_again_and_again_with_a_back_off(live: Live) -> None:
    """ErrImagePull with the runtime's error, then ImagePullBackOff; it heals by itself."""
    live.create("Pod", _pod("one", image="shop/web:missing"))
    await live.until(lambda: waiting(live.get("Pod", "one")) == ("ErrImagePull", MISSING))
    backing_off = ("ImagePullBackOff", 'Back-off pulling image "shop/web:missing"')
    await live.until(lambda: waiting(live.get("Pod", "one")) == backing_off)
    assert f'Failed to pull image "shop/web:missing": {MISSING}' in live.said("Failed")
    assert "Error: ImagePullBackOff" in live.said("Failed")
    assert live.get("Pod", "one")["status"]["phase"] == "Pending"


async def test_a_pull_that_works_again_lets_the_container_start(live: Live) -> None:
    live.create("Pod", _pod("one", denied=True))
    await live.until(lambda: waiting(live.get("Pod", "one"))[0] == "ImagePullBackOff")
    live.annotate(live.get("Pod", "one"), image_pull="")
    await live.until(lambda: condition(live.get("Pod", "one"), "Ready") == "True")


async def test_a_silent_kubelet_makes_the_node_unknown_and_its_pods_unready(live: Live) -> None:
    """node-monitor-grace-period, then conditions Unknown, both taints, MarkPodsNotReady."""
    live.create("Pod", _pod("one"))
    await live.until(lambda: condition(live.get("Pod", "one"), "Ready") == "True")
    pod = live.get("Pod", "one")
    name = pod["spec"]["nodeName"]
    _set_node(live, name, "off")
    await live.until(lambda: condition(live.get("Pod", "one"), "Ready") == "False")
    assert condition(live.get("Pod", "one"), "ContainersReady") == "True"
    node = live.store.get(KINDS["Node"], None, name)
    said = ("NodeStatusUnknown", "Kubelet stopped posting node status.")
    assert why(node, "Ready") == said
    assert {t["effect"] for t in node["spec"]["taints"]} == {"NoSchedule", "NoExecute"}
    assert "Node is not ready" in live.said("NodeNotReady")
    with pytest.raises(ConnectionError):
        await http(ip(pod), 8080)
    _set_node(live, name, "")
    await live.until(lambda: condition(live.get("Pod", "one"), "Ready") == "True")
    assert (await http(ip(pod), 8080))["pod"] == "one"
    assert not live.store.get(KINDS["Node"], None, name)["spec"]["taints"]


async def test_pods_of_an_unreachable_node_go_when_their_toleration_is_over(
    live: Live, caplog: pytest.LogCaptureFixture
) -> None:
    """taint-eviction-controller; without a kubelet they stay Terminating."""
    manifest = _pod("one")
    manifest["spec"]["tolerations"] = [
        {"key": "node.kubernetes.io/unreachable", "operator": "Exists", "tolerationSeconds": 5}
    ]
    live.create("Pod", manifest)
    await live.until(lambda: condition(live.get("Pod", "one"), "Ready") == "True")
    _set_node(live, live.get("Pod", "one")["spec"]["nodeName"], "kubelet-stopped")
    await live.until(lambda: "deletionTimestamp" in live.get("Pod", "one")["metadata"])
    assert live.said("TaintManagerEviction") == ["Marking for deletion Pod shop/one"]
    await live.settled()
    assert live.find("Pod", "one") is not None
    assert not caplog.records


@pytest.mark.parametrize(
    ("rule", "desired"),
    [({"minAvailable": 2}, 2), ({"minAvailable": "50%"}, 2), ({"maxUnavailable": "10%"}, 2)],
)
async def test_a_budget_counts_what_may_go_rounding_percentages_up(
    live: Live, rule: Object, desired: int
) -> None:
    live.deploy()
    await live.ready_pods(3)
    live.create("PodDisruptionBudget", _budget(rule))

    def status() -> Object:
        found: Object = live.get("PodDisruptionBudget", "web").get("status") or {}
        return found

    await live.until(lambda: status().get("currentHealthy") == 3)
    assert status()["desiredHealthy"] == desired
    assert (status()["expectedPods"], status()["disruptionsAllowed"]) == (3, 3 - desired)
    assert condition(live.get("PodDisruptionBudget", "web"), "DisruptionAllowed") == "True"


def _pod(name: str, *, image: str = "shop/web:1", denied: bool = False) -> Object:
    annotations = {"sandbox.podgate.dev/image-pull": "denied"} if denied else {}
    return {
        "metadata": {
            "name": name,
            "namespace": "shop",
            "labels": {"app": "web"},
            "annotations": annotations,
        },
        "spec": {
            "containers": [{"name": "web", "image": image, "ports": [{"containerPort": 8080}]}]
        },
    }


def _budget(rule: Object) -> Object:
    spec = {"selector": {"matchLabels": {"app": "web"}}, **rule}
    return {"metadata": {"name": "web", "namespace": "shop"}, "spec": spec}


def _set_node(live: Live, name: str, trouble: str) -> None:
    def write(obj: Object) -> None:
        obj["metadata"].setdefault("annotations", {})["sandbox.podgate.dev/node"] = trouble

    live.store.change(KINDS["Node"], None, name, write)
