"""What the checks look at, read live for decisions and from the index for pages; pure."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class PodFacts:
    """A Pod the selector matches, as far as the limits care."""

    name: str
    network_mode: str
    host_network: bool = False
    gated: bool = False
    ready: bool = False
    # (name, protocol) of the named container ports.
    named_ports: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True)
class SubnetFacts:
    id: str
    free_ips: int
    zone: str = ""


@dataclass(frozen=True)
class Facts:
    """Everything the checks look at. None = could not be read, which is said, never guessed."""

    kubernetes: tuple[int, int] | None
    # GLOBAL_ROUTER, VPC_CNI_SHARED, VPC_CNI_EXCLUSIVE, MIXED, CILIUM_OVERLAY or UNKNOWN.
    add_on: str
    console_binds: bool = True
    gate_type: str = ""
    tke_controller: bool = False
    pods: tuple[PodFacts, ...] | None = ()
    subnets: tuple[SubnetFacts, ...] | None = None
    # QuotaId -> limit, from DescribeQuota.
    quotas: Mapping[str, int] | None = None


MODE_WORDS = {
    "eni": "VPC-CNI",
    "route": "GlobalRouter",
    "host": "hostNetwork",
    "overlay": "Overlay",
}
