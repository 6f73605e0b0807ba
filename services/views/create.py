"""The Create-a-Service page: filled, checked while it is filled, submitted once."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from console.access import Role, cluster_for
from console.models import Cluster
from services import creation, facts
from services import outlook as outlooks
from services.admission import scope
from services.forms import Choices, CreateServiceForm, SubnetChoice
from services.limits import Severity, judge
from services.views import filling
from services.words import said

PAGE = "services/create.html"


@require_http_methods(["GET", "POST"])
def create_service(request: HttpRequest, cluster_id: str) -> HttpResponse:
    cluster = cluster_for(request.user, cluster_id, Role.OPERATOR)
    if request.method == "GET":
        return render(
            request, PAGE, page(cluster, filling.fresh(cluster, choices(cluster), request.GET))
        )
    do = request.POST.get("do", "create")
    if do == "enter":
        # In the picker it searches there: nobody creates a Service from a dialog.
        do = f"pick:{request.POST['pick_kind']}" if "pick_kind" in request.POST else "create"
    if do != "create":
        return change(request, cluster, do)
    form = CreateServiceForm(cluster, choices(cluster), request.POST)
    context = page(cluster, form) | {"problems": submit(request, cluster, form)}
    if not context["problems"] and form.is_valid():
        spec = form.spec()
        messages.success(request, _("Service %(name)s created.") % {"name": spec.name})
        if spec.claim and not scope.reaches(cluster, spec.namespace):
            messages.warning(
                request,
                _("New Pods of %(name)s start without a gate for now: see the access layer.")
                % {"name": spec.name},
            )
        return redirect("service", cluster_id, spec.namespace, spec.name)
    return render(request, PAGE, context)


def submit(request: HttpRequest, cluster: Cluster, form: CreateServiceForm) -> list[dict[str, str]]:
    """Creates the Service; what stands in the way comes back, beside the field or for the top."""
    if not form.is_valid() or not filling.reference_stands(cluster, form):
        return []
    spec = form.spec()
    verdict = judge(spec, facts.live(cluster, spec))
    if verdict.is_blocked:
        return [
            {"message": said(problem.message), "fix": said(problem.fix)}
            for problem in verdict.of(Severity.BLOCKS)
        ]
    try:
        creation.create(request.user, cluster, spec, form.cleaned_data["token"])
    except creation.Refused as refused:
        if refused.field:
            form.add_error(refused.field, refused.message)
        unsure = "" if refused.certain else "unsure"
        return [{"message": refused.message, "request_id": refused.request_id, "unsure": unsure}]
    return []


def change(request: HttpRequest, cluster: Cluster, do: str) -> HttpResponse:
    """A button that changes the form without sending it: rows, the picker, the YAML preview."""
    changed = filling.changed(cluster, request.POST, do)
    form = CreateServiceForm(cluster, choices(cluster), changed.data)
    form.is_valid()
    form.keep_errors_of(touched(request.POST))
    context = page(cluster, form) | changed.context(form)
    is_part = request.headers.get("HX-Request") and changed.partial
    template = f"{PAGE}#{changed.partial}" if is_part else PAGE
    return render(request, template, context | {"part": is_part})


@require_POST
def check_field(request: HttpRequest, cluster_id: str) -> HttpResponse:
    """The messages of the fields the user has left so far, each for its place on the page."""
    cluster = cluster_for(request.user, cluster_id, Role.OPERATOR)
    form = CreateServiceForm(cluster, choices(cluster), request.POST)
    form.is_valid()
    fields = [field for name in sorted(touched(request.POST)) if (field := form.bound(name))]
    return render(request, f"{PAGE}#slots", {"fields": fields})


@require_POST
def outlook(request: HttpRequest, cluster_id: str) -> HttpResponse:
    """Can this work, what will happen, which Pods match: while the form is being filled."""
    cluster = cluster_for(request.user, cluster_id, Role.OPERATOR)
    form = CreateServiceForm(cluster, choices(cluster), request.POST)
    look = looked_at(cluster, form)
    context = {"cluster": cluster, "look": look, "swap": True, "kept_at": kept_at(cluster)}
    return render(request, f"{PAGE}#outlook", context)


def touched(data: QueryDict) -> set[str]:
    return set(filter(None, data.get("touched", "").split(",")[:1000]))


def choices(cluster: Cluster) -> Choices:
    names, known = facts.namespaces(cluster)
    subnets = facts.subnets(cluster)
    offered = None
    if subnets is not None:
        offered = [
            SubnetChoice(one["id"], one["name"], one["zone"], one["free"]) for one in subnets
        ]
    return Choices(namespaces=names, subnets=offered, namespaces_known=known)


def page(cluster: Cluster, form: CreateServiceForm) -> dict[str, Any]:
    return {
        "cluster": cluster,
        "section": "service",
        "form": form,
        "look": looked_at(cluster, form),
        "kept_at": kept_at(cluster),
    }


def looked_at(cluster: Cluster, form: CreateServiceForm) -> outlooks.Outlook:
    return outlooks.outlook(cluster, form.draft(), selector_stands=form.selector_stands)


def kept_at(cluster: Cluster) -> str:
    """Where a remedy leads back to: the form, which the browser keeps meanwhile."""
    return reverse("create_service", args=[cluster.cluster_id])
