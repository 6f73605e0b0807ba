"""What tests of findings in the sandbox share: explain, the region of a page, Pods to spoil."""

import io
import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from django.core.management import call_command
from django.test import Client

from console import kinds
from console.kube import Kube, path
from console.models import Cluster
from services.facts import add_on
from tests.wait import until
from workloads import rollouts
from workloads.index import tables
from workloads.index.services import service_row
from workloads.models import Pod, Service, Workload
from workloads.pods import row as pod_row

ID = "cls-vpccni01"
SHOP = f"/clusters/{ID}"


def explained(what: str) -> list[dict[str, Any]]:
    kind, _, name = what.partition(" ")
    said = io.StringIO()
    with suppress(SystemExit):
        call_command("explain", ID, kind, name, json=True, stdout=said)
    found: list[dict[str, Any]] = json.loads(said.getvalue())["findings"]
    return found


def told(what: str, code: str) -> Callable[[], Any]:
    """The finding of this code, once explain has it."""
    return lambda: next((one for one in explained(what) if one["code"] == code), None)


def index(cluster: Cluster, kube: Kube) -> None:
    """What the watcher would have written by now."""
    kind, found = add_on(cluster), kube.get(path("Pod", "shop"), kinds.PodList).items
    shop = {
        Pod: [pod_row(one, add_on=kind) for one in found],
        Service: [
            service_row(one) for one in kube.get(path("Service", "shop"), kinds.ServiceList).items
        ],
        Workload: [
            rollouts.row(kind, one)
            for kind in rollouts.KINDS
            for one in kube.get(path(kind, "shop"), kinds.WorkloadList).items
        ],
    }
    for model, rows in shop.items():
        tables.store(cluster.pk, model, rows)  # type: ignore[arg-type]


def shown(client: Client, url: str, code: str) -> str:
    """The region's HTML once it tells of this code: what it reads may come late."""

    def html() -> str:
        found = client.get(f"{SHOP}/{url}findings").content.decode()
        return found if f'data-code="{code}"' in found else ""

    return str(until(html))


def run(kube: Kube, name: str, *, annotations: dict[str, str] | None = None, **spec: Any) -> None:
    said = {f"sandbox.podgate.dev/{key}": value for key, value in (annotations or {}).items()}
    container = {"name": "web", "image": "shop/web:1", "ports": [{"containerPort": 8080}]}
    container |= spec.pop("container", {})
    metadata = {"name": name, "namespace": "shop", "labels": {"app": name}, "annotations": said}
    body = {"metadata": metadata, "spec": {"containers": [container], **spec}}
    kube.create(path("Pod", "shop"), body)
