"""Addresses under /clusters/<cluster_id>/: workloads, Pods, Events."""

from django.urls import path

from workloads import views

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
    path("actions/<kind>/<action>/", views.workload_action, name="workload_action"),
    path("pods/", views.pods, name="pods"),
    path("pods/rows", views.pod_rows, name="pod_rows"),
    path("pods/<namespace>/<name>/", views.pod, name="pod"),
    path("pods/<namespace>/<name>/state", views.pod_state, name="pod_state"),
    path("pods/<namespace>/<name>/containers", views.pod_containers, name="pod_containers"),
    path("pods/<namespace>/<name>/yaml", views.pod_yaml, name="pod_yaml"),
    path("events/", views.events, name="events"),
    path("events/rows", views.event_rows, name="event_rows"),
]
