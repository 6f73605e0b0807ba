"""Every address of the console, as a table of contents."""

from importlib.util import find_spec

from django.urls import URLPattern, URLResolver, include, path

from console.views import clusters, health, session

cluster_pages: list[URLPattern | URLResolver] = [
    path("", clusters.clusters, name="cluster"),
    path("activity/", clusters.clusters, name="cluster_activity"),
]
for room in ("workloads.urls", "services.urls"):
    if find_spec(room):
        cluster_pages.append(path("", include(room)))

urlpatterns: list[URLPattern | URLResolver] = [
    path("", clusters.clusters, name="clusters"),
    path("clusters/<slug:cluster_id>/", include(cluster_pages)),
    path("activity/", clusters.clusters, name="activity"),
    path("accounts/", clusters.clusters, name="accounts"),
    path("sandbox/", clusters.clusters, name="sandbox"),
    path("login/", session.login, name="login"),
    path("logout/", session.logout, name="logout"),
    path("theme/", session.theme, name="theme"),
    path("language/", session.set_language, name="set_language"),
    path("healthz", health.healthz, name="healthz"),
]
