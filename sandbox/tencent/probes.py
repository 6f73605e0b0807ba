"""One look at a target, with real packets from CLB's probe address (docs: 100.64.0.0/10 or VIP)."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Protocol

from sandbox.tencent.addresses import Addresses
from sandbox.tencent.health import Probe
from sandbox.tencent.model import Listener, LoadBalancer, Target

AT_ONCE = 256
# A machine does not answer faster because the emulated clock runs faster.
LEAST_REAL_SECONDS = 1.0

Place = tuple[str, int]
Look = Callable[[socket.socket, Place, dict[str, Any]], Awaitable[bool]]


class Network(Protocol):
    """What stands between a CLB and its targets."""

    addresses: Addresses

    def admits_probe(
        self, balancer: LoadBalancer, listener: Listener, ip: str, port: int
    ) -> bool: ...


def prober(source: str, network: Network, *, time_scale: float) -> Probe:
    """The probe that all checks of this cloud share."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def probe(balancer: LoadBalancer, listener: Listener, target: Target) -> bool:
        check = listener.health_check
        port = target.port if check["CheckPort"] in (None, -1) else check["CheckPort"]
        seconds = max(check["TimeOut"] * time_scale, LEAST_REAL_SECONDS)
        if not network.admits_probe(balancer, listener, target.ip, port):
            # Dropped packets are not refused: the look times out.
            await asyncio.sleep(check["TimeOut"] * time_scale)
            return False
        if check["CheckType"] == "PING":
            return network.addresses.is_up(target.ip)
        kind = socket.SOCK_DGRAM if listener.protocol == "UDP" else socket.SOCK_STREAM
        origin = balancer.vip if check["SourceIpType"] == 0 else source
        async with gate:
            return await _look(check, kind, origin, (target.ip, port), seconds)

    return probe


async def _look(
    check: dict[str, Any], kind: socket.SocketKind, origin: str, place: Place, seconds: float
) -> bool:
    with socket.socket(socket.AF_INET, kind) as probing:
        probing.setblocking(False)
        with suppress(OSError):
            probing.bind((origin, 0))
        try:
            async with asyncio.timeout(seconds):
                return await LOOKS[check["CheckType"]](probing, place, check)
        except (OSError, TimeoutError, ValueError):
            return False


async def _tcp(probing: socket.socket, place: Place, check: dict[str, Any]) -> bool:
    await asyncio.get_running_loop().sock_connect(probing, place)
    return True


async def _http(probing: socket.socket, place: Place, check: dict[str, Any]) -> bool:
    loop = asyncio.get_running_loop()
    await loop.sock_connect(probing, place)
    version = check["HttpVersion"] or "HTTP/1.1"
    request = (
        f"{check['HttpCheckMethod']} {check['HttpCheckPath'] or '/'} {version}\r\n"
        f"Host: {check['HttpCheckDomain'] or place[0]}\r\n"
        "User-Agent: clb-healthcheck\r\nConnection: close\r\n\r\n"
    )
    await loop.sock_sendall(probing, request.encode())
    answer = b""
    while b"\r\n" not in answer:
        more = await loop.sock_recv(probing, 1024)
        if not more:
            return False
        answer += more
    status = int(answer.split(b" ", 2)[1])
    return bool(check["HttpCode"] & (1 << (status // 100 - 1)))


async def _custom(probing: socket.socket, place: Place, check: dict[str, Any]) -> bool:
    """Send what is to be sent; any answer will do unless a certain one is expected."""
    loop = asyncio.get_running_loop()
    await loop.sock_connect(probing, place)
    await loop.sock_sendall(probing, _content(check, "SendContext"))
    answer = await loop.sock_recv(probing, 2048)
    expected = _content(check, "RecvContext")
    return answer.startswith(expected) if expected else bool(answer)


def _content(check: dict[str, Any], field: str) -> bytes:
    text = check[field] or ""
    return bytes.fromhex(text) if check["ContextType"] == "HEX" else text.encode()


LOOKS: dict[str, Look] = {"TCP": _tcp, "HTTP": _http, "CUSTOM": _custom}
