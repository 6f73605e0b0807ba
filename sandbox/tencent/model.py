"""What the emulated CLB knows: load balancers, listeners, targets and the tasks that change them.

Plain values, written to disk as they are. Addresses here are what the API shows.
"""

import secrets
from collections.abc import Container
from typing import Any

import msgspec

UNKNOWN, ALIVE, DEAD, CLOSE = "Unknown", "Alive", "Dead", "Close"
SUCCEEDED, FAILED, RUNNING = 0, 1, 2

# Unset fields of HealthCheck (DOMAIN: defaults of the CLB API).
HEALTH_DEFAULTS: dict[str, Any] = {
    "HealthSwitch": 1,
    "TimeOut": 2,
    "IntervalTime": 5,
    "HealthNum": 3,
    "UnHealthNum": 3,
    "HttpCode": 31,
    "HttpCheckPath": "/",
    "HttpCheckDomain": "",
    "HttpCheckMethod": "HEAD",
    "CheckPort": -1,
    "ContextType": None,
    "SendContext": None,
    "RecvContext": None,
    "CheckType": "TCP",
    "HttpVersion": None,
    "SourceIpType": 1,
    "ExtendedCode": None,
}


class Target(msgspec.Struct):
    """A backend (RS) of one listener, with what the health check last said of it."""

    ip: str
    port: int
    weight: int = 10
    registered: str = ""
    tag: str | None = None
    health: str = UNKNOWN

    @property
    def key(self) -> str:
        return f"{self.ip}:{self.port}"


class Listener(msgspec.Struct):
    id: str
    protocol: str
    port: int
    name: str = ""
    created: str = ""
    health_check: dict[str, Any] = msgspec.field(default_factory=dict)
    scheduler: str = "WRR"
    session_expire: int = 0
    deregister_rst: bool = False
    idle_timeout: int = 0
    reschedule: dict[str, Any] = msgspec.field(default_factory=dict)
    targets: dict[str, Target] = msgspec.field(default_factory=dict)

    @property
    def is_checked(self) -> bool:
        return bool(self.health_check["HealthSwitch"])

    def health_of(self, target: Target) -> str:
        return target.health if self.is_checked else CLOSE


class LoadBalancer(msgspec.Struct):
    id: str
    name: str
    type: str
    vip: str
    vpc_id: str
    subnet_id: str | None = None
    status: int = 0
    created: str = ""
    tags: dict[str, str] = msgspec.field(default_factory=dict)
    security_groups: list[str] = msgspec.field(default_factory=list)
    pass_to_target: bool = False
    snat_pro: bool = False
    delete_protect: bool = False
    isolated: bool = False
    banned: bool = False
    charge_type: str = "TRAFFIC_POSTPAID_BY_HOUR"
    bandwidth: int = 10
    zone: str = ""
    listeners: dict[str, Listener] = msgspec.field(default_factory=dict)

    def other_listener_with(self, listener: Listener, key: str) -> Listener | None:
        """The other listener of the same protocol that already has this ip:port, if any."""
        same = (each for each in self.listeners.values() if each.protocol == listener.protocol)
        return next((each for each in same if each.id != listener.id and key in each.targets), None)

    @property
    def target_count(self) -> int:
        return sum(len(listener.targets) for listener in self.listeners.values())


class Task(msgspec.Struct):
    """An asynchronous change; its id is the RequestId of the call that asked for it."""

    id: str
    action: str
    load_balancer_ids: list[str]
    effect: dict[str, Any]
    ends_at: float
    status: int = RUNNING
    message: str = ""


def fresh_id(prefix: str, used: Container[str]) -> str:
    """A resource id such as lb-1a2b3c4d that nothing has yet."""
    while (id := f"{prefix}-{secrets.token_hex(4)}") in used:
        pass
    return id
