"""`python -m bench.stuck`: the CLB says Dead; how long until the open page says so, and why.

In the middle of a rollout a security group closes the target port. From the emulated CLB's own note
of each target turning Dead to the pushed HTML that names its Pod, and from the first of them to the
finding that names the rule. From the note that takes the Service below the traffic guard's floor to
the API server's answer to the pause.

The port is closed as soon as a new target is registered, before any check of it: no new Pod gets
Ready, so no old one goes, and all die together. It is opened again, the rollout resumed, and so on.
podgate keeps its own pace, the sandbox is five times as fast.
"""

import asyncio
import json
import re
import sqlite3
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import quote, urlsplit

from tencentcloud.common.common_client import CommonClient
from tencentcloud.common.credential import Credential
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile

from bench import cpu, report
from bench.first_page import bind
from bench.fleet import until
from bench.stack import Running, running
from tests import world as worlds
from tests.world import World

REGION = "/clusters/cls-vpccni01/workloads/deployment/shop/catalog/findings"
GROUP, TARGET = "sg-nodes001", 8081
SCALE = "0.2"
PODS, FLOOR = 20, 10
ROUNDS = 6
# After the last note of the CLB: what comes later than this is as good as never.
AFTERWARDS = 5
# As `bench.product.session`, in the product's own database.
_SESSION = (
    "from django.contrib.auth.models import User; from django.test import Client; c = Client(); "
    "c.force_login(User.objects.get(username='admin')); print(c.cookies['sessionid'].value)"
)
type Seen = list[tuple[float, str]]


@dataclass
class Round:
    """One rollout whose targets died: address -> Pod, the CLB's notes, the page's pictures."""

    pods: dict[str, str]
    old: set[str]
    verdicts: list[dict[str, Any]]
    seen: Seen
    paused_at: float

    def dead(self) -> dict[str, float]:
        """When each Pod's target turned Dead by the CLB's own note."""
        found: dict[str, float] = {}
        for one in self.verdicts:
            name = self.pods.get(address(one))
            if name and one["health"] == "Dead":
                found.setdefault(name, one["time"])
        return found

    def crossed_at(self) -> float:
        """When the Service had fewer healthy targets than its floor."""
        alive = set(self.old)
        for one in self.verdicts:
            (alive.add if one["health"] == "Alive" else alive.discard)(address(one))
            if len(alive) < FLOOR:
                return float(one["time"])
        raise AssertionError(f"the floor was not crossed: {len(alive)} of {len(self.old)} alive")

    def to_the_pause(self) -> float:
        return self.paused_at - self.crossed_at()

    def to_the_names(self) -> list[float | None]:
        return [_after(at, self.seen, partial(_is_named, name)) for name, at in self.dead().items()]

    def to_the_rule(self) -> float | None:
        first = min(self.dead().values())
        return _after(first, self.seen, lambda html: 'data-code="SecurityGroup"' in html)


def _is_named(name: str, html: str) -> bool:
    return name in _dead(html)


def main() -> None:
    with running(PODGATE_SANDBOX_TIME_SCALE=SCALE) as product:
        bind(product)
        prepare(product)
        session = product.manage("shell", "-v", "0", "-c", _SESSION).split()[-1]
        world = worlds.of(product.state, product.process)
        before, started = cpu.by_role(product.state), time.monotonic()
        rounds = [one_round(product, session, world) for _ in range(ROUNDS)]
        took = time.monotonic() - started
        used = {
            role: round((now - before.get(role, 0.0)) / took, 2)
            for role, now in cpu.by_role(product.state).items()
        }
    report.write(
        "stuck",
        settings={
            "time scale of the sandbox": float(SCALE),
            "Pods": PODS,
            "the guard's floor": FLOOR,
            "open pages": 1,
            "rounds": ROUNDS,
        },
        results=judged(rounds) | {"cores used all the while": used},
    )


def prepare(product: Running) -> None:
    """All new Pods come at once, so that no old one goes before a new one is healthy."""
    rolling = {"maxSurge": PODS, "maxUnavailable": 0}
    change = json.dumps({"spec": {"strategy": {"rollingUpdate": rolling}}})
    product.kubectl("-n", "shop", "patch", "deployment", "catalog", "-p", change)
    floor = f"podgate.dev/min-healthy-targets={FLOOR}"
    product.kubectl("-n", "shop", "annotate", "service", "front", floor)


def one_round(product: Running, session: str, world: World) -> Round:
    until(lambda: floor_is_met(product), seconds=60)
    old, began = pods(product), time.time()
    seen = asyncio.run(provoked(product, session, world, began))
    found = Round(pods(product), set(old), verdicts(world, began), seen, pauses(world, began)[0])
    open_the_target_port(world.tencent)
    product.kubectl("-n", "shop", "rollout", "resume", "deployment/catalog")
    product.kubectl("-n", "shop", "rollout", "status", "deployment/catalog", "--timeout=120s")
    until(lambda: len(pods(product)) == PODS, seconds=60)
    return found


