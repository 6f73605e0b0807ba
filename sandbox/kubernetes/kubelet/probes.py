"""The kubelet's probes: what it asks a container, and after how many answers it believes them."""

import asyncio
import re
from dataclasses import dataclass

from sandbox.kubernetes.kinds import Object

# Real seconds after which an attempt is given up in any case.
PATIENCE = 30.0


@dataclass(frozen=True)
class Outcome:
    ok: bool
    message: str = ""


def port_number(port: int | str, container: Object) -> int:
    """A port by number or by its name in the container; 0 if there is none of that name."""
    if isinstance(port, int) or port.isdigit():
        return int(port)
    for known in container.get("ports") or ():
        if known.get("name") == port:
            return int(known["containerPort"])
    return 0


async def ask(probe: Object, container: Object, ip: str, *, takes: float) -> Outcome:
    """One attempt. An exec probe passes: there is no process to run it in.

    Whether the answer is in time is judged by what it `takes` in emulated seconds: a busy machine
    must not look like a sick Pod.
    """
    if takes > probe.get("timeoutSeconds", 1):
        return Outcome(False, "context deadline exceeded")
    try:
        async with asyncio.timeout(PATIENCE):
            if http := probe.get("httpGet"):
                return await _http(http, http.get("host") or ip, container)
            if tcp := probe.get("tcpSocket") or probe.get("grpc"):
                return await _tcp(tcp.get("host") or ip, port_number(tcp["port"], container))
    except TimeoutError:
        return Outcome(False, "context deadline exceeded")
    return Outcome(True)


async def _tcp(host: str, port: int) -> Outcome:
    try:
        _, writer = await asyncio.open_connection(host, port)
    except OSError:
        return Outcome(False, f"dial tcp {host}:{port}: connect: connection refused")
    writer.close()
    return Outcome(True)


async def _http(http: Object, host: str, container: Object) -> Outcome:
    port, path = port_number(http["port"], container), http.get("path", "/")
    url = f"http://{host}:{port}{path}"
    try:
        reader, writer = await asyncio.open_connection(host, port)
        try:
            writer.write(
                f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nUser-Agent: kube-probe/1.30\r\n"
                "Connection: close\r\n\r\n".encode()
            )
            line = await reader.readline()
        finally:
            writer.close()
    except OSError:
        refused = f"dial tcp {host}:{port}: connect: connection refused"
        return Outcome(False, f'Get "{url}": {refused}')
    status = re.match(rb"HTTP/1\.\d (\d{3})", line)
    if status is None:
        return Outcome(False, f'Get "{url}": EOF')
    code = int(status[1])
    return Outcome(200 <= code < 400, f"HTTP probe failed with statuscode: {code}")


class Verdict:
    """Believes a change only after as many equal answers in a row as the thresholds say."""

    def __init__(self, probe: Object, *, initially: bool) -> None:
        self._needed = {
            True: int(probe.get("successThreshold", 1)),
            False: int(probe.get("failureThreshold", 3)),
        }
        self._row = 0
        self._last: bool | None = None
        self.value = initially

    @property
    def has_failed(self) -> bool:
        """As many failures in a row as it takes, whatever was believed before."""
        return self._last is False and self._row >= self._needed[False]

    def note(self, ok: bool) -> bool:
        """True if the verdict changed."""
        self._row = self._row + 1 if ok == self._last else 1
        self._last = ok
        if self._row < self._needed[ok] or self.value == ok:
            return False
        self.value = ok
        return True
