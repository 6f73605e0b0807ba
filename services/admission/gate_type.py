"""Which condition podgate writes on Pods, and why it may not be another one just now.

TKE's own type is for clusters whose tools look for it. Its service-controller writes the same
condition: two writers would undo each other's work.
"""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from django.contrib.auth.models import AnonymousUser, User
from django.utils.translation import gettext as _

from console import activity, kube
from console.kinds import List
from console.kube import KubeError
from console.models import Cluster
from services.admission.damage import OURS
from workloads.models import Pod
from workloads.views.rows import TKE_GATE

OWN_GATE = "podgate.dev/clb-ready"
# Pages of 500 Pods that are looked through for another writer.
MOST_PAGES = 40

type Object = dict[str, Any]


def why_not(cluster: Cluster, wanted: str) -> str:
    """Why the cluster's gate type may not become this one, in the reader's language."""
    if wanted == cluster.gate_type:
        return ""
    if waiting := _waiting(cluster):
        words = _(
            "%(n)s Pods wait for the gate %(type)s, such as %(pod)s: nobody would open it any "
            "more. Change the type when all are Ready."
        )
        return words % {"n": len(waiting), "type": cluster.gate_type, "pod": waiting[0]}
    try:
        found = next(writers(_pods(cluster), wanted), None)
    except KubeError as error:
        words = _("Whether somebody else writes it could not be read: %(error)s")
        return words % {"error": error.message or error.reason}
    if found is None:
        return ""
    words = _("%(manager)s writes this condition, on Pod %(pod)s: two writers would be at odds.")
    return words % {"manager": found[0], "pod": found[1]}


def writers(pods: Iterable[Object], gate_type: str) -> Iterator[tuple[str, str]]:
    """(manager, Pod) of others that write this condition, by managedFields; pure."""
    key = f"k:{json.dumps({'type': gate_type}, separators=(',', ':'))}"
    for pod in pods:
        metadata = pod["metadata"]
        for entry in metadata.get("managedFields") or ():
            status = (entry.get("fieldsV1") or {}).get("f:status") or {}
            manager = str(entry.get("manager", ""))
            if manager != OURS and key in (status.get("f:conditions") or {}):
                yield manager, f"{metadata.get('namespace', '')}/{metadata['name']}"


def change(user: User | AnonymousUser, cluster: Cluster, wanted: str) -> None:
    before = cluster.gate_type
    if wanted == before:
        return
    Cluster.objects.filter(pk=cluster.pk).update(gate_type=wanted)
    activity.record(
        user,
        "change",
        cluster=cluster.cluster_id,
        kind="Cluster",
        name=cluster.cluster_id,
        before={"gate_type": before},
        after={"gate_type": wanted},
    )


def choices() -> list[tuple[str, str]]:
    return [
        (OWN_GATE, OWN_GATE),
        (TKE_GATE, _("%(type)s (TKE's own)") % {"type": TKE_GATE}),
    ]


def _waiting(cluster: Cluster) -> list[str]:
    """Pods whose gate is still closed."""
    found = Pod.objects.filter(cluster=cluster, gates_open=False, terminating=False)
    return [
        f"{pod.namespace}/{pod.name}"
        for pod in found.only("namespace", "name", "gates")
        if any(g["type"] == cluster.gate_type and g["status"] != "True" for g in pod.gates)
    ]


def _pods(cluster: Cluster) -> Iterator[Object]:
    door = kube.connect(cluster)
    for number, page in enumerate(door.pages(kube.path("Pod"), List[Object])):
        if number == MOST_PAGES:
            return
        yield from page.items
