"""Every address of the console, as a table of contents."""

from django.urls import URLPattern, URLResolver, include, path

from console.views import (
    accounts,
    activity,
    cluster,
    clusters,
    errors,
    health,
    metrics,
    sandbox,
    search,
    session,
)

cluster_pages: list[URLPattern | URLResolver] = [
    path("", cluster.cluster, name="cluster"),
    path("information", cluster.information, name="information"),
    path("resources", cluster.resources, name="cluster_resources"),
    path("refresh/", cluster.refresh, name="refresh"),
    path("activity/", activity.cluster_activity, name="cluster_activity"),
    path("", include("workloads.urls")),
    path("", include("services.urls")),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("", clusters.clusters, name="clusters"),
    path("clusters/glance", clusters.glance, name="glance"),
    path("clusters/cluster_rows", clusters.cluster_rows, name="cluster_rows"),
    path("clusters/attention_now", clusters.attention_now, name="attention_now"),
    path("clusters/<slug:cluster_id>/", include(cluster_pages)),
    path("activity/", activity.activity, name="activity"),
    path("search/", search.search, name="search"),
    path("search/found", search.found, name="search_found"),
    path("accounts/", accounts.accounts, name="accounts"),
    path("sandbox/", sandbox.sandbox, name="sandbox"),
    path("sandbox/faults/on/", sandbox.fault_on, name="fault_on"),
    path("sandbox/faults/off/", sandbox.faults_off, name="faults_off"),
    path("sandbox/account/", sandbox.sandbox_account, name="sandbox_account"),
    path("login/", session.login, name="login"),
    path("logout/", session.logout, name="logout"),
    path("theme/", session.theme, name="theme"),
    path("language/", session.set_language, name="set_language"),
    path("healthz", health.healthz, name="healthz"),
    path("metrics", metrics.metrics, name="metrics"),
]

handler400 = errors.bad_request
handler403 = errors.forbidden
handler404 = errors.not_found
handler500 = errors.failed
