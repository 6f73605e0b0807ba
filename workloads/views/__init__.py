"""The pages of what runs: workloads, Pods, Kubernetes Events. All but Events read the index."""

from workloads.views.actions import workload_action
from workloads.views.events import event_rows, events
from workloads.views.past import workload_revisions, workload_yaml
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
    "workload_action",
    "workload_revisions",
    "workload_rows",
    "workload_yaml",
    "workloads",
]
