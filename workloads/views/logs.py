"""A container's log: the last lines on a page that then follows, and the whole as a file."""

import re

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from console import kube, secrets
from console.access import cluster_for
from console.models import Cluster
from workloads.logs import reading
from workloads.logs.lines import matching
from workloads.models import Pod, PodTimeline
from workloads.views import listing

PAGE = "workloads/logs.html"


@require_GET
def logs(request: HttpRequest, cluster_id: str, namespace: str, name: str) -> HttpResponse:
    cluster = cluster_for(request.user, cluster_id)
    pod = Pod.objects.filter(cluster=cluster, namespace=namespace, name=name).last()
    names = [one["name"] for one in pod.containers] if pod else []
    container = listing.text(request.GET, "container") or (names[0] if names else "")
    tail = listing.text(request.GET, "tail")
    number = int(tail) if tail in map(str, reading.TAILS) else reading.TAILS[1]
    where = reading.Where(namespace, name, container, "previous" in request.GET)
    read = reading.tail(cluster, where, number)
    q = listing.text(request.GET, "q")
    context = {
        "cluster": cluster,
        "section": "pods",
        "namespace": namespace,
        "name": name,
        "pod": pod,
        "containers": names if container in names else [*names, container],
        "where": where,
        "tail": number,
        "tails": reading.TAILS,
        "q": q,
        "read": read,
        "lines": matching(read.lines, q) if q else read.lines,
        "kept": read.gone and is_kept(cluster, namespace, name),
        "last": read.lines[-1].at if read.lines else "",
    }
    return render(request, PAGE, context)


def is_kept(cluster: Cluster, namespace: str, name: str) -> bool:
    """Whether a Pod that is gone still has a page."""
    return PodTimeline.objects.filter(cluster=cluster, namespace=namespace, name=name).exists()


@require_GET
def logs_file(request: HttpRequest, cluster_id: str, namespace: str, name: str) -> HttpResponse:
    cluster = cluster_for(request.user, cluster_id)
    container = listing.text(request.GET, "container")
    where = reading.Where(namespace, name, container, "previous" in request.GET)
    try:
        body = reading.whole(cluster, where)
    except kube.NotFound:
        raise Http404(_("No Pod %(name)s.") % {"name": f"{namespace}/{name}"}) from None
    except (kube.KubeError, secrets.Unreadable) as error:
        return HttpResponse(f"{error}\n", status=502, content_type="text/plain; charset=utf-8")
    words = [namespace, name, container, "previous" if where.previous else ""]
    file = re.sub(r"[^A-Za-z0-9._-]", "_", "-".join(filter(None, words)))
    headers = {"Content-Disposition": f'attachment; filename="{file}.log"'}
    return HttpResponse(body, content_type="text/plain; charset=utf-8", headers=headers)
