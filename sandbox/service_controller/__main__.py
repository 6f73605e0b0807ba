"""`python -m sandbox.service_controller --state DIR CLUSTER...`: until SIGTERM or Ctrl-C."""

import argparse
import json
import signal
import sys
import threading
import time
from pathlib import Path

from sandbox.service_controller.doors import Cloud, Cluster
from sandbox.service_controller.run import Controller


def main() -> int:
    parser = argparse.ArgumentParser("python -m sandbox.service_controller", description=__doc__)
    parser.add_argument("clusters", nargs="+", metavar="CLUSTER", help="such as cls-vpccni01")
    parser.add_argument("--state", type=Path, default=Path(".sandbox"), help="of the sandbox")
    options = parser.parse_args()
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    world = _world(options.state / "world.json", stop)
    if unknown := set(options.clusters) - world.get("clusters", {}).keys():
        print(f"service-controller: no such cluster: {', '.join(unknown)}", file=sys.stderr)
        return 1
    threads = [
        threading.Thread(
            target=Controller(each, cluster, Cloud(world["tencent"])).run, args=(stop,)
        )
        for each in options.clusters
        for cluster in [Cluster(world["clusters"][each])]
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return 0


def _world(file: Path, stop: threading.Event) -> dict[str, dict[str, dict[str, object]]]:
    """What the halves wrote down, as soon as they have."""
    while not file.exists() and not stop.is_set():
        time.sleep(0.2)
    found: dict[str, dict[str, dict[str, object]]] = json.loads(file.read_text())
    return found


if __name__ == "__main__":
    sys.exit(main())
