"""Deleting Pods, one or many: the drain is explained, then it is confirmed."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from console import kube, secrets
from console.access import Role, cluster_for
from console.models import Cluster
from workloads.actions import removing
from workloads.actions.perform import Subject
from workloads.views.actions import Result, picked

PAGE = "workloads/delete_pods.html"


@require_http_methods(["GET", "POST"])
def delete_pods(request: HttpRequest, cluster_id: str) -> HttpResponse:
    cluster = cluster_for(request.user, cluster_id, Role.OPERATOR)
    data = request.POST if request.method == "POST" else request.GET
    subjects = picked(data, "Pod")
    if request.method == "GET" or not subjects:
        return render(request, PAGE, _context(cluster, subjects))
    seen = dict(word.split(" ", 1) for word in data.getlist("seen") if " " in word)
    evict = "evict" in data
    results = [_deleted(request, cluster, one, seen.get(one.word, ""), evict) for one in subjects]
    failed = [result for result in results if result.text]
    if failed:
        context = _context(cluster, [result.subject for result in failed])
        return render(request, PAGE, context | {"results": results, "evict": evict})
    text = ngettext("%(n)s Pod is being deleted.", "%(n)s Pods are being deleted.", len(subjects))
    messages.success(request, text % {"n": len(subjects)})
    if len(subjects) == 1:
        # Its page shows the drain to the end.
        return redirect("pod", cluster_id, subjects[0].namespace, subjects[0].name)
    return redirect("pods", cluster_id)


def _context(cluster: Cluster, subjects: list[Subject]) -> dict[str, Any]:
    leaving = removing.explained(cluster, subjects)
    return {
        "cluster": cluster,
        "section": "pods",
        "subjects": subjects,
        "leaving": leaving,
        "possible": [one for one in leaving if one.is_possible],
        "evict": True,
    }


def _deleted(
    request: HttpRequest, cluster: Cluster, subject: Subject, uid: str, evict: bool
) -> Result:
    """Without the uid that was looked at nothing is deleted: its name may be another Pod's now."""
    if not uid:
        return Result(subject, _("It was not there when you looked."))
    try:
        removing.remove(request.user, cluster, subject, uid, evict=evict)
    except kube.NotFound:
        return Result(subject)
    except kube.Conflict as error:
        text = _("Another Pod has its name by now; that one was left alone.")
        return Result(subject, text, error.request_id)
    except (kube.KubeError, secrets.Unreadable) as error:
        return Result(subject, str(error), str(getattr(error, "request_id", "")))
    return Result(subject)