def floor_is_met(product: Running) -> bool:
    """The guard has seen it, by the product's own row: what falls from here on was met before."""
    with sqlite3.connect(f"file:{product.state}/podgate.sqlite3?mode=ro", uri=True) as database:
        rows = database.execute("SELECT met_with FROM services_guard").fetchall()
    return rows == [(PODS,)]


def pauses(world: World, since: float) -> list[float]:
    """When the API server answered those: what was written after the first target was Dead."""
    first = min(one["time"] for one in verdicts(world, since) if one["health"] == "Dead")
    return [
        call["time"] + call["took"]
        for call in world.control("kubernetes", "GET", f"calls?since={first}")
        if call["verb"] in ("patch", "update")
        and call["path"].endswith("/deployments/catalog")
        and "dryRun" not in call["params"]
        and call["code"] == 200
    ]


def pods(product: Running) -> dict[str, str]:
    """Address -> name."""
    text = product.kubectl("-n", "shop", "get", "pods", "-l", "app=catalog", "-o", "json")
    items = json.loads(text)["items"]
    return {one["status"].get("podIP", ""): one["metadata"]["name"] for one in items}


async def provoked(product: Running, session: str, world: World, began: float) -> Seen:
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
    await asyncio.to_thread(roll_and_close, product, world, began)
    await asyncio.sleep(AFTERWARDS)
    reading.cancel()
    writer.close()
    return seen


def roll_and_close(product: Running, world: World, began: float) -> None:
    """Until every target, old and new, is Dead and the rollout paused."""
    product.kubectl("-n", "shop", "rollout", "restart", "deployment/catalog")
    until(lambda: registrations(world, began), every=0.02, seconds=60)
    close_the_target_port(world.tencent)
    until(lambda: deaths(world, began) == 2 * PODS, every=0.5, seconds=60)
    until(lambda: pauses(world, began), every=0.5, seconds=60)


def registrations(world: World, since: float) -> int:
    calls = world.control("tencent", "GET", f"calls?since={since}")
    return sum(call["action"] == "BatchRegisterTargets" for call in calls)


def verdicts(world: World, since: float) -> list[dict[str, Any]]:
    return [one for one in world.control("tencent", "GET", "verdicts") if one["time"] > since]


def deaths(world: World, since: float) -> int:
    return sum(one["health"] == "Dead" for one in verdicts(world, since))


def address(verdict: dict[str, Any]) -> str:
    return str(verdict["target"]).rpartition(":")[0]


def close_the_target_port(cloud: dict[str, str]) -> None:
    """As somebody would in the VPC console: the CLB's health checks come in no more."""
    rule = {
        "PolicyIndex": 0,
        "Protocol": "TCP",
        "Port": str(TARGET),
        "CidrBlock": "100.64.0.0/10",
        "Action": "DROP",
    }
    _policies(cloud, "CreateSecurityGroupPolicies", rule)


def open_the_target_port(cloud: dict[str, str]) -> None:
    _policies(cloud, "DeleteSecurityGroupPolicies", {"PolicyIndex": 0})


def _policies(cloud: dict[str, str], action: str, rule: dict[str, Any]) -> None:
    profile = ClientProfile(
        httpProfile=HttpProfile(protocol="http", endpoint=urlsplit(cloud["endpoint"]).netloc)
    )
    credential = Credential(cloud["secret_id"], cloud["secret_key"])
    asked = {"SecurityGroupId": GROUP, "SecurityGroupPolicySet": {"Ingress": [rule]}}
    client = CommonClient("vpc", "2017-03-12", credential, cloud["region"], profile)
    client.call_json(action, asked)


def judged(rounds: list[Round]) -> dict[str, Any]:
    """A page that never said it makes the round fail."""
    names = [gap for one in rounds for gap in one.to_the_names()]
    said = [gap for gap in names if gap is not None]
    rules = [gap for one in rounds if (gap := one.to_the_rule()) is not None]
    return {
        "targets that turned Dead": len(names),
        "of these on the page": len(said),
        "Dead -> the page names the Pod": report.percentiles(said),
        "rounds in which the page named the rule": len(rules),
        "first Dead -> the page names the rule": report.percentiles(rules),
        "floor crossed -> rollout paused": report.percentiles(
            [one.to_the_pause() for one in rounds]
        ),
        "pictures": sum(len(one.seen) for one in rounds),
    }


def _after(moment: float, seen: Seen, says: Callable[[str], bool]) -> float | None:
    at = next((when for when, html in seen if when > moment and says(html)), None)
    return None if at is None else at - moment


def _dead(html: str) -> str:
    """The findings that say Dead, with the Pods they are about."""
    return "".join(_findings(html))


def _findings(html: str) -> Iterator[str]:
    for found in re.split(r'<div class="callout"', html)[1:]:
        if 'data-code="Dead' in found:
            yield found


if __name__ == "__main__":
    main()
