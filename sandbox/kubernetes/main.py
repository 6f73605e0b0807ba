"""The Kubernetes half: API servers, controllers and kubelets of all clusters in one loop."""

import asyncio
import contextlib
import gc
from dataclasses import dataclass
from urllib.parse import urlsplit

from sandbox import pki
from sandbox.faults import Faults
from sandbox.kubernetes import builtin, demo, kubeconfig, nodes
from sandbox.kubernetes.api import Api
from sandbox.kubernetes.calls import Calls
from sandbox.kubernetes.control import Control
from sandbox.kubernetes.expiry import forget_events
from sandbox.kubernetes.journal import Journal
from sandbox.kubernetes.rules import rules_of
from sandbox.kubernetes.server import Servers
from sandbox.kubernetes.store import Store
from sandbox.world import Cluster, World


@dataclass(frozen=True)
class _Run:
    """One cluster at work."""

    cluster: Cluster
    store: Store


async def serve(world: World, *, headless: bool = False) -> None:
    """Run until cancelled."""
    # Thousands of Pods are a million small dicts; the collector's default would pause for them.
    gc.set_threshold(100_000, 50, 100)
    journal = Journal(world.state / "kubernetes.sqlite3")
    faults, calls, servers = Faults(), Calls(), Servers()
    runs = [
        _Run(cluster, Store(cluster.id, journal, rules_of(cluster))) for cluster in world.clusters
    ]
    try:
        async with asyncio.TaskGroup() as group:
            for run in runs:
                _seed(run)
                at_work = nodes.start(
                    run.store, run.cluster, time_scale=world.time_scale, headless=headless
                )
                group.create_task(at_work, name=run.cluster.id)
                await servers.start(
                    _api(world, run, faults, calls).handle,
                    run.cluster.api_ip,
                    6443,
                    pki.pair(world.state, run.cluster),
                )
                kubeconfig.write(world, run.cluster)

            async def reset() -> None:
                for run in runs:
                    # A cluster that nobody wrote to is as it was when it was new.
                    if run.store.written:
                        run.store.clear()
                        _seed(run)

            control = Control(faults, calls, tuple(run.store for run in runs), reset)
            place = urlsplit(world.net.kubernetes_control)
            await servers.start(control.handle, place.hostname or "", place.port or 0)
            group.create_task(_forget_old_events(runs))
    finally:
        for run in runs:
            run.store.hub.close()
        with contextlib.suppress(asyncio.CancelledError):
            await servers.stop()
        journal.close()


def _seed(run: _Run) -> None:
    if run.store.is_empty:
        demo.seed(run.store, run.cluster)
        run.store.written = False
    builtin.define(run.store, run.cluster.minor)


def _api(world: World, run: _Run, faults: Faults, calls: Calls) -> Api:
    facts = world.credentials(run.cluster)
    tokens = facts["token"], facts["readonly_token"]
    return Api(run.cluster, run.store, tokens, faults=faults, calls=calls, pace=world.time_scale)


async def _forget_old_events(runs: list[_Run]) -> None:
    """Events live for an hour (--event-ttl)."""
    while True:
        await asyncio.sleep(60)
        for run in runs:
            forget_events(run.store)
