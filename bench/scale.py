"""`python -m bench.scale [pods ...]`: index, pages and watches while 20 things a second change.

For 10,000 and 50,000 Pods: listed and stored, then kept while they change, beside what `kubectl
get pods -w` prints of the same changes and what the official client's models cost.
A size given is measured anew, the others stay as they were.
"""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench import report
from bench.fleet import until
from bench.seen import watched

SIZES = (10_000, 50_000)
PER_SECOND = 20
SECONDS = 25
PAGES_PER_SECOND = 2
CLUSTER = "cls-vpccni01"


def main(sizes: list[int]) -> None:
    results = report.known("scale")
    for pods in sizes:
        # A process each: what one size left in memory must not count for the next.
        done = subprocess.run(
            [sys.executable, "-m", "bench.scale", "one", str(pods)],
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        load = {"load average before": report.LOAD_BEFORE}
        results[f"{pods} Pods"] = load | json.loads(done.stdout.splitlines()[-1])
    report.write(
        "scale",
        settings={
            "changes per second": PER_SECOND,
            "for seconds": SECONDS,
            "pages read meanwhile": f"{PAGES_PER_SECOND} a second, any sort and filter in turn",
            "database": "sqlite",
        },
        results=results,
    )


def one(pods: int) -> dict[str, Any]:
    from bench import index
    from bench.live import watcher
    from bench.product import database, headless_sandbox, kube_of, session, web

    with headless_sandbox(pods) as world:
        database(world)
        found: dict[str, Any] = {"list, decoded and stored": measured("bench.index", "measure")}
        if pods <= SIZES[0]:
            # Of more Pods it only takes longer, and gigabytes.
            found["the same list as the official client's models"] = measured(
                "bench.scale", "models", str(world.state)
            )
        found["the same list as podgate decodes it"] = measured(
            "bench.scale", "structs", str(world.state)
        )
        cookie = session()
        with watcher() as watching, web() as served:
            settled(watching)
            churn = Churn(kube_of(world))
            index.read_pages(served.port, cookie, len(index.QUERIES))
            found["page TTFB, nothing changing"] = index.read_pages(
                served.port, cookie, 2 * len(index.QUERIES)
            )
            url = f"http://127.0.0.1:{served.port}/clusters/{CLUSTER}/pods/bulk/{churn.watched}/"
            with printed(world.state, churn.nudge) as lines, watched(url, cookie) as in_dom:
                before = cpu_of(watching), served.cpu_seconds()
                with churn.going():
                    found["page TTFB meanwhile"] = index.read_pages(
                        served.port, cookie, PAGES_PER_SECOND * SECONDS, every=1 / PAGES_PER_SECOND
                    )
                after = cpu_of(watching), served.cpu_seconds()
            found["resident MiB"] = {
                "watcher": resident_of(watching),
                "web": resident_of(served.pid),
            }
        found["change -> line of kubectl get pods -w"] = late(churn.sent, lines)
        found["change -> DOM of the Pod's open page"] = late(churn.sent, in_dom)
        found["of these changes, kubectl's line"] = late(
            {number: at for number, at in churn.sent.items() if number in in_dom}, lines
        )
        found["longest way of an event into the index, seconds"] = churn.lag
        found["CPU of a second with these changes, ms"] = {
            "watcher": round(1000 * (after[0] - before[0]) / SECONDS),
            "web, with the pages read": round(1000 * (after[1] - before[1]) / SECONDS),
        }
    return found


def settled(pid: int) -> None:
    """The watcher has read everything and written it down: it computes no more."""
    from workloads.models import Watch

    until(lambda: Watch.objects.filter(kind="Pod", synced_at__isnull=False).exists())
    used = -1.0
    while (now := cpu_of(pid)) - used > 0.1:
        used = now
        time.sleep(1)


def cpu_of(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_of(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return round(pages * os.sysconf("SC_PAGE_SIZE") / 2**20, 1)


def measured(*module: str) -> Any:
    done = subprocess.run(
        [sys.executable, "-m", *module],
        env=os.environ,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


class Churn:
    """Labels that change on one Pod after the other, and when each change was sent."""

    def __init__(self, server: Any) -> None:
        from console import kube

        self.server = server
        page = server.get(kube.path("Pod", "bulk"), limit=500)
        self.names = [item["metadata"]["name"] for item in page["items"]]
        # One of ten is the Pod somebody looks at.
        self.watched = self.names[0]
        self.sent: dict[int, float] = {}
        self.lag = 0.0
        # A label that an earlier run of the same world has set already would be no change.
        self.first = int(time.time()) * 1000

    def nudge(self) -> None:
        """A change that does not count."""
        from console import kube

        change = {"metadata": {"labels": {"beat": f"w{time.monotonic_ns()}"}}}
        self.server.patch(kube.path("Pod", "bulk", self.names[-1]), change, kind="merge")

    @contextmanager
    def going(self) -> Iterator[None]:
        thread = threading.Thread(target=self._run)
        thread.start()
        yield
        thread.join()

    def _run(self) -> None:
        from console import kube

        started = time.monotonic()
        for turn in range(PER_SECOND * SECONDS):
            time.sleep(max(0.0, started + turn / PER_SECOND - time.monotonic()))
            name = self.watched if turn % 10 == 0 else self.names[turn % len(self.names)]
            self.sent[self.first + turn] = time.time()
            change = {"metadata": {"labels": {"beat": f"n{self.first + turn}"}}}
            self.server.patch(kube.path("Pod", "bulk", name), change, kind="merge")
            if turn % PER_SECOND == 0:
                self.lag = max(self.lag, lag())


@contextmanager
def printed(state: Path, nudge: Callable[[], None]) -> Iterator[dict[int, float]]:
    """When kubectl printed a change, by its number.

    Before it watches it lists all Pods, also with --watch-only: it is nudged until it speaks.
    """
    seen: dict[int, float] = {}
    process = subprocess.Popen(
        [
            *("kubectl", "--kubeconfig", str(state / f"{CLUSTER}.kubeconfig"), "-n", "bulk"),
            *("get", "pods", "--watch-only", "-L", "beat", "--no-headers"),
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    speaks = threading.Event()

    def read() -> None:
        assert process.stdout is not None
        for line in process.stdout:
            speaks.set()
            mark = line.split()[-1]
            if mark.startswith("n") and mark[1:].isdigit():
                seen.setdefault(int(mark[1:]), time.time())

    thread = threading.Thread(target=read)
    thread.start()
    while not speaks.wait(1):
        assert process.poll() is None, "kubectl ended"
        nudge()
    yield seen
    time.sleep(2)
    process.terminate()
    thread.join()


def late(sent: dict[int, float], seen: dict[int, float]) -> dict[str, Any]:
    """Of what was seen: of two changes within 0.25 s a page shows the second."""
    found = [at - sent[number] for number, at in seen.items() if number in sent]
    return {"seen": len(found), **report.percentiles(found)} if found else {"seen": 0}


def lag() -> float:
    from console.models import Cluster

    return round(Cluster.objects.get().lag, 3)


def listed(how: str, state: Path) -> dict[str, float]:
    """All Pods in pages of 500, by the official client or by podgate; seconds and MiB."""
    from bench.index import resident
    from tests.world import World

    world = World(state, json.loads((state / "world.json").read_text()), None)  # type: ignore[arg-type]
    read = by_models if how == "models" else by_structs
    # Imports do not count.
    read(world, limit=1)
    before, started = resident(), time.monotonic()
    kept = read(world, limit=500)
    return {
        "Pods": len(kept),
        "seconds": round(time.monotonic() - started, 2),
        "RSS growth MiB": round(resident() - before, 1),
    }


def by_models(world: Any, *, limit: int) -> list[Any]:
    from kubernetes import client, config

    file = str(world.state / f"{CLUSTER}.kubeconfig")
    api: Any = config.new_client_from_config(file)  # type: ignore[no-untyped-call]
    core: Any = client.CoreV1Api(api)
    kept: list[Any] = []
    more = ""
    while True:
        page = core.list_namespaced_pod("bulk", limit=limit, _continue=more)
        kept += page.items
        more = page.metadata._continue
        if not more or limit == 1:
            return kept


def by_structs(world: Any, *, limit: int) -> list[Any]:
    from bench.product import kube_of
    from console import kinds, kube

    kept: list[Any] = []
    for page in kube_of(world).pages(kube.path("Pod", "bulk"), kinds.List[kinds.Pod], limit=limit):
        kept += page.items
        if limit == 1:
            break
    return kept


if __name__ == "__main__":
    words = sys.argv[1:]
    if words[:1] == ["one"]:
        print(json.dumps(one(int(words[1]))), flush=True)
    elif words[:1] in (["models"], ["structs"]):
        print(json.dumps(listed(words[0], Path(words[1]))), flush=True)
    else:
        main([int(word) for word in words] or list(SIZES))
