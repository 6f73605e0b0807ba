"""Addresses under /clusters/<cluster_id>/: workloads, Pods, Events."""

from django.urls import path

from workloads import views

_WORKLOAD = "workloads/<kind>/<namespace>/<name>"
_rollout = [
    path(f"{_WORKLOAD}/rollout/", views.rollout_page, name="rollout_page"),
    path(f"{_WORKLOAD}/rollouts/<int:pk>/", views.rollout_past, name="rollout_past"),
    path(f"{_WORKLOAD}/rollout/progress", views.progress, name="progress"),
    path(f"{_WORKLOAD}/rollout/waterfall", views.waterfall, name="waterfall"),
    path(f"{_WORKLOAD}/rollout/targets", views.targets, name="targets"),
    path(f"{_WORKLOAD}/rollout/finished", views.finished, name="finished"),
    path(f"{_WORKLOAD}/time-to-ready/", views.ready_times, name="ready_times"),
    path(f"{_WORKLOAD}/time-to-ready/ready", views.ready, name="ready"),
    path(
        "services/<namespace>/<name>/time-to-ready/",
        views.service_ready_times,
        name="service_ready_times",
    ),
    path(
        "services/<namespace>/<name>/time-to-ready/ready", views.service_ready, name="service_ready"
    ),
]

urlpatterns = [
    path("workloads/<kind>/", views.workloads, name="workloads"),
    path("workloads/<kind>/rows", views.workload_rows, name="workload_rows"),
    path("workloads/<kind>/<namespace>/<name>/", views.workload, name="workload"),
    path("workloads/<kind>/<namespace>/<name>/rollout", views.rollout, name="rollout"),
    path("workloads/<kind>/<namespace>/<name>/members", views.members, name="members"),
    path("workloads/<kind>/<namespace>/<name>/yaml", views.workload_yaml, name="workload_yaml"),
    path(
        "workloads/<kind>/<namespace>/<name>/revisions",
        views.workload_revisions,
        name="workload_revisions",
    ),
    *_rollout,
    path("actions/pod/delete/", views.delete_pods, name="delete_pods"),
    path("actions/<kind>/<action>/", views.workload_action, name="workload_action"),
    path("pods/", views.pods, name="pods"),
    path("pods/columns/", views.save_pod_columns, name="save_pod_columns"),
    path("pods/rows", views.pod_rows, name="pod_rows"),
    path("pods/<namespace>/<name>/", views.pod, name="pod"),
    path("pods/<namespace>/<name>/state", views.pod_state, name="pod_state"),
    path("pods/<namespace>/<name>/containers", views.pod_containers, name="pod_containers"),
    path("pods/<namespace>/<name>/life", views.life, name="life"),
    path("pods/<namespace>/<name>/yaml", views.pod_yaml, name="pod_yaml"),
    path("pods/<namespace>/<name>/logs/", views.logs, name="pod_logs"),
    path("pods/<namespace>/<name>/logs/file", views.logs_file, name="pod_logs_file"),
    path("events/", views.events, name="events"),
    path("events/rows", views.event_rows, name="event_rows"),
]
