"""Reference Workload: the workloads a Service can select, and why some cannot be used."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from console.models import Binder, Cluster
from services import facts
from services.binding.routing import unrouted
from services.limits import (
    MODE_WORDS,
    Facts,
    PodFacts,
    Problem,
    Severity,
    cloud,
    cni,
    drain,
    probes,
)
from services.limits import pods as limits_of_pods
from services.limits.facts import ServiceFacts, WorkloadFacts
from services.spec import Access, Port, ServiceSpec
from services.words import said
from workloads.models import Pod, Workload

KINDS = ("Deployment", "StatefulSet", "DaemonSet")


@dataclass(frozen=True)
class Reference:
    """A row of the dialog; a row that cannot be used keeps its reason."""

    name: str
    ready: str
    network: str
    gate: str
    labels: tuple[tuple[str, str], ...]
    can: bool
    tone: str
    word: str
    why: str


@dataclass(frozen=True)
class _Asked:
    """What the rows are judged by, beside themselves; `services` bind Pods of the namespace."""

    direct: bool
    ports: tuple[Port, ...]
    services: tuple[ServiceFacts, ...]

    def is_bound(self, row: Workload) -> bool:
        labels = set(_labels(row))
        return any(one.selector and set(one.selector) <= labels for one in self.services)


def count_by_kind(cluster: Cluster, namespace: str) -> dict[str, int]:
    rows = Workload.objects.filter(cluster=cluster, namespace=namespace)
    return {kind: rows.filter(kind=kind).count() for kind in KINDS}


def references(
    cluster: Cluster,
    namespace: str,
    kind: str,
    *,
    find: str = "",
    direct: bool = True,
    ports: tuple[Port, ...] = (),
) -> list[Reference]:
    """The workloads of a kind; `find` looks in names and labels, `direct` = a CLB binds Pods.

    `ports` are the Service's, as far as they are filled in.
    """
    rows = Workload.objects.filter(cluster=cluster, namespace=namespace, kind=kind)
    asked = _Asked(direct, ports, facts.inside.services(cluster, namespace))
    found = [_reference(cluster, row, asked) for row in rows.order_by("name")]
    return [one for one in found if not find or _mentions(one, find.lower())]


def labels_of(
    cluster: Cluster, namespace: str, kind: str, name: str
) -> tuple[tuple[str, str], ...] | None:
    """What to select a workload's Pods by: the labels of its Pod template.

    Never the labels on the workload itself: its Pods need not carry them.
    """
    row = Workload.objects.filter(
        cluster=cluster, namespace=namespace, kind=kind, name=name
    ).first()
    return _labels(row) if row else None


def _labels(row: Workload) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(row.template_labels.items()))


def _mentions(one: Reference, find: str) -> bool:
    return find in one.name.lower() or any(find in f"{k}={v}".lower() for k, v in one.labels)


def _reference(cluster: Cluster, row: Workload, asked: _Asked) -> Reference:
    rows = Pod.objects.filter(
        cluster=cluster,
        namespace=row.namespace,
        workload_kind=row.kind,
        workload_name=row.name,
        terminating=False,
    )
    pods = tuple(facts.pod_facts(cluster, rows))
    gated = sum(pod.gated for pod in pods)
    can, tone, word, why = _judged(cluster, row, pods, asked)
    return Reference(
        name=row.name,
        ready=f"{row.ready} / {row.replicas}",
        network=MODE_WORDS.get(row.network_mode, _("Unknown")),
        gate=_("%(gated)s of %(n)s Pods") % {"gated": gated, "n": len(pods)},
        labels=_labels(row),
        can=can,
        tone=tone,
        word=word,
        why=why,
    )


def _judged(
    cluster: Cluster, row: Workload, pods: tuple[PodFacts, ...], asked: _Asked
) -> tuple[bool, str, str, str]:
    """Whether it can be used, and the row's last column. 0 of n Ready is no obstacle."""
    if not _labels(row):
        return False, "idle", _("No"), _("Its Pod template has no labels to select by.")
    if not asked.direct:
        return True, "success", _("Yes"), ""
    if why := _why_not(row):
        return False, "idle", _("No"), why
    if row.network_mode == "route" and (problem := unrouted(cluster)):
        return True, "warning", _("Not yet"), said(problem.message)
    if problem := _limit(cluster, row, pods, asked):
        word = _("Not yet") if problem.severity is Severity.BLOCKS else _("With a warning")
        return True, "warning", word, said(problem.message)
    if pods and row.ready == 0 and not asked.is_bound(row):
        why = _("Not Ready because no Service binds its Pods yet.")
        return True, "success", _("Yes"), why if all(pod.gated for pod in pods) else ""
    return True, "success", _("Yes"), ""


# Limits that depend on the workload; those of cluster, account and form are beside the picker.
_CHECKS = (
    limits_of_pods.network_mode,
    limits_of_pods.other_services,
    cni.eni_request,
    probes.named_targets,
    cloud.target_quota,
    limits_of_pods.gate_coverage,
    drain.drain,
    probes.container_ports,
    probes.readiness_probe,
)


def _limit(
    cluster: Cluster, row: Workload, pods: tuple[PodFacts, ...], asked: _Asked
) -> Problem | None:
    """The worst that the workload itself has against it, from the index."""
    spec = ServiceSpec(row.namespace, "", Access.PUBLIC, asked.ports, selector=_labels(row))
    known = Facts(
        kubernetes=None,
        add_on=facts.add_on(cluster),
        console_binds=cluster.binder == Binder.CONSOLE,
        gate_type=cluster.gate_type,
        pods=pods,
        workloads=(WorkloadFacts(row.kind, row.name, row.replicas),),
        services=asked.services,
        quotas=cluster.facts.get("quotas"),
    )
    outcomes = [check(spec, known) for check in _CHECKS]
    problems = [
        one
        for outcome in outcomes
        for one in (outcome if isinstance(outcome, tuple) else (outcome,))
        if isinstance(one, Problem) and one.severity is not Severity.INFORMS
    ]
    blocking = (one for one in problems if one.severity is Severity.BLOCKS)
    return next(blocking, None) or next(iter(problems), None)


def _why_not(row: Workload) -> str:
    if row.host_network:
        return _("Pods use hostNetwork. Their IP belongs to the node.")
    if row.network_mode == "overlay":
        return _("Pods have overlay addresses that no CLB can reach.")
    return ""


def kind_of(word: str) -> str:
    """The kind for a word of a URL; Deployment for anything else."""
    return next((kind for kind in KINDS if kind.lower() == word.lower()), KINDS[0])


def usable(rows: Sequence[Reference]) -> Reference | None:
    return next((row for row in rows if row.can), None)
