"""What a kubelet does with one Pod: start, listen, probe, gate, end."""

import asyncio
import json
from pathlib import Path

from sandbox.kubernetes.demo.manifests import GATE, App, template
from sandbox.kubernetes.kinds import Object
from tests.sandbox.controllers.live import WEB, Live, condition, conditions, http, ip, why
from tests.wait import PATIENCE

OTHER = App("other", "shop/other:1", (("http", 8090),), drain_seconds=0)


def pod(name: str, app: App = WEB, **annotations: str) -> Object:
    made = template(app)
    said = {f"sandbox.podgate.dev/{key.replace('_', '-')}": v for key, v in annotations.items()}
    metadata = {**made["metadata"], "name": name, "namespace": "shop", "annotations": said}
    return {"metadata": metadata, "spec": made["spec"]}


def gated(app: App = WEB) -> App:
    return App(**{**app.__dict__, "gated": True})


async def running(live: Live, name: str) -> Object:
    return (
        await live.until(
            lambda: (p := live.get("Pod", name)) and condition(p, "ContainersReady") == "True" and p
        )
        or {}
    )


async def test_a_pod_answers_on_its_own_address_with_its_name_and_the_callers_address(
    live: Live,
) -> None:
    live.create("Pod", pod("one"))
    found = await running(live, "one")
    source = live.lock.net.ip("0.77")
    answer = await http(ip(found), 8080, source=source)
    assert answer["pod"] == "one"
    assert answer["ip"] == ip(found)
    assert answer["client"] == source


async def test_a_pod_has_its_address_as_long_as_it_is_there_whether_it_listens_or_not(
    live: Live,
) -> None:
    live.create("Pod", pod("one", readiness="pass", refuse_connections="true"))
    address = ip(await running(live, "one"))
    assert is_held(address)
    live.delete("Pod", "one")
    await live.until(lambda: live.find("Pod", "one") is None)
    assert not is_held(address)


def is_held(address: str) -> bool:
    """As the other half sees it: by the sockets that are bound to it."""
    number = bytes(map(int, address.split(".")))[::-1].hex().upper()
    return any(f" {number}:" in line for line in Path("/proc/net/udp").read_text().splitlines())


async def test_a_udp_port_echoes_the_same(live: Live) -> None:
    app = App("dns", "shop/dns:1", (("dns", 5353, "UDP"),), drain_seconds=0)
    live.create("Pod", pod("one", app))
    found = await running(live, "one")
    heard: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    class Ear(asyncio.DatagramProtocol):
        def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
            heard.set_result(data)

    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        Ear, remote_addr=(ip(found), 5353)
    )
    transport.sendto(b"hello")
    said = json.loads(await asyncio.wait_for(heard, PATIENCE))
    transport.close()
    assert said["pod"] == "one"
    assert said["client"].startswith("127.")


async def test_a_pod_without_gates_is_ready_when_its_containers_are(live: Live) -> None:
    live.create("Pod", pod("one"))
    found = await running(live, "one")
    assert condition(found, "Ready") == "True"
    assert found["status"]["phase"] == "Running"
    assert {"Scheduled", "Pulled", "Created", "Started"} <= live.reasons()


async def test_a_pod_whose_gate_condition_is_absent_is_not_ready(live: Live) -> None:
    live.create("Pod", pod("one", gated()))
    found = await running(live, "one")
    assert condition(found, "Ready") == "False"
    assert why(found, "Ready") == (
        "ReadinessGatesNotReady",
        f'corresponding condition of pod readiness gate "{GATE}" does not exist.',
    )


async def test_a_pod_whose_gate_is_false_is_not_ready_and_becomes_ready_with_it(
    live: Live,
) -> None:
    live.create("Pod", pod("one", gated()))
    found = await running(live, "one")
    live.gate(found, "False")
    expected = f'the status of pod readiness gate "{GATE}" is not "True", but False'
    await live.until(lambda: why(live.get("Pod", "one"), "Ready")[1] == expected)
    live.gate(found, "True")
    await live.until(lambda: condition(live.get("Pod", "one"), "Ready") == "True")


async def test_the_kubelet_never_touches_a_condition_of_others(live: Live) -> None:
    live.create("Pod", pod("one", gated()))
    found = await running(live, "one")
    live.gate(found, "False", "example.com/mine")
    live.annotate(found, readiness="fail")
    await live.until(lambda: condition(live.get("Pod", "one"), "ContainersReady") == "False")
    kept = [c for c in conditions(live.get("Pod", "one")) if c["type"] == "example.com/mine"]
    assert kept == [{"type": "example.com/mine", "status": "False", "reason": "Test"}]
    assert condition(live.get("Pod", "one"), GATE) == ""


async def test_a_failing_readiness_probe_makes_the_pod_unready_and_is_an_event(
    live: Live,
) -> None:
    live.create("Pod", pod("one"))
    found = await running(live, "one")
    live.annotate(found, fail_health="true")
    await live.until(lambda: condition(live.get("Pod", "one"), "Ready") == "False")
    assert why(live.get("Pod", "one"), "Ready") == (
        "ContainersNotReady",
        "containers with unready status: [web]",
    )
    assert live.said("Unhealthy") == [
        "Readiness probe failed: HTTP probe failed with statuscode: 503"
    ]
    live.annotate(found, fail_health="false")
    await live.until(lambda: condition(live.get("Pod", "one"), "Ready") == "True")


async def test_a_pod_may_be_dead_for_others_and_ready_for_its_kubelet(live: Live) -> None:
    live.create("Pod", pod("one"))
    found = await running(live, "one")
    live.annotate(found, readiness="pass", refuse_connections="true")
    await answers(ip(found), None)
    await live.settled()
    assert condition(live.get("Pod", "one"), "Ready") == "True"
    assert await answer(ip(found)) is None
    live.annotate(found, refuse_connections="false")
    await answers(ip(found), "one")


