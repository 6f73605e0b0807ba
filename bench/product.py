"""The parts of the product a benchmark drives by itself: a headless sandbox, a database, a web.

`python -m bench.product 50000 FOLDER` fills a sandbox once, for runs with BENCH_WORLD=FOLDER.
"""

import http.client
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import django

from tests import environment  # starts a Valkey and points the settings at scratch
from tests.world import World, start

CLUSTER = "cls-vpccni01"
django.setup()


@contextmanager
def headless_sandbox(pods: int) -> Iterator[World]:
    """A sandbox whose Pods do not listen, with this many of them running.

    With BENCH_WORLD the one that `python -m bench.product` filled in that folder and keeps.
    """
    if folder := os.environ.get("BENCH_WORLD"):
        yield known(Path(folder))
        return
    with tempfile.TemporaryDirectory(prefix="podgate-bench-") as folder:
        world = start(Path(folder), "--headless", time_scale=0.01)
        try:
            _fill(world, pods)
            yield world
        finally:
            world.stop()


def known(state: Path) -> World:
    """A sandbox that runs already; whoever started it ends it."""
    facts = json.loads((state / "world.json").read_text())
    return World(state, facts, None)  # type: ignore[arg-type]


def _keep(pods: int, state: Path) -> None:
    """Fill a sandbox, say so, and keep it until SIGTERM."""
    state.mkdir(parents=True, exist_ok=True)
    world = start(state, "--headless", time_scale=0.01)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    try:
        _fill(world, pods)
        print(f"filled: BENCH_WORLD={state}", flush=True)
        signal.pause()
    finally:
        world.stop()


def _fill(world: World, pods: int) -> None:
    from console import kinds, kube
    from sandbox.kubernetes.demo.bulk import manifests

    server = kube_of(world)
    for kind, manifest in manifests(pods):
        namespace = manifest["metadata"].get("namespace", "")
        server.create(kube.path(kind, namespace), manifest)
    where = kube.path("Pod", "bulk")
    while server.get(where, limit=1)["metadata"].get("remainingItemCount", 0) < pods - 1:
        time.sleep(0.5)
    while any(
        not item["status"].get("podIP")
        for page in server.pages(where, kinds.List[dict[str, Any]])
        for item in page.items
    ):
        # Looking costs as much as what is waited for.
        time.sleep(1 + pods / 5000)


def kube_of(world: World) -> Any:
    from console.kube import Kube

    facts = world.cluster(CLUSTER)
    return Kube(facts["server"], facts["ca"], {"token": facts["token"]})


def database(world: World) -> None:
    """Migrate the scratch database and register the cluster in it."""
    from django.core.management import call_command

    from console import secrets
    from console.models import Account, Cluster

    call_command("migrate", verbosity=0)
    facts = world.cluster(CLUSTER)
    account = Account.objects.create(
        name="bench", uin="1", region="ap-guangzhou", secret_id="", secret_key=""
    )
    Cluster.objects.create(
        cluster_id=CLUSTER,
        account=account,
        server=facts["server"],
        ca_data=facts["ca"],
        credentials=secrets.encrypt(f'{{"token": "{facts["token"]}"}}'),
    )


def session() -> str:
    """The session cookie of a new administrator."""
    from django.contrib.auth.models import User
    from django.test import Client

    client = Client()
    client.force_login(User.objects.create_superuser("bench"))
    return client.cookies["sessionid"].value


@dataclass(frozen=True)
class Web:
    port: int
    pid: int

    def cpu_seconds(self) -> float:
        """Processor time the process has used so far: what a busy machine does not change."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def web() -> Iterator[Web]:
    """The web process, once it answers."""
    port = environment.free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "console.serve", "--port", str(port)], env=os.environ
    )
    try:
        for _ in range(300):
            try:
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
                connection.request("GET", "/healthz")
                connection.getresponse().read()
                break
            except OSError:
                time.sleep(0.1)
        yield Web(port, process.pid)
    finally:
        process.terminate()
        process.wait(10)


if __name__ == "__main__":
    _keep(int(sys.argv[1]), Path(sys.argv[2]))
