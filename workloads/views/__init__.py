"""The pages of what runs: workloads, Pods, Kubernetes Events. All but Events read the index."""

from workloads.views.events import event_rows, events
from workloads.views.pods import (
    pod,
    pod_containers,
    pod_rows,
    pod_state,
    pod_yaml,
    pods,
)
from workloads.views.workloads import members, rollout, workload, workload_rows, workloads

__all__ = [
    "event_rows",
    "events",
    "members",
    "pod",
    "pod_containers",
    "pod_rows",
    "pod_state",
    "pod_yaml",
    "pods",
    "rollout",
    "workload",
    "workload_rows",
    "workloads",
]
