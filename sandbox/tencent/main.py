"""Start and stop the Tencent half: the API, its control and the data plane, in one asyncio loop."""

import asyncio
import resource
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from sandbox.tencent import (  # noqa: F401  (each room registers its actions)
    balancers,
    billing,
    ccn,
    container_routes,
    cvm,
    eni,
    listeners,
    security_groups,
    sts,
    target_reads,
    targets,
    tke,
    vpc,
)
from sandbox.tencent.api import Gateway
from sandbox.tencent.calls import CallLog
from sandbox.tencent.clock import Clock
from sandbox.tencent.cloud import Cloud
from sandbox.tencent.control import PREFIX, Control
from sandbox.tencent.probes import prober
from sandbox.tencent.signing import Credential
from sandbox.tencent.store import Store
from sandbox.tencent.wire import HttpServer, Reply, Request
from sandbox.tencent.wire import serve as serve_http
from sandbox.world import World


@dataclass
class Running:
    cloud: Cloud
    gateway: Gateway
    server: HttpServer

    async def stop(self) -> None:
        await self.server.stop()
        await self.cloud.stop()


async def start(state_dir: Path, world: World, *, time_scale: float, health: str) -> Running:
    """Continue this state directory's cloud; answers and serves every VIP when it returns."""
    _raise_file_limit()
    clock = Clock(time_scale)
    cloud = Cloud(world, Store(state_dir / "tencent.sqlite3"), clock)
    if health == "probe":
        source = world.net.health_probe_source
        cloud.checks.probe = prober(source, cloud, time_scale=time_scale)
    cloud.resume()
    gateway = Gateway(cloud, _keys(world), CallLog())
    control = Control(gateway)

    async def answer(request: Request) -> Reply:
        if request.path.startswith(PREFIX):
            return await control.answer(request)
        return await gateway.answer(request)

    place = urlsplit(world.tencent["endpoint"])
    server = await serve_http(answer, place.hostname or "", place.port or 80)
    return Running(cloud, gateway, server)


async def serve(world: World, *, health: str = "probe") -> None:
    """Run until cancelled."""
    running = await start(world.state, world, time_scale=world.time_scale, health=health)
    try:
        await asyncio.Event().wait()
    finally:
        await running.stop()


def _keys(world: World) -> dict[str, Credential]:
    """The account's key pair, and if the world has one, a pair that may only read."""
    facts = world.tencent
    keys = [Credential(facts["secret_id"], facts["secret_key"])]
    if "readonly_secret_id" in facts:
        pair = facts["readonly_secret_id"], facts["readonly_secret_key"]
        keys.append(Credential(*pair, read_only=True))
    return {key.secret_id: key for key in keys}


def _raise_file_limit() -> None:
    """A splice holds two sockets; the usual 1024 would end at 500 connections."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
