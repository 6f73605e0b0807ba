"""The access layer's page: how the webhook stands, who lacks a gate, what was repaired."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from console import activity, kube, live
from console.access import Role, cluster_for, has_role
from services.admission import coverage as coverages
from services.admission import gate_type, layers, rolling
from services.forms.access import AccessLayerForm
from services.models import AccessLayer
from services.printed import access as printed

PAGE = "services/access_layer.html"
SETTINGS = ("failure_policy", "url", "service", "client_ca")


def _topics(cluster_id: str) -> list[str]:
    return [f"{cluster_id}/access-layer"]


def _topics_of_pods(cluster_id: str) -> list[str]:
    return [f"{cluster_id}/pods", f"{cluster_id}/services", f"{cluster_id}/workloads"]


@require_GET
def access_layer(request: HttpRequest, cluster_id: str) -> HttpResponse:
    context = _health(request, cluster_id) | _coverage(request, cluster_id)
    return render(request, PAGE, context | _repairs(request, cluster_id))


@live.region(topics=_topics, every=5)
@require_GET
def health(request: HttpRequest, cluster_id: str) -> HttpResponse:
    return render(request, f"{PAGE}#health", _health(request, cluster_id))


@live.region(topics=_topics_of_pods)
@require_GET
def coverage(request: HttpRequest, cluster_id: str) -> HttpResponse:
    return render(request, f"{PAGE}#coverage", _coverage(request, cluster_id))


@live.region(topics=_topics)
@require_GET
def repairs(request: HttpRequest, cluster_id: str) -> HttpResponse:
    return render(request, f"{PAGE}#repairs", _repairs(request, cluster_id))


@require_POST
def check_access_layer(request: HttpRequest, cluster_id: str) -> HttpResponse:
    """Look now; a new serving pair or a new CA is for administrators."""
    do = request.POST.get("do", "check")
    if do not in {"check", "renew", "rotate"}:
        raise Http404(do)
    role = Role.OPERATOR if do == "check" else Role.ADMIN
    cluster = cluster_for(request.user, cluster_id, role)
    layer = get_object_or_404(AccessLayer, cluster=cluster)
    now = timezone.now()
    layer.check_wanted_at = now
    if do == "renew":
        layer.renew_wanted = True
    elif do == "rotate" and not (layer.next_ca_certificate or layer.old_ca_certificate):
        layers.rotate(layer, now)
    columns = ("check_wanted_at", "renew_wanted", "next_ca_certificate", "next_ca_key")
    layer.save(update_fields=[*columns, "ca_step_at"])
    if do != "check":
        activity.record(request.user, do, cluster=cluster_id, kind="Certificate", name=str(layer))
    messages.success(request, _ASKED[do]())
    return redirect("access_layer", cluster_id)


_ASKED = {
    "check": lambda: _("The webhook is looking now."),
    "renew": lambda: _("The serving certificate is being renewed."),
    "rotate": lambda: _("The CA is being rotated: both are trusted until the new one is proven."),
}


@require_http_methods(["GET", "POST"])
def access_layer_settings(request: HttpRequest, cluster_id: str) -> HttpResponse:
    cluster = cluster_for(request.user, cluster_id, Role.ADMIN)
    layer = get_object_or_404(AccessLayer, cluster=cluster)
    before = _settings(layer)
    first = before | {"gate_type": cluster.gate_type}
    form = AccessLayerForm(request.POST or None, initial=first, cluster=cluster)
    if request.method == "POST" and form.is_valid():
        after = dict(form.cleaned_data)
        gate_type.change(request.user, cluster, after.pop("gate_type"))
        AccessLayer.objects.filter(pk=layer.pk).update(**after)
        activity.record(
            request.user,
            "change",
            cluster=cluster_id,
            kind="AccessLayer",
            name=str(layer),
            before=before,
            after=after,
        )
        messages.success(request, _("Settings saved. The registration follows in a moment."))
        return redirect("access_layer", cluster_id)
    context = {"cluster": cluster, "section": "access-layer", "form": form}
    return render(request, "services/access_layer_settings.html", context)


def _settings(layer: AccessLayer) -> dict[str, str]:
    return {field: getattr(layer, field) for field in SETTINGS}


@require_http_methods(["GET", "POST"])
def roll_to_inject(
    request: HttpRequest, cluster_id: str, kind: str, namespace: str, name: str
) -> HttpResponse:
    """Asks first; afterwards the rollout's own page shows it live."""
    cluster = cluster_for(request.user, cluster_id, Role.OPERATOR)
    kinds = {known.lower(): known for known in coverages.ROLLS}
    rows = [
        row
        for row in printed.covered(cluster)
        if (row.covered.kind, row.covered.namespace, row.covered.name)
        == (kinds.get(kind), namespace, name)
    ]
    if not rows:
        raise Http404(f"No {kind} {namespace}/{name} behind a claimed Service.")
    context = {"cluster": cluster, "section": "access-layer", "row": rows[0], "kind": kind}
    if request.method == "POST":
        try:
            rolling.roll(request.user, cluster, kinds[kind], namespace, name)
        except kube.KubeError as error:
            return render(request, "services/roll.html", context | {"refused": error})
        messages.success(request, _("%(name)s is being rolled.") % {"name": name})
        return redirect("rollout_page", cluster_id, kind, namespace, name)
    return render(request, "services/roll.html", context)


@require_http_methods(["GET", "POST"])
def roll_all(request: HttpRequest, cluster_id: str) -> HttpResponse:
    """Every workload with Pods without a gate; each rolls by its own strategy."""
    cluster = cluster_for(request.user, cluster_id, Role.OPERATOR)
    rows = [row for row in printed.covered(cluster) if _may_roll(row)]
    context: dict[str, Any] = {"cluster": cluster, "section": "access-layer", "rows": rows}
    if request.method != "POST" or not rows:
        return render(request, "services/roll_all.html", context)
    refused = []
    for row in rows:
        one = row.covered
        try:
            rolling.roll(request.user, cluster, one.kind, one.namespace, one.name)
        except kube.KubeError as error:
            refused.append((one, error))
    if refused:
        return render(request, "services/roll_all.html", context | {"refused": refused})
    messages.success(request, _("%(n)s workloads are being rolled.") % {"n": len(rows)})
    return redirect("access_layer", cluster_id)


def _may_roll(row: printed.CoverageRow) -> bool:
    """Not what is being rolled: a second restart would only begin it again."""
    return bool(row.named) and row.covered.can_roll and not row.is_rolling


def _base(request: HttpRequest, cluster_id: str) -> dict[str, Any]:
    return {
        "cluster": cluster_for(request.user, cluster_id),
        "section": "access-layer",
        "may_write": has_role(request.user, Role.OPERATOR),
        "may_change": has_role(request.user, Role.ADMIN),
    }


def _health(request: HttpRequest, cluster_id: str) -> dict[str, Any]:
    base = _base(request, cluster_id)
    return base | {"health": printed.health(base["cluster"])}


def _coverage(request: HttpRequest, cluster_id: str) -> dict[str, Any]:
    base = _base(request, cluster_id)
    rows = printed.covered(base["cluster"])
    return base | {
        "rows": rows,
        "pods": sum(row.covered.total for row in rows),
        "gated": sum(row.covered.covered for row in rows),
        "unproven": sum(row.covered.ready_without for row in rows),
        "rollable": sum(map(_may_roll, rows)),
    }


def _repairs(request: HttpRequest, cluster_id: str) -> dict[str, Any]:
    base = _base(request, cluster_id)
    cluster = base["cluster"]
    return base | {"repairs": printed.repairs(cluster), "lately": printed.lately(cluster)}
