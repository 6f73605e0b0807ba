"""`python -m bench.stuck`: the CLB says Dead; how long until the open page says so, and why.

In the middle of a rollout a security group closes the target port. From the emulated CLB's own note
of each target turning Dead to the pushed HTML that names its Pod, and from the first of them to the
finding that names the rule. The old Pods' targets die with the new ones': from the one that takes
them below the traffic guard's floor to the API server's answer to the pause.

podgate keeps its own pace, the sandbox is five times as fast.
"""

import asyncio
import json
import re
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlsplit

from tencentcloud.common.common_client import CommonClient
from tencentcloud.common.credential import Credential
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile

from bench import cpu, report
from bench.first_page import bind
from bench.stack import Running, running
from tests import world as worlds
from tests.world import World

REGION = "/clusters/cls-vpccni01/workloads/deployment/shop/catalog/findings"
GROUP, TARGET = "sg-nodes001", 8081
SCALE = "0.2"
PODS, FLOOR = 20, 10
SECONDS = 25
# As `bench.product.session`, in the product's own database.
_SESSION = (
    "from django.contrib.auth.models import User; from django.test import Client; c = Client(); "
    "c.force_login(User.objects.get(username='admin')); print(c.cookies['sessionid'].value)"
)
type Seen = list[tuple[float, str]]


def main() -> None:
    with running(PODGATE_SANDBOX_TIME_SCALE=SCALE) as product:
        bind(product)
        prepare(product)
        session = product.manage("shell", "-v", "0", "-c", _SESSION).split()[-1]
        world = worlds.of(product.state, product.process)
        before, old = cpu.by_role(product.state), pods(product)
        seen = asyncio.run(provoked(product, session, world))
        used = {
            role: round(now - before.get(role, 0.0), 1)
            for role, now in cpu.by_role(product.state).items()
        }
        dead = turned_dead(world, pods(product))
        gap = paused(world, [at for name, at in dead.items() if name in old.values()])
    report.write(
        "stuck",
        settings={
            "time scale of the sandbox": float(SCALE),
            "Pods": PODS,
            "the guard's floor": FLOOR,
            "open pages": 1,
        },
        results=judged(dead, seen)
        | {
            "floor crossed -> rollout paused, ms": gap,
            f"CPU seconds from the rollout's start, {SECONDS} s and more": used,
        },
    )


def prepare(product: Running) -> None:
    """All new Pods come at once, so that no old one goes before a new one is healthy."""
    rolling = {"maxSurge": PODS, "maxUnavailable": 0}
    change = json.dumps({"spec": {"strategy": {"rollingUpdate": rolling}}})
    product.kubectl("-n", "shop", "patch", "deployment", "catalog", "-p", change)
    floor = f"podgate.dev/min-healthy-targets={FLOOR}"
    product.kubectl("-n", "shop", "annotate", "service", "front", floor)
    time.sleep(12)  # the guard has seen the floor met


def paused(world: World, died: list[float]) -> float | None:
    """From the old target that took them below the floor to the pause, in milliseconds."""
    assert len(died) > PODS - FLOOR, f"the floor was not crossed: {len(died)} died"
    crossed = sorted(died)[PODS - FLOOR]
    calls = world.control("kubernetes", "GET", f"calls?since={min(died)}")
    paths = ("PATCH", "patch", "update")
    pauses = [
        call["time"] + call["took"]
        for call in calls
        if call["verb"] in paths
        and call["path"].partition("?")[0].endswith("/deployments/catalog")
        and call["code"] == 200
    ]
    return round(1000 * (min(pauses) - crossed), 1) if pauses else None


def pods(product: Running) -> dict[str, str]:
    """Address -> name, of those that are there at the end."""
    text = product.kubectl("-n", "shop", "get", "pods", "-l", "app=catalog", "-o", "json")
    items = json.loads(text)["items"]
    return {one["status"].get("podIP", ""): one["metadata"]["name"] for one in items}


