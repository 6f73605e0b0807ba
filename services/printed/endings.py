"""The end of targets, ready to print; what a workload's stopping asks for; a Service fully Dead."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from console.models import Cluster
from services import outlook
from services.limits import PodFacts, Problem, Severity
from services.limits.drain import of_pods
from services.models import Binding, Drain
from workloads import stopping
from workloads.behind import behind
from workloads.models import PodTimeline, Workload
from workloads.notes import Note

SHOWN = 20
# Clocks of a cluster and of the CLB are never compared closer.
SKEW = timedelta(seconds=2)


@dataclass(frozen=True)
class DrainRow:
    """`after` are seconds since the deletion, by column; `word` and `tone` the verdict."""

    drain: Drain
    deleted_at: datetime | None
    weight_zero: str
    closes: str
    stopped: str
    deregistered: str
    word: str
    tone: str


def drains(binding: Binding | None) -> list[DrainRow]:
    """The newest first."""
    if binding is None:
        return []
    rows = list(binding.drains.all()[:SHOWN])
    # Of a Pod that had gone before anything was done about its target the timeline knows.
    unknown = [one.pod_uid for one in rows if one.deleted_at is None]
    kept = PodTimeline.objects.filter(cluster=binding.cluster, pod_uid__in=unknown)
    seen = dict(kept.values_list("pod_uid", "terminating_at")) if unknown else {}
    serves = binding.registrations.filter(weight__gt=0).exists()
    return [_row(one, seen.get(one.pod_uid), serves=serves) for one in rows]


def _row(one: Drain, seen_at: datetime | None, *, serves: bool) -> DrainRow:
    deleted_at = one.deleted_at or seen_at
    start = deleted_at or one.began_at
    word, tone = _verdict(one)
    if one.weight_zero_at is None and one.deregistered_at and not serves:
        word, tone = _("It was among the last: it kept its weight until it stopped"), "warning"
    return DrainRow(
        one,
        deleted_at,
        _after(start, one.weight_zero_at),
        _after(start, one.closes_at),
        _after(start, one.stopped_at),
        _after(start, one.deregistered_at),
        word,
        tone,
    )


def _after(start: datetime, moment: datetime | None) -> str:
    if moment is None:
        return ""
    return _("after %(n)s s") % {"n": f"{max(0.0, (moment - start).total_seconds()):.1f}"}


def _verdict(one: Drain) -> tuple[str, str]:
    closes = one.closes_at or one.stopped_at
    if one.weight_zero_at is None:
        if one.deregistered_at is None and one.stopped_at is None:
            return _("Waiting for weight 0"), "info"
        return _("It had stopped before: requests may be lost"), "error"
    if closes is None:
        return _("Draining"), "info"
    margin = (closes - one.weight_zero_at).total_seconds()
    if margin >= 0:
        return _("%(n)s s before its sockets may close") % {"n": f"{margin:.1f}"}, "success"
    words = _("%(n)s s after its sockets may have closed") % {"n": f"{-margin:.1f}"}
    return words, "error" if -margin > SKEW.total_seconds() else "warning"


def stopping_note(cluster: Cluster, workload: Workload) -> Sequence[Note]:
    """On a workload's page: its Pods stop sooner than the CLB lets go of them."""
    if cluster.binder != "console" or not behind(cluster, workload):
        return ()
    pre_stop, grace = stopping.of_rows(workload.containers)
    name = _("its template")
    found = of_pods([PodFacts(name, "eni", pre_stop=pre_stop, grace=grace)])
    if not isinstance(found, Problem) or found.severity is not Severity.WARNS:
        return ()
    line = outlook.line(found)
    return (
        Note("warning", _("A rollout of this workload can lose requests."), line.text, line.fix),
    )


def fails_open(binding: Binding | None) -> str:
    """Listeners of which every target with weight is Dead: the CLB sends to all of them."""
    if binding is None:
        return ""
    words: dict[str, set[str]] = {}
    rows = binding.registrations.filter(weight__gt=0, registered_at__isnull=False)
    for protocol, port, health in rows.values_list("protocol", "listener_port", "health"):
        words.setdefault(f"{protocol}:{port}", set()).add(health)
    return ", ".join(sorted(listener for listener, said in words.items() if said == {"Dead"}))
