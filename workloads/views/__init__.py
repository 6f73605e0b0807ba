"""The pages of what runs: workloads, Pods, Kubernetes Events. All but Events read the index."""

from workloads.views.actions import workload_action
from workloads.views.delete_pods import delete_pods
from workloads.views.events import event_rows, events
from workloads.views.logs import logs, logs_file
from workloads.views.past import workload_revisions, workload_yaml
from workloads.views.pod_life import life
from workloads.views.pods import (
    pod,
    pod_containers,
    pod_rows,
    pod_state,
    pod_yaml,
    pods,
    save_pod_columns,
)
from workloads.views.rollout import (
    finished,
    progress,
    rollout_page,
    rollout_past,
    targets,
    waterfall,
)
from workloads.views.time_to_ready import (
    ready,
    ready_times,
    service_ready,
    service_ready_times,
)
from workloads.views.workloads import members, rollout, workload, workload_rows, workloads

__all__ = [
    "delete_pods",
    "event_rows",
    "events",
    "finished",
    "life",
    "logs",
    "logs_file",
    "members",
    "pod",
    "pod_containers",
    "pod_rows",
    "pod_state",
    "pod_yaml",
    "pods",
    "save_pod_columns",
    "progress",
    "ready",
    "ready_times",
    "rollout",
    "rollout_page",
    "rollout_past",
    "service_ready",
    "service_ready_times",
    "targets",
    "waterfall",
    "workload",
    "workload_action",
    "workload_revisions",
    "workload_rows",
    "workload_yaml",
    "workloads",
]
