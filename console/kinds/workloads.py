"""Deployments, ReplicaSets, StatefulSets and DaemonSets: one struct for all of them."""

from datetime import datetime
from typing import Any

import msgspec
from msgspec import field

from console.kinds.meta import Condition, LabelSelector, ObjectMeta, Struct
from console.kinds.pods import PodTemplateSpec


class ManagedFields(Struct, frozen=True):
    """Who wrote which fields when; `fieldsV1` is left undecoded."""

    manager: str = ""
    operation: str = ""
    subresource: str = ""
    time: datetime | None = None
    fields_v1: msgspec.Raw = field(default=msgspec.Raw(b""), name="fieldsV1")


class WorkloadMeta(ObjectMeta, frozen=True):
    """Of workloads alone, because whoever wrote the template began the rollout."""

    managed_fields: list[ManagedFields] = []


class WorkloadSpec(Struct, frozen=True):
    """Deployment, ReplicaSet, StatefulSet and DaemonSet: each leaves what it lacks at default."""

    replicas: int | None = None
    selector: LabelSelector = LabelSelector()
    template: PodTemplateSpec = PodTemplateSpec()
    paused: bool = False
    min_ready_seconds: int = 0
    progress_deadline_seconds: int | None = None
    # `strategy` is a Deployment's, `updateStrategy` a StatefulSet's or DaemonSet's.
    strategy: dict[str, Any] | None = None
    update_strategy: dict[str, Any] | None = None
    service_name: str = ""
    pod_management_policy: str = ""


class WorkloadStatus(Struct, frozen=True):
    observed_generation: int = 0
    replicas: int = 0
    ready_replicas: int = 0
    updated_replicas: int = 0
    available_replicas: int = 0
    unavailable_replicas: int = 0
    current_replicas: int = 0
    current_revision: str = ""
    update_revision: str = ""
    desired_number_scheduled: int = 0
    current_number_scheduled: int = 0
    number_ready: int = 0
    updated_number_scheduled: int = 0
    number_available: int = 0
    number_unavailable: int = 0
    conditions: list[Condition] = []


class Workload(Struct, frozen=True):
    metadata: WorkloadMeta = WorkloadMeta()
    spec: WorkloadSpec = WorkloadSpec()
    status: WorkloadStatus = WorkloadStatus()


Deployment = ReplicaSet = StatefulSet = DaemonSet = Workload
