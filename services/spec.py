"""What the user wants of a Service: ServiceSpec <-> manifest, inverse of each other; pure.

The manifest in the cluster is the only copy. TKE's annotation carries a fact where TKE has one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any
from typing import Protocol as Shape

type Manifest = Mapping[str, Any]

CLASS = "podgate.dev/clb"
CLAIM = "podgate.dev/claim"
VIP = "podgate.dev/vip"
FINALIZER = "podgate.dev/clb"
DESCRIPTION = "description"
SUBNET = "service.kubernetes.io/qcloud-loadbalancer-internal-subnetid"
DIRECT = "service.cloud.tencent.com/direct-access"
CONFIG = "service.cloud.tencent.com/tke-service-config"


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
    health: HealthCheck | None = None  # None: the check of the whole Service.


@dataclass(frozen=True)
class ServiceSpec:
    """`selector` is sorted. `direct` is TKE's direct access; a claimed Service has it anyway."""

    namespace: str
    name: str
    access: Access
    ports: tuple[Port, ...]
    selector: tuple[tuple[str, str], ...] = ()
    description: str = ""
    claim: ClaimBy | None = None
    direct: bool = True
    subnet_id: str = ""
    headless: bool = False
    local_traffic: bool = False
    session_seconds: int | None = None
    health: HealthCheck = field(default_factory=HealthCheck)

    @property
    def has_load_balancer(self) -> bool:
        return _balanced(self.access)

    def check_of(self, port: Port) -> HealthCheck:
        return port.health or self.health


class HasBinder(Shape):
    @property
    def binder(self) -> str: ...


def claim(service: Manifest, cluster: HasBinder) -> ClaimBy | None:
    """How podgate's binder owns this Service, if it does."""
    return claimed_by(service) if cluster.binder == "console" else None


def claimed_by(service: Manifest) -> ClaimBy | None:
    """The claim the manifest itself makes, whoever binds in its cluster."""
    spec = service.get("spec", {})
    kind = spec.get("type", "ClusterIP")
    if kind == "LoadBalancer" and spec.get("loadBalancerClass") == CLASS:
        return ClaimBy.CLASS
    if kind == "ClusterIP" and _annotations(service).get(CLAIM) == "clb":
        return ClaimBy.ANNOTATION
    return None


def manifest(spec: ServiceSpec) -> dict[str, Any]:
    """The Service to write; `tke_service_config` is the second object, where there is one."""
    body: dict[str, Any] = {
        "type": _kind(spec),
        "ports": [_port_manifest(port) for port in spec.ports],
    }
    if spec.selector:
        body["selector"] = dict(spec.selector)
    if spec.claim is ClaimBy.CLASS:
        body |= {"loadBalancerClass": CLASS, "allocateLoadBalancerNodePorts": False}
    if spec.headless:
        body["clusterIP"] = "None"
    if spec.local_traffic:
        body["externalTrafficPolicy"] = "Local"
    if spec.session_seconds is not None:
        body["sessionAffinity"] = "ClientIP"
        body["sessionAffinityConfig"] = {"clientIP": {"timeoutSeconds": spec.session_seconds}}
    metadata: dict[str, Any] = {"name": spec.name, "namespace": spec.namespace}
    if annotations := _annotations_of(spec):
        metadata["annotations"] = annotations
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": body}


def tke_service_config(spec: ServiceSpec) -> dict[str, Any] | None:
    """TKE's object for health-check settings, where they differ from CLB's defaults."""
    if not _needs_config(spec):
        return None
    listeners = [
        {
            "protocol": port.protocol.value,
            "port": port.port,
            "healthCheck": _check_manifest(spec.check_of(port)),
        }
        for port in spec.ports
    ]
    return {
        "apiVersion": "cloud.tencent.com/v1alpha1",
        "kind": "TkeServiceConfig",
        "metadata": {"name": f"{spec.name}-config", "namespace": spec.namespace},
        "spec": {"loadBalancer": {"l4Listeners": listeners}},
    }


def from_manifest(service: Manifest, config: Manifest | None = None) -> ServiceSpec:
    """Reads a Service back. ValueError names what CLB cannot carry, such as SCTP."""
    spec, annotations = service["spec"], _annotations(service)
    owner = claimed_by(service)
    access = _access(spec.get("type", "ClusterIP"), owner, annotations)
    checks = _checks(config)
    ports = tuple(_port(port, checks, access) for port in spec.get("ports", ()))
    common = next((port.health for port in ports if port.health), HealthCheck())
    affinity = spec.get("sessionAffinityConfig", {}).get("clientIP", {})
    sticky = spec.get("sessionAffinity") == "ClientIP"
    return ServiceSpec(
        namespace=service["metadata"].get("namespace", "default"),
        name=service["metadata"]["name"],
        access=access,
        ports=tuple(_against(port, common) for port in ports),
        selector=tuple(sorted((spec.get("selector") or {}).items())),
        description=annotations.get(DESCRIPTION, ""),
        claim=owner,
        direct=annotations.get(DIRECT) == "true" if _balanced(access) else True,
        subnet_id=annotations.get(SUBNET, "") if access is Access.PRIVATE else "",
        headless=spec.get("clusterIP") == "None",
        local_traffic=spec.get("externalTrafficPolicy") == "Local",
        session_seconds=affinity.get("timeoutSeconds", 10800) if sticky else None,
        health=common,
    )


