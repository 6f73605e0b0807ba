"""A Service's manifest as a row of the index; pure. What it means is for the room above."""

from datetime import datetime
from typing import Any

import msgspec

from console import kinds

VIP = "podgate.dev/vip"
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


class ServiceRow(msgspec.Struct, frozen=True, kw_only=True):
    """The columns of `workloads.models.Service`, without the cluster."""

    uid: str
    namespace: str
    name: str
    resource_version: str
    created_at: datetime | None
    labels: dict[str, str]
    type: str
    cluster_ip: str
    vip: str
    selector: dict[str, str]
    ports: list[dict[str, Any]]
    annotations: dict[str, str]
    load_balancer_class: str
    terminating: bool


def service_row(service: kinds.Service, *, add_on: str = "") -> ServiceRow:
    """`ports` keep Kubernetes' names: name, protocol, port, targetPort, nodePort."""
    meta, spec = service.metadata, service.spec
    annotations = {name: value for name, value in meta.annotations.items() if name != LAST_APPLIED}
    return ServiceRow(
        uid=meta.uid,
        namespace=meta.namespace,
        name=meta.name,
        resource_version=meta.resource_version,
        created_at=meta.creation_timestamp,
        labels=meta.labels,
        type=spec.type,
        cluster_ip=spec.cluster_ip,
        vip=_vip(service),
        selector=spec.selector,
        ports=[
            {
                "name": port.name,
                "protocol": port.protocol,
                "port": port.port,
                "targetPort": port.port if port.target_port is None else port.target_port,
                "nodePort": port.node_port,
            }
            for port in spec.ports
        ],
        annotations=annotations,
        load_balancer_class=spec.load_balancer_class or "",
        terminating=meta.deletion_timestamp is not None,
    )


def _vip(service: kinds.Service) -> str:
    for ingress in service.status.load_balancer.ingress:
        if ingress.ip or ingress.hostname:
            return ingress.ip or ingress.hostname
    return service.metadata.annotations.get(VIP, "")