async def provoked(product: Running, session: str, world: World) -> Seen:
    """What the page's stream brings, from before the rollout until some time after the closing."""
    address = urlsplit(product.url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port, limit=2**22)
    writer.write(
        f"GET /live/?region={quote(REGION)} HTTP/1.1\r\nHost: {address.netloc}\r\n"
        f"Cookie: sessionid={session}\r\n\r\n".encode()
    )
    seen: Seen = []

    async def read() -> None:
        async for line in reader:
            if line.startswith(b'data: {"url"'):
                seen.append((time.time(), json.loads(line[6:])["html"]))

    reading = asyncio.create_task(read())
    await asyncio.to_thread(roll, product, world)
    await asyncio.to_thread(close_the_target_port, world.tencent)
    await asyncio.sleep(SECONDS)
    reading.cancel()
    writer.close()
    return seen


def roll(product: Running, world: World) -> None:
    """Until the first new Pods are being checked."""
    known = len(verdicts(world))
    product.kubectl("-n", "shop", "rollout", "restart", "deployment/catalog")
    deadline = time.monotonic() + 60
    while len(verdicts(world)) == known:
        assert time.monotonic() < deadline, "no new target is checked"
        time.sleep(0.05)


def verdicts(world: World) -> list[dict[str, Any]]:
    return list(world.control("tencent", "GET", "verdicts"))


def close_the_target_port(cloud: dict[str, str]) -> None:
    """As somebody would in the VPC console: the CLB's health checks come in no more."""
    profile = ClientProfile(
        httpProfile=HttpProfile(protocol="http", endpoint=urlsplit(cloud["endpoint"]).netloc)
    )
    credential = Credential(cloud["secret_id"], cloud["secret_key"])
    rule = {
        "PolicyIndex": 0,
        "Protocol": "TCP",
        "Port": str(TARGET),
        "CidrBlock": "100.64.0.0/10",
        "Action": "DROP",
    }
    asked = {"SecurityGroupId": GROUP, "SecurityGroupPolicySet": {"Ingress": [rule]}}
    client = CommonClient("vpc", "2017-03-12", credential, cloud["region"], profile)
    client.call_json("CreateSecurityGroupPolicies", asked)


def turned_dead(world: World, pod_of: dict[str, str]) -> dict[str, float]:
    """When each Pod's target turned Dead by the CLB's own note."""
    found: dict[str, float] = {}
    for one in verdicts(world):
        name = pod_of.get(one["target"].rpartition(":")[0])
        if name and one["health"] == "Dead":
            found.setdefault(name, one["time"])
    return found


def judged(dead: dict[str, float], seen: Seen) -> dict[str, Any]:
    assert dead, "nothing turned Dead"
    first = min(dead.values())
    named = {
        name: next((when for when, html in seen if when > at and name in _dead(html)), None)
        for name, at in dead.items()
    }
    gaps = [when - dead[name] for name, when in named.items() if when is not None]
    return {
        "targets that turned Dead": len(dead),
        "of these on the page": len(gaps),
        "Dead -> the page names the Pod": report.percentiles(gaps),
        "first Dead -> the page names the rule, ms": after(
            first, seen, 'data-code="SecurityGroup"'
        ),
        "first Dead -> the page says what podgate itself gets, ms": after(
            first, seen, "from podgate"
        ),
        "pictures": len(seen),
    }


def _dead(html: str) -> str:
    """The findings that say Dead, with the Pods they are about."""
    return "".join(_findings(html))


def _findings(html: str) -> Iterator[str]:
    for found in re.split(r'<div class="callout"', html)[1:]:
        if 'data-code="Dead' in found:
            yield found


def after(moment: float, seen: Seen, words: str) -> float | None:
    at = next((when for when, html in seen if when > moment and words in html), None)
    return None if at is None else round(1000 * (at - moment), 1)


if __name__ == "__main__":
    main()