def config_name(service: Manifest) -> str:
    """Name of the TkeServiceConfig the Service refers to, or nothing."""
    return _annotations(service).get(CONFIG, "")


def _balanced(access: Access) -> bool:
    return access in {Access.PUBLIC, Access.PRIVATE}


def _annotations(service: Manifest) -> Mapping[str, str]:
    return service.get("metadata", {}).get("annotations") or {}


def _annotations_of(spec: ServiceSpec) -> dict[str, str]:
    said = {
        DESCRIPTION: spec.description,
        CLAIM: "clb" if spec.claim is ClaimBy.ANNOTATION else "",
        SUBNET: spec.subnet_id,
        DIRECT: "true" if spec.direct and spec.has_load_balancer else "",
        CONFIG: f"{spec.name}-config" if _needs_config(spec) else "",
    }
    return {name: value for name, value in said.items() if value}


def _needs_config(spec: ServiceSpec) -> bool:
    checks = {spec.check_of(port) for port in spec.ports}
    return spec.has_load_balancer and checks != {HealthCheck()}


def _kind(spec: ServiceSpec) -> str:
    if spec.access is Access.NODE_PORT:
        return "NodePort"
    if spec.access is Access.CLUSTER_IP or spec.claim is ClaimBy.ANNOTATION:
        return "ClusterIP"
    return "LoadBalancer"


def _access(kind: str, owner: ClaimBy | None, annotations: Mapping[str, str]) -> Access:
    if kind == "NodePort":
        return Access.NODE_PORT
    if kind == "LoadBalancer" or owner:
        return Access.PRIVATE if annotations.get(SUBNET) else Access.PUBLIC
    return Access.CLUSTER_IP


def _default_name(port: Port) -> str:
    return f"{port.protocol.lower()}-{port.target}-{port.port}"


def _port_manifest(port: Port) -> dict[str, Any]:
    written = {
        "name": port.name or _default_name(port),
        "protocol": port.protocol.value,
        "port": port.port,
        "targetPort": port.target,
    }
    return written if port.node_port is None else written | {"nodePort": port.node_port}


def _port(written: Manifest, checks: Mapping[tuple[str, int], HealthCheck], access: Access) -> Port:
    protocol = Protocol(written.get("protocol", "TCP"))
    port = Port(
        protocol=protocol,
        port=written["port"],
        target=written.get("targetPort", written["port"]),
        node_port=written.get("nodePort") if access is Access.NODE_PORT else None,
        health=checks.get((protocol, written["port"])),
    )
    name = written.get("name", "")
    return replace(port, name="" if name == _default_name(port) else name)


def _against(port: Port, common: HealthCheck) -> Port:
    """The port, saying nothing about health where it has what the whole Service has."""
    return replace(port, health=None) if port.health in {None, common} else port


def _check_manifest(check: HealthCheck) -> dict[str, Any]:
    return {
        "enable": check.enabled,
        "checkType": check.type.value,
        "httpCheckPath": check.path,
        "httpCheckDomain": check.domain,
        "intervalTime": check.interval,
        "timeout": check.timeout,
        "healthNum": check.healthy,
        "unHealthNum": check.unhealthy,
    }


def _checks(config: Manifest | None) -> dict[tuple[str, int], HealthCheck]:
    listeners = ((config or {}).get("spec", {}).get("loadBalancer") or {}).get("l4Listeners") or ()
    return {
        (listener["protocol"], listener["port"]): _check(listener.get("healthCheck") or {})
        for listener in listeners
    }


def _check(written: Manifest) -> HealthCheck:
    default = HealthCheck()
    return HealthCheck(
        enabled=written.get("enable", default.enabled),
        type=CheckType(written.get("checkType", default.type)),
        path=written.get("httpCheckPath", default.path),
        domain=written.get("httpCheckDomain", default.domain),
        interval=written.get("intervalTime", default.interval),
        timeout=written.get("timeout", default.timeout),
        healthy=written.get("healthNum", default.healthy),
        unhealthy=written.get("unHealthNum", default.unhealthy),
    )
