"""What tells one rollout from the next: a workload's template, its number, who wrote it; pure."""

import re
from datetime import datetime

from console import kinds
from workloads.timeline.stages import refined

REVISION = "deployment.kubernetes.io/revision"
TEMPLATE_GENERATION = "deprecated.daemonset.template.generation"
# Managers that write a template only on somebody else's behalf.
CONTROLLERS = {"kube-controller-manager"}
_REPLICA_SET = re.compile(r'"([^"]+)"')


def key(kind: str, workload: kinds.Workload) -> str:
    """Changes with the Pod template and with nothing else; empty while nobody can tell."""
    meta, status = workload.metadata, workload.status
    if kind == "Deployment":
        return meta.annotations.get(REVISION, "")
    if kind == "StatefulSet":
        return status.update_revision
    return meta.annotations.get(TEMPLATE_GENERATION, "") or str(meta.generation or "")


def number(workload: kinds.Workload) -> int:
    """A Deployment's revision; 0 where Kubernetes has no number."""
    text = workload.metadata.annotations.get(REVISION, "")
    return int(text) if text.isdecimal() else 0


def revision(kind: str, workload: kinds.Workload) -> str:
    """The revision label of Pods of this template; empty where only the Pods tell."""
    if kind == "StatefulSet":
        return workload.status.update_revision
    told = next((one for one in workload.status.conditions if one.type == "Progressing"), None)
    named = _REPLICA_SET.search(told.message) if told and kind == "Deployment" else None
    prefix = f"{workload.metadata.name}-"
    if named and named[1].startswith(prefix):
        return named[1].removeprefix(prefix)
    return ""


def finished_at(workload: kinds.Workload, seen: datetime | None) -> datetime | None:
    """When a Deployment's controller saw its last Pod available; others do not write it down."""
    for condition in workload.status.conditions:
        if condition.type == "Progressing" and condition.reason == "NewReplicaSetAvailable":
            said = condition.last_update_time
            return refined(said, seen) if said else None
    return None


def images(workload: kinds.Workload) -> dict[str, str]:
    return {one.name: one.image for one in workload.spec.template.spec.containers}


def wanted(workload: kinds.Workload) -> int:
    spec, status = workload.spec, workload.status
    if status.desired_number_scheduled:
        return status.desired_number_scheduled
    return 1 if spec.replicas is None else spec.replicas


def writer(workload: kinds.Workload) -> kinds.ManagedFields | None:
    """The field manager that last wrote the Pod template."""
    entries = workload.metadata.managed_fields
    found = [
        (one.time, place)
        for place, one in enumerate(entries)
        if one.time is not None
        and not one.subresource
        and one.manager not in CONTROLLERS
        and b'"f:template"' in bytes(one.fields_v1)
    ]
    return entries[max(found)[1]] if found else None