async def answer(address: str) -> str | None:
    """The name of the Pod that answers there; None: it is refused."""
    try:
        return str((await http(address, 8080))["pod"])
    except ConnectionRefusedError:
        return None
    except ConnectionResetError:
        return "which closes this very moment"


async def answers(address: str, name: str | None) -> None:
    async with asyncio.timeout(PATIENCE):
        while await answer(address) != name:
            await asyncio.sleep(0.01)


async def test_a_pod_that_warms_up_is_ready_only_after_that(live: Live) -> None:
    live.create("Pod", pod("one", ready_after="30"))
    await live.until(lambda: "Started" in live.reasons())
    assert condition(live.get("Pod", "one"), "ContainersReady") == "False"
    await running(live, "one")


async def test_a_crashing_container_is_restarted_with_growing_back_off(live: Live) -> None:
    live.create("Pod", pod("one", crash_after="2", crash_times="2"))

    def container() -> Object:
        status = live.get("Pod", "one").get("status") or {}
        return next(iter(status.get("containerStatuses") or ()), {})

    await live.until(lambda: container().get("restartCount") == 2)
    status = container()
    assert status["state"]["waiting"]["reason"] == "CrashLoopBackOff"
    assert status["lastState"]["terminated"]["exitCode"] == 1
    assert "back-off 10s restarting failed container=web" in status["state"]["waiting"]["message"]
    await running(live, "one")


async def test_a_container_that_ends_well_and_is_not_restarted_completes_the_pod(
    live: Live,
) -> None:
    manifest = pod("one", crash_after="1", exit_code="0")
    manifest["spec"] = {**manifest["spec"], "restartPolicy": "Never"}
    live.create("Pod", manifest)
    await live.until(lambda: live.get("Pod", "one").get("status", {}).get("phase") == "Succeeded")
    assert why(live.get("Pod", "one"), "Ready")[0] == "PodCompleted"


async def test_a_port_in_use_is_the_pods_own_event(live: Live) -> None:
    live.create("Pod", pod("one"))
    address = ip(await running(live, "one"))
    taken = await asyncio.start_server(lambda r, w: None, address, 8090)
    live.delete("Pod", "one")
    await live.until(lambda: live.find("Pod", "one") is None)
    live.create("Pod", pod("two", OTHER, ip=address))
    await live.until(lambda: "Failed" in live.reasons())
    taken.close()
    await taken.wait_closed()
    refused = f"listen tcp {address}:8090: bind: address already in use"
    assert live.said("Failed") == [f"Error: container other: {refused}"]


async def test_an_address_is_reused_at_once_where_that_is_asked_for(live: Live) -> None:
    live.create("Pod", pod("one"))
    first = ip(await running(live, "one"))
    live.delete("Pod", "one")
    await live.until(lambda: live.find("Pod", "one") is None)
    live.create("Pod", pod("two", reuse_ip="true"))
    second = await running(live, "two")
    assert ip(second) == first
    assert (await http(first, 8080))["pod"] == "two"


async def test_an_address_is_not_reused_while_fresh_ones_are_left(live: Live) -> None:
    live.create("Pod", pod("one"))
    first = ip(await running(live, "one"))
    live.delete("Pod", "one")
    await live.until(lambda: live.find("Pod", "one") is None)
    live.create("Pod", pod("two"))
    assert ip(await running(live, "two")) != first


async def test_a_host_network_pod_has_the_address_of_its_node(live: Live) -> None:
    app = App("agent", "shop/agent:1", (("http", 19100),), host_network=True, drain_seconds=0)
    live.create("Pod", pod("one", app))
    found = await running(live, "one")
    assert ip(found) == found["status"]["hostIP"] == found["spec"]["nodeName"]


async def test_no_room_for_an_eni_address_keeps_a_pod_pending_and_says_so(live: Live) -> None:
    app = App(**{**WEB.__dict__, "eni": True})
    manifest = pod("one", app)
    manifest["spec"]["containers"][0]["resources"]["requests"]["tke.cloud.tencent.com/eni-ip"] = (
        "500"
    )
    live.create("Pod", manifest)
    message = (
        "0/3 nodes are available: 3 Insufficient tke.cloud.tencent.com/eni-ip. preemption: "
        "0/3 nodes are available: 3 No preemption victims found for incoming pod."
    )
    await live.until(lambda: live.said("FailedScheduling") == [message])
    assert why(live.get("Pod", "one"), "PodScheduled") == ("Unschedulable", message)
    live.delete("Pod", "one")
    await live.until(lambda: live.find("Pod", "one") is None)


async def test_after_the_sandbox_was_restarted_containers_run_again_at_the_same_address(
    live: Live,
) -> None:
    live.create("Pod", pod("one"))
    before = await running(live, "one")
    await live.stop()
    await live.start()
    await live.until(
        lambda: live.get("Pod", "one")["status"]["containerStatuses"][0]["restartCount"] == 1
    )
    after = await running(live, "one")
    assert ip(after) == ip(before)
    assert (await http(ip(after), 8080))["pod"] == "one"


async def test_an_answer_slower_than_the_probe_allows_is_a_failure(live: Live) -> None:
    live.create("Pod", pod("one"))
    found = await running(live, "one")
    live.annotate(found, response_seconds="1.5")
    await live.until(lambda: condition(live.get("Pod", "one"), "Ready") == "False")
    assert live.said("Unhealthy") == ["Readiness probe failed: context deadline exceeded"]
