"""What the user wants of a Service: ServiceSpec <-> manifest, inverse of each other; pure."""

from dataclasses import dataclass, field
from enum import StrEnum


class Access(StrEnum):
    PUBLIC = "public"
    PRIVATE = "private"
    CLUSTER_IP = "cluster-ip"
    NODE_PORT = "node-port"


class Protocol(StrEnum):
    TCP = "TCP"
    UDP = "UDP"


class CheckType(StrEnum):
    TCP = "TCP"
    HTTP = "HTTP"
    PING = "PING"
    CUSTOM = "CUSTOM"


class ClaimBy(StrEnum):
    CLASS = "class"
    ANNOTATION = "annotation"


@dataclass(frozen=True)
class HealthCheck:
    """A listener's health check; seconds and counts in CLB's ranges (DOMAIN: HealthCheck)."""

    enabled: bool = True
    type: CheckType = CheckType.TCP
    path: str = "/"
    domain: str = ""
    interval: int = 5
    timeout: int = 2
    healthy: int = 3
    unhealthy: int = 3


@dataclass(frozen=True)
class Port:
    """One service port; `target` is a number or the name of a container port."""

    protocol: Protocol
    port: int
    target: int | str
    name: str = ""
    node_port: int | None = None


@dataclass(frozen=True)
class ServiceSpec:
    namespace: str
    name: str
    access: Access
    ports: tuple[Port, ...]
    selector: tuple[tuple[str, str], ...] = ()
    description: str = ""
    claim: ClaimBy | None = None
    subnet_id: str = ""
    headless: bool = False
    local_traffic: bool = False
    session_seconds: int | None = None
    health: HealthCheck = field(default_factory=HealthCheck)
    # Network mode: the CLB goes to the Pods. Without it (binder = tke only) it goes to node ports.
    direct: bool = True
