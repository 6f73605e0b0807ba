"""The traffic guard of one Service: its card on the Service's page, and the form that sets it."""

import re
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from console import kube, live, secrets
from console.access import Role, cluster_for, has_role
from console.models import Cluster
from services.guard import setting, told, watch
from services.models import Binding
from workloads.actions import outlook
from workloads.actions.front import floor_in_targets
from workloads.models import Service, Workload

CARD = "services/guard_card.html"
PAGE = "services/guard.html"


class GuardForm(forms.Form):
    floor = forms.CharField(required=False, max_length=16)

    def clean_floor(self) -> str:
        text = re.sub(r"\s", "", str(self.cleaned_data["floor"]))
        if text and not setting.is_valid(text):
            raise forms.ValidationError(
                _("Give a number from 1 on, or a percentage from 1% to 100%.")
            )
        return text


def _topics(cluster_id: str, namespace: str, name: str) -> list[str]:
    return [f"{cluster_id}/services/{namespace}/{name}", f"{cluster_id}/workloads"]


@live.region(topics=_topics, every=5)
@require_GET
def guard(request: HttpRequest, cluster_id: str, namespace: str, name: str) -> HttpResponse:
    cluster = cluster_for(request.user, cluster_id)
    context = {
        "cluster": cluster,
        "namespace": namespace,
        "name": name,
        "guard": card(cluster, namespace, name),
        "may_write": has_role(request.user, Role.OPERATOR),
    }
    return render(request, CARD, context)


def card(cluster: Cluster, namespace: str, name: str) -> told.Card:
    service, binding = _found(cluster, namespace, name)
    return told.card(cluster, service, binding)


@require_http_methods(["GET", "POST"])
def set_guard(request: HttpRequest, cluster_id: str, namespace: str, name: str) -> HttpResponse:
    cluster = cluster_for(request.user, cluster_id, Role.OPERATOR)
    service, binding = _found(cluster, namespace, name)
    if service is None:
        raise Http404(_("No Service %(name)s.") % {"name": f"{namespace}/{name}"})
    now = service.annotations.get(setting.ANNOTATION, "")
    form = GuardForm(request.POST or None, initial={"floor": now})
    context = _context(cluster, service, binding, form)
    if request.method == "POST" and form.is_valid():
        floor = form.cleaned_data["floor"]
        try:
            manifest = kube.connect(cluster).get(kube.path("Service", namespace, name))
            setting.write(request.user, cluster, manifest, floor)
        except (kube.KubeError, secrets.Unreadable) as error:
            return render(request, PAGE, context | {"refused": error})
        words = _("The traffic guard is set to %(floor)s.") if floor else _("The guard is off.")
        messages.success(request, words % {"floor": floor})
        return redirect("service", cluster_id, namespace, name)
    return render(request, PAGE, context)


def _found(cluster: Cluster, namespace: str, name: str) -> tuple[Service | None, Binding | None]:
    rows = Service.objects.filter(cluster=cluster, namespace=namespace, name=name)
    service = rows.order_by("-created_at").first()
    if service is None:
        return None, None
    return service, Binding.objects.filter(cluster=cluster, service_uid=service.uid).first()


def _context(
    cluster: Cluster, service: Service, binding: Binding | None, form: GuardForm
) -> dict[str, Any]:
    rows = watch.workloads_behind(binding) if binding else []
    return {
        "cluster": cluster,
        "section": "service",
        "namespace": service.namespace,
        "name": service.name,
        "form": form,
        "annotation": setting.ANNOTATION,
        "binding": binding,
        "guard": told.card(cluster, service, binding),
        "workloads": [_keeps(row, str(form["floor"].value() or "")) for row in rows],
    }


def _keeps(row: Workload, floor: str) -> dict[str, Any]:
    """How many Pods its strategy keeps while it rolls, beside what the floor would want."""
    name = "strategy" if row.kind == "Deployment" else "updateStrategy"
    spec = {"spec": {name: row.strategy}}
    word = row.strategy.get("type", "RollingUpdate")
    least = 0
    if word == "RollingUpdate":
        least = row.replicas - outlook.margins(row.kind, spec, row.replicas)[1]
    wanted = floor_in_targets(floor, row.replicas)
    return {
        "row": row,
        "least": least,
        "is_tight": wanted is not None and least < wanted,
        "can_pause": row.kind != "DaemonSet",
    }
