"""A Pod's life on its page: each stage with its time and by whose clock; kept when it is gone."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from console import live
from console.access import cluster_for
from console.models import Cluster
from workloads.behind import behind
from workloads.freshness import freshness
from workloads.history import reading
from workloads.history.picture import GRACE
from workloads.models import Pod, PodTimeline, Workload
from workloads.timeline import WAY_IN, WAY_OUT, Stage, Stamp, Waiting, lives
from workloads.timeline.lives import Life
from workloads.timeline.stages import AT_THE_CLB
from workloads.views.rollout_words import SOURCES, seconds, stage_word, waiting_word

PAGE = "workloads/pod.html"
# So many of the newest Pods of a workload say how long a stage usually takes.
LIKE_IT = 20


@dataclass(frozen=True)
class Line:
    """A stage: reached `at`, after `took`; or what the Pod does now, or is yet to come."""

    word: str
    tone: str
    at: datetime | None = None
    took: str = ""
    source: str = ""


@dataclass(frozen=True)
class Told:
    name: str
    lines: tuple[Line, ...]
    # In how many seconds it was Ready, as words.
    ready_after: str
    # Why it is not further, in the words of whom it waits for.
    because: str
    is_gone: bool


def _topics(cluster_id: str, namespace: str, name: str) -> list[str]:
    return [f"{cluster_id}/pods/{namespace}/{name}"]


@live.region(topics=_topics, every=2)
@require_GET
def life(request: HttpRequest, cluster_id: str, namespace: str, name: str) -> HttpResponse:
    cluster = cluster_for(request.user, cluster_id)
    uid = request.GET.get("uid", "") or _uid(cluster, namespace, name)
    where = {"cluster": cluster, "namespace": namespace, "name": name}
    return render(request, f"{PAGE}#life", where | shown(cluster, namespace, name, uid))


def shown(cluster: Cluster, namespace: str, name: str, uid: str) -> dict[str, Any]:
    """`uid`: of this very Pod, which others may have had the name of."""
    return {"life": told(cluster, namespace, name, uid), "uid": uid}


def gone(request: HttpRequest, cluster_id: str, namespace: str, name: str) -> HttpResponse:
    """The page of a Pod that is no more, as long as its life is kept; else there is none."""
    cluster = cluster_for(request.user, cluster_id)
    uid = request.GET.get("uid", "") or _uid(cluster, namespace, name)
    context = shown(cluster, namespace, name, uid)
    if context["life"] is None:
        raise Http404(_("No Pod %(name)s.") % {"name": f"{namespace}/{name}"})
    row = _rows(cluster, namespace, name).filter(pod_uid=uid).first()
    where = {
        "cluster": cluster,
        "namespace": namespace,
        "name": name,
        "kept": row,
        "pod": None,
        "section": "pods",
        "freshness": freshness(cluster, "Pod"),
    }
    return render(request, PAGE, where | context)


def told(
    cluster: Cluster, namespace: str, name: str, uid: str, *, now: datetime | None = None
) -> Told | None:
    """None of a Pod nothing was noted of."""
    rows = _rows(cluster, namespace, name).filter(pod_uid=uid)
    found = next(reading.lives(rows.order_by()), None)
    if found is None or not found.at:
        return None
    waits = found.waiting(_expected(cluster, rows[0]), now or timezone.now())
    return Told(
        name=found.name,
        lines=tuple(_lines(found, waits)),
        ready_after=seconds(found.to_ready) if found.to_ready is not None else "",
        because="" if found.is_gone or found.is_ready else found.because,
        is_gone=found.is_gone,
    )


def _rows(cluster: Cluster, namespace: str, name: str) -> Any:
    return PodTimeline.objects.filter(cluster=cluster, namespace=namespace, name=name)


def _uid(cluster: Cluster, namespace: str, name: str) -> str:
    """Of the Pod that has the name now, else of the last one that had it."""
    pods = Pod.objects.filter(cluster=cluster, namespace=namespace, name=name)
    now = pods.order_by("-created_at").values_list("uid", flat=True).first()
    kept = _rows(cluster, namespace, name).order_by("-noted_at")
    return now or kept.values_list("pod_uid", flat=True).first() or ""


def _expected(cluster: Cluster, row: PodTimeline) -> dict[Stage, float]:
    """What the last Pods like it took, and what its load balancers' checks have to take."""
    kind, namespace, name = row.workload_kind, row.namespace, row.workload_name
    rows = reading.of_workload(cluster, kind, namespace, name).filter(ready_at__isnull=False)
    workload = Workload.objects.filter(
        cluster=cluster, kind=kind, namespace=namespace, name=name
    ).first()
    in_front = behind(cluster, workload) if workload else []
    pace = lives.measured(
        reading.lives(rows.order_by("-created_at")[:LIKE_IT]),
        check=max((one.first_look for one in in_front), default=0.0),
        bind=max((one.bind_seconds for one in in_front), default=0.0),
        gated=row.gated,
    )
    found = lives.expected(pace, drain=settings.DRAIN_SECONDS, grace=GRACE)
    # Without a load balancer that says how it checks nothing is foretold of it.
    return found if pace.check else {k: v for k, v in found.items() if k != Stage.FIRST_HEALTHY}


def _lines(found: Life, waits: Waiting | None) -> Iterator[Line]:
    took = {span.stage: seconds(span.seconds) for span in found.spans if span.ends is not None}
    for stage, stamp in sorted(found.stamps.items(), key=_place):
        source, tone = str(SOURCES[stamp.source]), "idle" if stage in WAY_OUT else "success"
        yield Line(stage_word(stage), tone, stamp.at, took.get(stage, ""), source)
    if waits is None:
        return
    yield _now(found, waits)
    if waits.stage in WAY_IN:
        for stage in WAY_IN[WAY_IN.index(waits.stage) + 1 :]:
            if found.gated or stage not in AT_THE_CLB | {Stage.GATE}:
                yield Line(stage_word(stage), "idle")


def _place(told: tuple[Stage, Stamp]) -> tuple[int, datetime]:
    """In their order on the way in; on the way out as they came: a Pod may go before its target."""
    stage, stamp = told
    if stage in WAY_IN:
        return WAY_IN.index(stage), datetime.min.replace(tzinfo=UTC)
    return len(WAY_IN), stamp.at


def _now(found: Life, waits: Waiting) -> Line:
    tone = "info" if waits.is_normal else "warning"
    numbers = {"waited": seconds(waits.seconds), "expected": seconds(waits.expected)}
    took = _("%(waited)s so far") % numbers
    if waits.expected is not None:
        took = _("%(waited)s so far, %(expected)s expected") % numbers
    return Line(waiting_word(waits.stage), "error" if found.is_failing else tone, None, took)
