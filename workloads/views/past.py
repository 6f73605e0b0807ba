"""What a workload was: its revisions, read live, and its YAML with managedFields folded."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from console import kube, secrets
from console.access import Role, cluster_for, has_role
from workloads import folded
from workloads.actions import perform, revisions
from workloads.views.workloads import KIND, kind_of


@require_GET
def workload_revisions(
    request: HttpRequest, cluster_id: str, kind: str, namespace: str, name: str
) -> HttpResponse:
    """The part of the workload's page that is read when it is opened; alone it is a page too."""
    cluster = cluster_for(request.user, cluster_id)
    context = {
        "cluster": cluster,
        "section": kind,
        "kind": kind_of(kind),
        "kind_word": kind,
        "namespace": namespace,
        "name": name,
        "may_write": has_role(request.user, Role.OPERATOR),
    }
    try:
        live = perform.read(cluster, perform.Subject(KIND[kind], namespace, name))
        context["revisions"] = revisions.read(kube.connect(cluster), KIND[kind], live)
    except (kube.KubeError, secrets.Unreadable) as error:
        context["error"] = str(error)
    part = "#revisions" if request.headers.get("HX-Request") else ""
    return render(request, f"workloads/revisions.html{part}", context)


@require_GET
def workload_yaml(
    request: HttpRequest, cluster_id: str, kind: str, namespace: str, name: str
) -> HttpResponse:
    cluster = cluster_for(request.user, cluster_id)
    context = {
        "cluster": cluster,
        "section": kind,
        "kind": kind_of(kind),
        "kind_word": kind,
        "namespace": namespace,
        "name": name,
        "manifest": folded.read(cluster, kind_of(kind), namespace, name),
    }
    # A partial belongs to the template that defines it.
    is_part = request.headers.get("HX-Request")
    template = "workloads/yaml.html#yaml" if is_part else "workloads/workload_yaml.html"
    return render(request, template, context)
