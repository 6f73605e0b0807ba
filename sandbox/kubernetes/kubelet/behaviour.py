"""How a Pod behaves, by annotation: the levers with which tests and demonstrations play.

All are annotations `sandbox.podgate.dev/<name>` on the Pod (or its template); they are read
again whenever the Pod changes, so `kubectl annotate pod` works on a running Pod. README.md
beside this file lists them for users.
"""

from dataclasses import dataclass
from typing import Any, Literal, cast

PREFIX = "sandbox.podgate.dev/"


@dataclass(frozen=True)
class Behaviour:
    """Seconds are emulated: they are multiplied by the sandbox's time scale."""

    start_seconds: float = 1.0
    ready_after: float = 0.0
    readiness: Literal["probe", "pass", "fail"] = "probe"
    fail_health: bool = False
    refuse_connections: bool = False
    response_seconds: float = 0.0
    crash_after: float | None = None
    crash_times: int | None = None
    exit_code: int = 1
    term_delay: float = 0.0
    ignore_sigterm: bool = False
    drain: bool = True
    ip: str = ""
    reuse_ip: bool = False
    image_pull: str = ""


def _number(text: str, fallback: float) -> float:
    try:
        return max(0.0, float(text))
    except ValueError:
        return fallback


def behaviour(pod: dict[str, Any]) -> Behaviour:
    """What the annotations say; a value that makes no sense counts as not given."""
    annotations: dict[str, str] = pod["metadata"].get("annotations") or {}
    said = {k[len(PREFIX) :]: v for k, v in annotations.items() if k.startswith(PREFIX)}
    if not said:
        return Behaviour()
    default = Behaviour()
    readiness = said.get("readiness", "")
    crash_after, crash_times = said.get("crash-after"), said.get("crash-times", "")
    return Behaviour(
        start_seconds=_number(said.get("start-seconds", ""), default.start_seconds),
        ready_after=_number(said.get("ready-after", ""), 0.0),
        readiness=cast(Any, readiness) if readiness in ("pass", "fail") else "probe",
        fail_health=said.get("fail-health") == "true",
        refuse_connections=said.get("refuse-connections") == "true",
        response_seconds=_number(said.get("response-seconds", ""), 0.0),
        crash_after=None if crash_after is None else _number(crash_after, 0.0),
        crash_times=int(crash_times) if crash_times.isdigit() else None,
        exit_code=int(_number(said.get("exit-code", ""), 1)),
        term_delay=_number(said.get("term-delay", ""), 0.0),
        ignore_sigterm=said.get("ignore-sigterm") == "true",
        drain=said.get("drain") != "false",
        ip=said.get("ip", ""),
        reuse_ip=said.get("reuse-ip") == "true",
        image_pull=said.get("image-pull", ""),
    )
