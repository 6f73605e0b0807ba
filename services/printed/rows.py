"""The Service list's rows: the index beside the bindings."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from console.models import Cluster
from services.models import Binding
from services.printed.words import PHASE_TONES, is_direct, message_words, method_words, phase_word
from workloads.models import Service


@dataclass(frozen=True)
class Row:
    service: Service
    url: str
    access: str
    is_direct: bool
    ports: tuple[str, ...]
    vip: str
    phase: str
    tone: str
    message: str


def as_manifest(row: Service) -> dict[str, Any]:
    """The parts of the manifest the index keeps."""
    spec: dict[str, Any] = {
        "type": row.type,
        "ports": [
            {name: value for name, value in port.items() if value not in (None, "")}
            for port in row.ports
        ],
        "selector": row.selector,
        "clusterIP": row.cluster_ip,
    }
    if row.load_balancer_class:
        spec["loadBalancerClass"] = row.load_balancer_class
    metadata = {"namespace": row.namespace, "name": row.name, "annotations": row.annotations}
    return {"metadata": metadata, "spec": spec}


def port_words(port: dict[str, Any]) -> str:
    words = f"{port['protocol']} {port['port']} → {port['targetPort']}"
    if not port.get("nodePort"):
        return words
    return _("%(words)s (NodePort %(port)s)") % {"words": words, "port": port["nodePort"]}


def _short(service: Service, port: dict[str, Any]) -> str:
    """In the list a node port is told only where it is the way in."""
    return port_words(port if service.type == "NodePort" else port | {"nodePort": None})


def service_rows(cluster: Cluster, services: Iterable[Service]) -> list[Row]:
    found = list(services)
    uids = [service.uid for service in found]
    bindings = {
        binding.service_uid: binding
        for binding in Binding.objects.filter(cluster=cluster, service_uid__in=uids)
    }
    return [_row(cluster, service, bindings.get(service.uid)) for service in found]


def _row(cluster: Cluster, service: Service, binding: Binding | None) -> Row:
    manifest = as_manifest(service)
    return Row(
        service=service,
        url=reverse("service", args=[cluster.cluster_id, service.namespace, service.name]),
        access=method_words(manifest),
        is_direct=is_direct(manifest),
        ports=tuple(_short(service, port) for port in service.ports),
        vip=(binding.vip if binding else "") or service.vip,
        phase=phase_word(binding.phase) if binding else "",
        tone=PHASE_TONES[binding.phase] if binding else "idle",
        message=message_words(binding) if binding else "",
    )
