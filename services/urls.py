"""Addresses under /clusters/<cluster_id>/: services/ and access-layer/."""

from django.urls import path

from services import views

urlpatterns = [
    path("access-layer/", views.access_layer, name="access_layer"),
    path("access-layer/health", views.health, name="access_layer_health"),
    path("access-layer/coverage", views.coverage, name="access_layer_coverage"),
    path("access-layer/repairs", views.repairs, name="access_layer_repairs"),
    path("access-layer/check", views.check_access_layer, name="check_access_layer"),
    path("access-layer/roll/", views.roll_all, name="roll_all"),
    path("access-layer/settings/", views.access_layer_settings, name="access_layer_settings"),
    path(
        "access-layer/roll/<kind>/<namespace>/<name>/", views.roll_to_inject, name="roll_to_inject"
    ),
    path("direct_access", views.direct_access, name="direct_access"),
    path("remedies/<name>/", views.remedy, name="remedy"),
    path("evidence/<kind>/<namespace>/<name>/", views.evidence, name="evidence"),
    path("pods/<namespace>/<name>/findings", views.pod_findings, name="pod_findings"),
    path(
        "workloads/<kind>/<namespace>/<name>/findings",
        views.workload_findings,
        name="workload_findings",
    ),
    path("services/<namespace>/<name>/findings", views.service_findings, name="service_findings"),
    path("services/", views.services, name="services"),
    path("services/rows", views.rows, name="service_rows"),
    path("services/create/", views.create_service, name="create_service"),
    path("services/create/check_field", views.check_field, name="check_field"),
    path("services/create/outlook", views.outlook, name="outlook"),
    path("services/<namespace>/<name>/", views.service, name="service"),
    path("services/<namespace>/<name>/head", views.head, name="service_head"),
    path("services/<namespace>/<name>/state", views.state, name="service_state"),
    path("services/<namespace>/<name>/limits", views.limits, name="service_limits"),
    path("services/<namespace>/<name>/targets", views.targets, name="service_targets"),
    path("services/<namespace>/<name>/steps", views.steps, name="service_steps"),
    path("services/<namespace>/<name>/outage", views.outage, name="service_outage"),
    path("services/<namespace>/<name>/drains", views.drains, name="service_drains"),
    path("services/<namespace>/<name>/yaml", views.yaml, name="service_yaml"),
    path("services/<namespace>/<name>/guard", views.guard, name="service_guard"),
    path("services/<namespace>/<name>/guard/set/", views.set_guard, name="set_guard"),
    path("services/<namespace>/<name>/delete/", views.delete_service, name="delete_service"),
    path("services/<namespace>/<name>/release/", views.release_service, name="release_service"),
]
