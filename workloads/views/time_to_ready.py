"""Time to Ready by stage, of a workload or of all workloads behind a Service: page and card."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_GET

from console import live
from console.access import cluster_for
from console.models import Cluster
from workloads.history import reading
from workloads.history.notes import COLUMN
from workloads.models import PodTimeline, Service, Workload
from workloads.timeline import WAY_IN, percentiles
from workloads.timeline.percentiles import WINDOWS, Part, Three
from workloads.views.rollout_words import seconds
from workloads.views.workloads import KIND, kind_of

# So many of the newest Pods say enough; more would only take longer to read.
MOST = 4_000
# Box of a small chart.
WIDTH, HEIGHT = 100.0, 44.0
NAMES = {
    "scheduled": gettext_lazy("Scheduled"),
    "ip": gettext_lazy("IP assigned"),
    "containers_ready": gettext_lazy("Containers ready"),
    "registered": gettext_lazy("Registered"),
    "first_healthy": gettext_lazy("Healthy"),
    "ready": gettext_lazy("Gate and Ready"),
    percentiles.ALL: gettext_lazy("In all"),
}
WINDOW_NAMES = {
    "hour": pgettext_lazy("time to ready", "Hour"),
    "day": pgettext_lazy("time to ready", "Day"),
    "week": pgettext_lazy("time to ready", "Week"),
}
BEFORE = {
    "hour": gettext_lazy("the hour before"),
    "day": gettext_lazy("the day before"),
    "week": gettext_lazy("the week before"),
}


@dataclass(frozen=True)
class Mini:
    name: str
    count: int
    p50: str
    p95: str
    p99: str
    before: str
    has_moved: bool
    label: str
    line: SafeString
    second: SafeString
    area: SafeString


def card(timelines: QuerySet[PodTimeline], query: QueryDict, address: str) -> dict[str, Any]:
    """What the card shows; `address` is that of its own live region."""
    window = query.get("window", "") if query.get("window", "") in WINDOWS else "day"
    now = timezone.now()
    found = percentiles.parts(_moments(timelines, now, window), now, WINDOWS[window])
    change = percentiles.moved(found)
    return {
        "minis": [
            _mini(part, is_moved=bool(change and change.name == part.name)) for part in found
        ],
        "moved": _moved_words(change, window) if change else "",
        "window": window,
        "windows": WINDOW_NAMES.items(),
        "ready_live": address,
        "counted": found[-1].count if found else 0,
    }


def _moments(
    timelines: QuerySet[PodTimeline], now: datetime, window: str
) -> Sequence[percentiles.Moments]:
    """This window and the one before it, the newest Pods first."""
    since = now - 2 * WINDOWS[window].length
    rows = timelines.filter(created_at__gte=since, ready_at__isnull=False)
    rows = rows.order_by("-created_at")[:MOST]
    return list(reading.values(rows, tuple(COLUMN[stage] for stage in WAY_IN)))


def _moved_words(change: percentiles.Moved, window: str) -> str:
    return _("%(stage)s moved: p50 %(before)s to %(now)s, against %(window)s") % {
        "stage": NAMES[change.name],
        "before": seconds(change.before),
        "now": seconds(change.now),
        "window": BEFORE[window],
    }


def _mini(part: Part, *, is_moved: bool) -> Mini:
    told = [(place, one) for place, one in enumerate(part.series) if one is not None]
    top = max((one.p99 for _place, one in told), default=0.0) or 1.0
    last = max(1, len(part.series) - 1)
    xs = [(WIDTH * place / last, one) for place, one in told]
    p50s, p95s, p99s = (_line(xs, name, top) for name in ("p50", "p95", "p99"))
    numbers = {"p50": seconds(part.now.p50), "p95": seconds(part.now.p95)}
    numbers |= {"p99": seconds(part.now.p99), "n": str(part.count), "name": str(NAMES[part.name])}
    return Mini(
        name=str(NAMES[part.name]),
        count=part.count,
        p50=numbers["p50"],
        p95=numbers["p95"],
        p99=numbers["p99"],
        before=seconds(part.before.p50) if part.before else "–",
        has_moved=is_moved,
        label=_("%(name)s: p50 %(p50)s, p95 %(p95)s, p99 %(p99)s of %(n)s Pods") % numbers,
        # Numbers alone.
        line=mark_safe(" ".join(p50s)),  # noqa: S308
        second=mark_safe(" ".join(p95s)),  # noqa: S308
        area=mark_safe(" ".join([*p50s, *reversed(p99s)])),  # noqa: S308
    )


def _line(xs: Sequence[tuple[float, Three]], name: str, top: float) -> list[str]:
    """A single bucket is drawn as a short level line, so that it can be seen."""
    found = [f"{x:.3g},{_y(getattr(one, name), top):.3g}" for x, one in xs]
    if len(xs) == 1:
        x, y = xs[0][0], _y(getattr(xs[0][1], name), top)
        return [f"{max(0.0, x - 12):.3g},{y:.3g}", f"{min(WIDTH, x + 12):.3g},{y:.3g}"]
    return found


def _y(value: float, top: float) -> float:
    return HEIGHT - 2 - (HEIGHT - 6) * value / top


def of_workload(
    cluster: Cluster, kind: str, namespace: str, name: str, query: QueryDict
) -> dict[str, Any]:
    timelines = reading.of_workload(cluster, kind, namespace, name)
    where = [cluster.cluster_id, kind.lower(), namespace, name]
    return card(timelines, query, reverse("ready", args=where))


def of_service(cluster: Cluster, service: Service, query: QueryDict) -> dict[str, Any]:
    """All Pods of the workloads whose template the Service selects."""
    chosen = Q(pk__in=[])
    for one in _behind(service):
        chosen |= Q(workload_kind=one.kind, workload_name=one.name)
    timelines = PodTimeline.objects.filter(
        chosen, cluster=cluster, namespace=service.namespace
    ).order_by()
    where = [cluster.cluster_id, service.namespace, service.name]
    return card(timelines, query, reverse("service_ready", args=where))


def _behind(service: Service) -> list[Workload]:
    """The workloads whose Pods the Service selects."""
    rows = Workload.objects.filter(cluster=service.cluster, namespace=service.namespace)
    labels = service.selector.items()
    return [one for one in rows if labels and labels <= one.template_labels.items()]


def _rollouts(service: Service) -> list[tuple[str, str]]:
    return [
        (
            f"{one.kind} {one.name}",
            reverse(
                "rollout_page",
                args=[service.cluster.cluster_id, one.kind.lower(), one.namespace, one.name],
            ),
        )
        for one in _behind(service)
    ]


def _service(request: HttpRequest, cluster_id: str, namespace: str, name: str) -> Service:
    cluster = cluster_for(request.user, cluster_id)
    services = Service.objects.filter(cluster=cluster, namespace=namespace, name=name)
    found = services.select_related("cluster").order_by("-created_at").first()
    if found is None:
        raise Http404(_("No Service %(name)s.") % {"name": f"{namespace}/{name}"})
    return found


def _topics(cluster_id: str, namespace: str, name: str, kind: str = "") -> list[str]:
    """The card is looked at again by the clock: one Pod more moves no percentile."""
    return []


PAGE, CARD = "workloads/ready_times.html", "workloads/ready_card.html"
EVERY = 10


@require_GET
def ready_times(
    request: HttpRequest, cluster_id: str, kind: str, namespace: str, name: str
) -> HttpResponse:
    cluster = cluster_for(request.user, cluster_id)
    context = of_workload(cluster, kind_of(kind), namespace, name, request.GET)
    return render(
        request,
        PAGE,
        context
        | {
            "cluster": cluster,
            "section": kind,
            "kind": KIND[kind],
            "list_url": reverse("workloads", args=[cluster_id, kind]),
            "object_url": reverse("workload", args=[cluster_id, kind, namespace, name]),
            "rollout_url": reverse("rollout_page", args=[cluster_id, kind, namespace, name]),
            "namespace": namespace,
            "name": name,
        },
    )


@live.region(topics=_topics, every=EVERY)
@require_GET
def ready(
    request: HttpRequest, cluster_id: str, kind: str, namespace: str, name: str
) -> HttpResponse:
    cluster = cluster_for(request.user, cluster_id)
    context = of_workload(cluster, kind_of(kind), namespace, name, request.GET)
    return render(request, CARD, context | {"cluster": cluster})


@require_GET
def service_ready_times(
    request: HttpRequest, cluster_id: str, namespace: str, name: str
) -> HttpResponse:
    service = _service(request, cluster_id, namespace, name)
    base = f"/clusters/{cluster_id}/services/"
    return render(
        request,
        PAGE,
        of_service(service.cluster, service, request.GET)
        | {
            "cluster": service.cluster,
            "section": "services",
            "kind": "Service",
            "list_url": base,
            "object_url": f"{base}{namespace}/{name}/",
            "workloads": _rollouts(service),
            "namespace": namespace,
            "name": name,
        },
    )


@live.region(topics=_topics, every=EVERY)
@require_GET
def service_ready(request: HttpRequest, cluster_id: str, namespace: str, name: str) -> HttpResponse:
    service = _service(request, cluster_id, namespace, name)
    context = of_service(service.cluster, service, request.GET)
    return render(request, CARD, context | {"cluster": service.cluster})
