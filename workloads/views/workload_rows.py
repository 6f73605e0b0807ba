"""Workloads made ready to print, and how far the gates of their Pod templates are."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from console.models import Cluster
from workloads import failing
from workloads.binders import BoundBy, binders
from workloads.failing import Failing
from workloads.models import Pod, Workload
from workloads.views.rows import TKE_GATE, network_words, writer

ROLLOUT_TONE = {
    "complete": "success",
    "progressing": "info",
    "paused": "warning",
    "stuck": "error",
}


@dataclass(frozen=True)
class WorkloadLine:
    workload: Workload
    url: str
    tone: str
    rollout_word: str
    ready_tone: str
    network: str
    images: Sequence[str]
    strategy: Sequence[tuple[str, str]]
    unhealthy: bool
    # Its Pods that do not start by themselves, in words.
    failing: str = ""


def workload_lines(cluster: Cluster, workloads: Iterable[Workload]) -> list[WorkloadLine]:
    rows = list(workloads)
    unwell = {row.name for row in rows if row.ready < row.replicas or row.rollout != "complete"}
    found = failing.by_workload([cluster.pk], workload_name__in=unwell) if unwell else {}
    return [
        _workload_line(cluster, row, found.get((cluster.pk, row.kind, row.namespace, row.name)))
        for row in rows
    ]


def _workload_line(cluster: Cluster, workload: Workload, ill: Failing | None) -> WorkloadLine:
    kind = workload.kind.lower()
    return WorkloadLine(
        workload=workload,
        url=reverse("workload", args=[cluster.cluster_id, kind, workload.namespace, workload.name]),
        tone="error" if ill else ROLLOUT_TONE.get(workload.rollout, "idle"),
        rollout_word=rollout_words(workload.rollout),
        ready_tone="success" if workload.ready >= workload.replicas else "info",
        network=network_words(workload.network_mode),
        images=[container["image"] for container in workload.containers],
        strategy=_strategy(workload.strategy),
        unhealthy=workload.ready < workload.replicas,
        failing=str(ill) if ill else "",
    )


def rollout_words(state: str) -> str:
    return {
        "complete": _("Complete"),
        "progressing": _("Rolling out"),
        "paused": _("Paused"),
        "stuck": _("Stuck"),
    }.get(state, state)


def _strategy(strategy: dict[str, Any]) -> list[tuple[str, str]]:
    """The strategy's own field names, as Kubernetes documents them."""
    found = [("type", str(strategy["type"]))] if strategy.get("type") else []
    return found + [
        (name, str(value)) for name, value in (strategy.get("rollingUpdate") or {}).items()
    ]


@dataclass(frozen=True)
class Coverage:
    """One gate of a Pod template, over the Pods that run now."""

    type: str
    writer: str
    is_open: int
    total: int
    without: int
    tone: str
    unbound: bool
    bound_by: Sequence[BoundBy]


# Enough waiting Pods to ask about: those of one template are bound alike.
_ASKED = 20


def gate_coverage(cluster: Cluster, workload: Workload, pods: QuerySet[Pod]) -> list[Coverage]:
    """How many Pods have each gate of the template, open or waiting, and who would open it."""
    if not workload.template_gates:
        return []
    states = [
        {gate["type"]: gate["status"] for gate in gates}
        for gates in pods.values_list("gates", flat=True)
    ]
    waiting = list(pods.filter(gates_open=False)[:_ASKED])
    bound = binders(cluster, waiting) if waiting else {}
    by_name = {(one.namespace, one.name): one for found in bound.values() for one in found}
    return [
        _coverage(cluster, gate, states, unbound=bool(waiting) and not bound, bound_by=by_name)
        for gate in workload.template_gates
    ]


def _coverage(
    cluster: Cluster,
    gate: str,
    states: list[dict[str, str]],
    *,
    unbound: bool,
    bound_by: dict[tuple[str, str], BoundBy],
) -> Coverage:
    has = [found[gate] for found in states if gate in found]
    is_open = has.count("True")
    return Coverage(
        type=gate,
        writer=writer(cluster, gate),
        is_open=is_open,
        total=len(has),
        without=len(states) - len(has),
        tone="success" if is_open == len(has) else "info",
        unbound=unbound and gate in {cluster.gate_type, TKE_GATE} and is_open < len(has),
        bound_by=list(bound_by.values()),
    )
