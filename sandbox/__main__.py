"""The sandbox: emulated TKE clusters and an emulated Tencent Cloud on loopback addresses.

halves:
  kubernetes   four API servers over HTTPS with controllers and kubelets whose Pods really listen
  tencent      the CLB, TKE, VPC, CVM and CCN APIs, health probes and a layer-4 data plane
  all          both, each in a process of its own (the default)

The state directory keeps the world: a second start continues where the first ended, even after
kill -9. It holds world.json (addresses and keys) and one <cluster-id>.kubeconfig per cluster:

  python -m sandbox --state .sandbox
  kubectl --kubeconfig .sandbox/cls-vpccni01.kubeconfig get pods -A

Faults (throttling, lost answers, dead watches, ...) are switched on over HTTP, see the `control`
addresses in world.json:

  curl -X POST $CONTROL/_sandbox/faults -d '{"fault": "error_500", "action": "list", "times": 3}'
"""

import argparse
import asyncio
import signal
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from sandbox import family, net, pki, world
from sandbox.net import Half
from sandbox.world import World


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "python -m sandbox",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("half", nargs="?", default="all", choices=("all", "kubernetes", "tencent"))
    parser.add_argument(
        "--state", type=Path, default=Path(".sandbox"), help="state directory (.sandbox)"
    )
    parser.add_argument(
        "--time-scale", type=float, default=1.0, help="multiplies every emulated duration (1.0)"
    )
    parser.add_argument(
        "--health", choices=("probe", "assume"), default="probe",
        help="CLB health from real probes, or Alive after interval x threshold",
    )  # fmt: skip
    parser.add_argument(
        "--headless", action="store_true", help="Pods do not listen; for benchmarks with thousands"
    )
    parser.add_argument(
        "--net", type=int, metavar="N", help="the network 127.N, locked by whoever started this"
    )
    return parser


def main() -> int:
    options = arguments().parse_args()
    options.state.mkdir(parents=True, exist_ok=True)
    options.state = options.state.resolve()
    wanted = tuple(Half) if options.half == "all" else (Half[options.half.upper()],)
    try:
        held = None if options.net else _lock(options.state, wanted)
    except net.NetworkTaken as error:
        print(f"sandbox: {error}", file=sys.stderr)
        return 1
    number = held.net.number if held else options.net
    if options.half == "all":
        return _both(options, number)
    opened = world.open_world(
        options.state, net.Net(number), time_scale=options.time_scale, certificates=pki.certificates
    )
    return _run(_half(options, opened))


def _lock(state: Path, halves: tuple[Half, ...]) -> net.Lock:
    """This state directory's network; a new directory takes a free one."""
    known = world.written(state)
    if known is None:
        return net.lock_any(str(state), halves)
    return net.lock(int(known["net"].split(".")[1]), halves)


def _half(options: argparse.Namespace, opened: World) -> Coroutine[Any, Any, None]:
    """Each half is imported only where it runs."""
    if options.half == "kubernetes":
        from sandbox.kubernetes.main import serve as kubernetes

        return kubernetes(opened, headless=options.headless)
    from sandbox.tencent.main import serve as tencent

    return tencent(opened, health=options.health)


def _run(half: Coroutine[Any, Any, None]) -> int:
    """Run one half until SIGTERM or Ctrl-C."""

    async def until_told() -> None:
        task = asyncio.ensure_future(half)
        loop = asyncio.get_running_loop()
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, task.cancel)
        try:
            await task
        except asyncio.CancelledError:
            return

    with asyncio.Runner(loop_factory=family.new_event_loop) as runner:
        runner.run(until_told())
    return 0


def _both(options: argparse.Namespace, number: int) -> int:
    """Two processes under this one, which holds the network."""
    common = [
        *("--state", str(options.state), "--net", str(number)),
        *("--time-scale", str(options.time_scale), "--health", options.health),
        *(["--headless"] if options.headless else []),
    ]
    children = [
        family.child([sys.executable, "-m", "sandbox", half, *common])
        for half in ("kubernetes", "tencent")
    ]
    return family.supervise(children)


if __name__ == "__main__":
    sys.exit(main())
