"""A Deployment `web`, its rollouts and its Pods, as the history has them."""

import re
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from console.models import Cluster
from workloads.history.notes import write
from workloads.models import Rollout

ID = "cls-vpccni01"
ROOT = f"/clusters/{ID}/workloads/deployment/shop/web"
WAY = {
    "created": 0.0,
    "scheduled": 0.2,
    "ip": 1.0,
    "containers_ready": 3.0,
    "registered": 3.5,
    "first_healthy": 18.5,
    "gate": 18.7,
    "ready": 19.0,
}
STAGES = (*WAY, "terminating", "weight_zero", "drained", "gone")
REGIONS = [f"{ROOT}/rollout/{name}" for name in ("progress", "waterfall", "targets", "finished")]
ADDRESSES = [
    f"{ROOT}/rollout/",
    *REGIONS,
    f"{ROOT}/time-to-ready/",
    f"{ROOT}/time-to-ready/ready",
    f"/clusters/{ID}/services/shop/web/time-to-ready/",
    f"/clusters/{ID}/services/shop/web/time-to-ready/ready",
]


def put(
    cluster: Cluster,
    name: str,
    begins: datetime,
    *,
    until: str = "ready",
    revision: str = "new",
    leaves: datetime | None = None,
    **changes: Any,
) -> None:
    """A Pod that went as far as `until`; `leaves`: when it was told to go."""
    moments: dict[str, datetime | None] = dict.fromkeys(STAGES)
    for stage, seconds in WAY.items():
        moments[stage] = begins + timedelta(seconds=changes.pop(stage, seconds))
        if stage == until:
            break
    if leaves is not None:
        moments["terminating"] = leaves
        moments["weight_zero"] = leaves + timedelta(seconds=0.5)
        moments["drained"] = leaves + timedelta(seconds=10.5)
        moments["gone"] = leaves + timedelta(seconds=11)
    row = {
        "pod_uid": name,
        "namespace": "shop",
        "name": name,
        "workload_kind": "Deployment",
        "workload_name": "web",
        "revision": revision,
        "node": "node-1",
        "image": f"web:{revision}",
        "gated": True,
        "word": "Running",
        "because": "",
        "restarts": 0,
        **{f"{stage}_at": at for stage, at in moments.items()},
    }
    write(cluster.pk, [row | changes])


def begin(cluster: Cluster, started: datetime, **fields: Any) -> Rollout:
    known = {
        "kind": "Deployment",
        "namespace": "shop",
        "name": "web",
        "workload_uid": "uid-web",
        "template": "7",
        "number": 7,
        "revision": "new",
        "manager": "kubectl-set",
        "images_before": {"web": "web:old"},
        "images": {"web": "web:new"},
        "replicas": 4,
        "surge": 2,
    }
    return Rollout.objects.create(cluster=cluster, started_at=started, **(known | fields))


def under_way(cluster: Cluster) -> Rollout:
    """Two waves of two: the first is Ready, the second is being checked since 10 s."""
    now = timezone.now()
    started = now - timedelta(seconds=33)
    for number in range(2):
        put(cluster, f"new-{number}", started)
    for number in range(2, 4):
        put(cluster, f"new-{number}", now - timedelta(seconds=13.5), until="registered")
    leaves = started + timedelta(seconds=19)
    put(cluster, "old-0", started - timedelta(days=1), revision="old", leaves=leaves)
    return begin(cluster, started)


def text(response: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))
