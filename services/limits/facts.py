"""What the checks look at, read live for decisions and from the index for pages; pure.

A fact that could not be read is an `Unread` that says why; None: nobody asked, because the Service
does not need it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from console.container_routes import Ccn
from services.limits.security import SecurityGroup
from services.limits.sentence import Sentence


@dataclass(frozen=True)
class Unread:
    """Why a fact could not be read; it counts as nothing, never as good."""

    why: str = Sentence("it has not been read yet")

    def __bool__(self) -> Literal[False]:
        return False


@dataclass(frozen=True)
class PortFacts:
    name: str
    protocol: str
    number: int


@dataclass(frozen=True)
class PodFacts:
    """A Pod the selector matches, as far as the limits care."""

    name: str
    network_mode: str
    host_network: bool = False
    gated: bool = False
    ready: bool = False
    # Its containers are ready, whatever its gates say.
    runs: bool = True
    ports: tuple[PortFacts, ...] = ()
    # Kind and name of the workload on top; empty for a Pod of its own.
    workload: tuple[str, str] = ("", "")
    ip: str = ""
    node: str = ""
    labels: frozenset[tuple[str, str]] = frozenset()
    # Ports its readiness probes look at, by number or name; "" for a command. None: not known.
    probes: tuple[int | str, ...] | None = None
    # preStop in seconds, None when its template does not tell; grace None when not known.
    pre_stop: float | None = None
    grace: int | None = None
    # The annotation and the resource by which a Pod of a mixed cluster asks for an ENI.
    eni_annotation: bool | None = None
    eni_resource: bool | None = None

    @property
    def named_ports(self) -> frozenset[tuple[str, str]]:
        return frozenset((port.name, port.protocol) for port in self.ports if port.name)


@dataclass(frozen=True)
class WorkloadFacts:
    kind: str
    name: str
    replicas: int
    # How many Pods beyond the replicas a rollout may start.
    surge: int = 0


@dataclass(frozen=True)
class ServiceFacts:
    """Another Service of the namespace that is bound by podgate or TKE."""

    name: str
    selector: tuple[tuple[str, str], ...]
    by_tke: bool = False


@dataclass(frozen=True)
class SubnetFacts:
    id: str
    free_ips: int
    zone: str = ""


@dataclass(frozen=True)
class Interface:
    """The network interface that holds an address: a Pod's on an ENI, or a node's own."""

    ip: str
    id: str
    vpc_id: str
    groups: tuple[str, ...] = ()
    # The primary address of a primary interface: the node's own.
    is_node: bool = False


@dataclass(frozen=True)
class Ipamd:
    """How far VPC-CNI is on the cluster: DescribeIPAMD and DescribeEnableVpcCniProgress."""

    enabled: bool
    phase: str = ""
    reason: str = ""
    # Running, Succeed, Failed, or empty where it was never enabled later.
    progress: str = ""
    error: str = ""


@dataclass(frozen=True)
class BalancerFacts:
    """The load balancer a Service already has."""

    id: str
    vip: str = ""
    groups: tuple[str, ...] = ()
    pass_to_target: bool = False
    delete_protected: bool = False
    isolated: bool = False
    blocked: bool = False
    snat_pro: bool = False
    # Listeners such as "TCP:80" whose health checks come from the VIP.
    probed_from_vip: frozenset[str] = frozenset()
    # "TCP:80" -> the listener's name, of listeners that are not ours.
    foreign: Mapping[str, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Facts:
    """Everything the checks look at."""

    kubernetes: tuple[int, int] | Unread | None
    # A name of `console.network.AddOn`; `add_on_word` is DescribeClusters' own.
    add_on: str
    add_on_word: str = ""
    console_binds: bool = True
    gate_type: str = ""
    cluster_status: str = ""
    serverless: bool = False
    vpc_id: str = ""
    vpc_cidr: str = ""
    # The ConfigMap of TKE's service-controller; None: there is none.
    controller: Mapping[str, str] | Unread | None = None
    pods: tuple[PodFacts, ...] | Unread = ()
    workloads: tuple[WorkloadFacts, ...] | Unread | None = None
    services: tuple[ServiceFacts, ...] | Unread | None = None
    subnets: tuple[SubnetFacts, ...] | Unread | None = None
    eni_subnets: tuple[SubnetFacts, ...] | Unread | None = None
    # QuotaId -> limit, from DescribeQuota; and how many load balancers of the type exist.
    quotas: Mapping[str, int] | Unread | None = None
    balancers: int | Unread | None = None
    balancer: BalancerFacts | Unread | None = None
    ipamd: Ipamd | Unread | None = None
    # Of a sample of the Pods' addresses, or of the nodes' where Pods are GlobalRouter's.
    interfaces: tuple[Interface, ...] | Unread | None = None
    sample: frozenset[str] = frozenset()
    groups: Mapping[str, SecurityGroup | Unread] = field(default_factory=dict)
    account_type: str | Unread | None = None
    # What is left on the account, in hundredths of a yuan.
    balance: int | Unread | None = None
    ccn: Ccn | Unread | None = None
    # The operator says that Tencent Cloud routes the container network without a CCN.
    ticket_route: bool = False
    # Seconds since the oldest of these was read.
    age: float = 0.0

    @property
    def tke_controller(self) -> bool:
        return isinstance(self.controller, Mapping)


MODE_WORDS = {
    "eni": "VPC-CNI",
    "route": "GlobalRouter",
    "host": "hostNetwork",
    "overlay": "Overlay",
}
