"""How a Pod ends: preStop, SIGTERM, in-flight requests, grace, and what endpoints say meanwhile."""

import asyncio
from typing import Any

import pytest

from sandbox.kubernetes.demo.manifests import App, cluster_ip
from sandbox.kubernetes.kinds import KINDS, Object
from tests.sandbox.controllers.live import WEB, Live, condition, http, ip
from tests.sandbox.controllers.test_pods import pod, running
from tests.wait import PATIENCE

# Two real seconds: longer than a busy machine takes to look at it.
DRAINING = App(**{**WEB.__dict__, "drain_seconds": 100})


def endpoint(live: Live) -> Object:
    """The only endpoint's conditions; empty when there is none."""
    slices = live.all("EndpointSlice")
    endpoints = [each for one in slices for each in one.get("endpoints") or ()]
    return endpoints[0]["conditions"] if endpoints else {}


async def test_during_pre_stop_the_pod_serves_but_its_endpoint_is_terminating_at_once(
    live: Live,
) -> None:
    live.create("Service", cluster_ip("web", "shop", {80: "http"}))
    live.create("Pod", pod("one", DRAINING))
    found = await running(live, "one")
    await live.until(lambda: endpoint(live).get("ready"))
    live.delete("Pod", "one")
    await live.until(lambda: not endpoint(live)["ready"])
    assert endpoint(live) == {"ready": False, "serving": True, "terminating": True}
    assert live.get("Endpoints", "web")["subsets"] == []
    assert (await http(ip(found), 8080))["pod"] == "one"
    assert condition(live.get("Pod", "one"), "Ready") == "True"
    await live.until(lambda: live.find("Pod", "one") is None)
    await live.until(lambda: endpoint(live) == {})
    with pytest.raises(ConnectionRefusedError):
        await http(ip(found), 8080)
    assert live.said("Killing") == ["Stopping container web"]


async def in_flight(address: str, *, seconds: int) -> "asyncio.Task[Any]":
    """A request that has arrived: so many turns of the loop are the Pod's too, which is in it."""
    asked = asyncio.create_task(http(address, 8080, f"/?seconds={seconds}"))
    for _ in range(100):
        await asyncio.sleep(0)
    return asked


async def test_a_request_in_flight_at_sigterm_is_answered(live: Live) -> None:
    live.create("Pod", pod("one"))
    address = ip(await running(live, "one"))
    slow = await in_flight(address, seconds=20)
    live.delete("Pod", "one")
    assert (await slow)["pod"] == "one"
    await live.until(lambda: live.find("Pod", "one") is None)


async def test_a_process_that_cuts_its_connections_can_be_had(live: Live) -> None:
    live.create("Pod", pod("one", drain="false"))
    address = ip(await running(live, "one"))
    slow = await in_flight(address, seconds=5000)
    live.delete("Pod", "one")
    with pytest.raises(ConnectionError):
        await slow


async def test_the_grace_period_ends_a_process_that_ignores_sigterm(live: Live) -> None:
    live.create("Pod", pod("one", ignore_sigterm="true"))
    await running(live, "one")
    watching = live.store.watch(KINDS["Pod"])
    live.delete("Pod", "one", grace_seconds=5)
    last = None
    async for event in watching:
        if event.type == "DELETED":
            break
        last = event.obj
    watching.close()
    assert last is not None
    ended = last["status"]["containerStatuses"][0]["state"]["terminated"]
    assert ended["exitCode"] == 137
    assert last["status"]["phase"] == "Failed"


async def test_before_the_object_goes_the_status_says_that_the_containers_have_stopped(
    live: Live,
) -> None:
    live.create("Pod", pod("one"))
    await running(live, "one")
    watching = live.store.watch(KINDS["Pod"])
    live.delete("Pod", "one")
    seen = []
    async for event in watching:
        seen.append((event.type, condition(event.obj, "ContainersReady")))
        if event.type == "DELETED":
            break
    watching.close()
    assert ("MODIFIED", "True") in seen
    assert ("MODIFIED", "False") in seen


async def test_a_forced_deletion_ends_everything_at_once(live: Live) -> None:
    live.create("Pod", pod("one", DRAINING))
    address = ip(await running(live, "one"))
    live.delete("Pod", "one", grace_seconds=0)
    assert live.find("Pod", "one") is None

    async def refused() -> bool:
        try:
            await http(address, 8080)
        except ConnectionRefusedError:
            return True
        except ConnectionResetError:
            return False
        return False

    async with asyncio.timeout(PATIENCE):
        while not await refused():
            await asyncio.sleep(0.01)


async def test_a_finalizer_keeps_the_object_but_not_the_containers(live: Live) -> None:
    manifest = pod("one")
    manifest["metadata"]["finalizers"] = ["example.com/hold"]
    live.create("Pod", manifest)
    await running(live, "one")
    live.delete("Pod", "one")
    await live.until(lambda: live.get("Pod", "one")["status"]["phase"] == "Succeeded")
    assert live.find("Pod", "one") is not None
    live.change("Pod", "one", lambda obj: obj["metadata"].pop("finalizers"))
    await live.until(lambda: live.find("Pod", "one") is None)
