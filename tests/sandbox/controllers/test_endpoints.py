"""EndpointSlices and Endpoints of Services."""

from sandbox.kubernetes.demo.manifests import App, cluster_ip
from sandbox.kubernetes.kinds import Object
from tests.sandbox.controllers.live import WEB, Live, condition, ip


def endpoints(live: Live) -> list[Object]:
    return [each for one in live.all("EndpointSlice") for each in one.get("endpoints") or ()]


async def test_ready_pods_are_ready_endpoints_with_the_port_their_name_stands_for(
    live: Live,
) -> None:
    live.create("Service", cluster_ip("web", "shop", {80: "http"}))
    live.deploy()
    pods = await live.ready_pods(3)
    await live.until(lambda: sum(e["conditions"]["ready"] for e in endpoints(live)) == 3)
    (found,) = live.all("EndpointSlice")
    assert found["ports"] == [{"name": "tcp-http-80", "port": 8080, "protocol": "TCP"}]
    assert found["metadata"]["labels"]["kubernetes.io/service-name"] == "web"
    assert {each["addresses"][0] for each in found["endpoints"]} == {ip(pod) for pod in pods}
    assert endpoints(live)[0]["targetRef"]["kind"] == "Pod"


async def test_a_gated_pod_waits_among_the_not_ready_addresses(live: Live) -> None:
    live.create("Service", cluster_ip("web", "shop", {80: "http"}))
    live.deploy(App(**{**WEB.__dict__, "gated": True, "replicas": 1}))
    (pod,) = await live.running_pods(1)
    await live.until(lambda: live.get("Endpoints", "web").get("subsets"))
    (subset,) = live.get("Endpoints", "web")["subsets"]
    assert [a["ip"] for a in subset["notReadyAddresses"]] == [ip(pod)]
    assert endpoints(live)[0]["conditions"] == {
        "ready": False,
        "serving": False,
        "terminating": False,
    }
    live.gate(pod, "True")
    await live.until(lambda: endpoints(live)[0]["conditions"]["ready"])


async def test_a_service_may_publish_addresses_that_are_not_ready(live: Live) -> None:
    service = cluster_ip("web", "shop", {80: "http"})
    service["spec"]["publishNotReadyAddresses"] = True
    live.create("Service", service)
    live.deploy(App(**{**WEB.__dict__, "gated": True, "replicas": 1}))
    await live.running_pods(1)
    await live.until(lambda: endpoints(live) and endpoints(live)[0]["conditions"]["ready"])


async def test_a_changed_selector_changes_the_endpoints(live: Live) -> None:
    live.create("Service", cluster_ip("web", "shop", {80: "http"}))
    live.deploy()
    await live.ready_pods(3)
    await live.until(lambda: len(endpoints(live)) == 3)
    live.change("Service", "web", lambda s: s["spec"].update(selector={"app": "nobody"}))
    await live.until(lambda: endpoints(live) == [])


async def test_a_slice_removed_by_hand_comes_back(live: Live) -> None:
    live.create("Service", cluster_ip("web", "shop", {80: "http"}))
    live.deploy()
    await live.ready_pods(3)
    await live.until(lambda: len(endpoints(live)) == 3)
    live.delete("EndpointSlice", live.all("EndpointSlice")[0]["metadata"]["name"])
    await live.until(lambda: len(endpoints(live)) == 3)


async def test_with_the_service_its_endpoints_go(live: Live) -> None:
    live.create("Service", cluster_ip("web", "shop", {80: "http"}))
    live.deploy()
    await live.until(lambda: live.find("Endpoints", "web") is not None)
    live.delete("Service", "web")
    await live.until(lambda: not live.all("EndpointSlice") and not live.find("Endpoints", "web"))


async def test_readiness_lost_is_seen_by_the_endpoints(live: Live) -> None:
    live.create("Service", cluster_ip("web", "shop", {80: "http"}))
    live.deploy(App(**{**WEB.__dict__, "replicas": 1}))
    (pod,) = await live.ready_pods(1)
    live.annotate(pod, readiness="fail")
    await live.until(
        lambda: condition(live.get("Pod", pod["metadata"]["name"]), "Ready") == "False"
    )
    await live.until(lambda: not endpoints(live)[0]["conditions"]["ready"])
