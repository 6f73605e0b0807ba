"""The use limits of Services that are bound already: one that breaks later explains a stuck Pod.

Looked at every minute, and soon after a change; what was found stands on the Binding.
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.db.models import F, Q, QuerySet, TextField
from django.db.models.functions import Cast
from django.utils import timezone

from console import kube, live
from console.kube import Kube, KubeError, NotFound
from console.models import Cluster
from services import facts
from services.binding import cluster as services
from services.binding.run import topic
from services.limits import (
    BalancerFacts,
    Problem,
    Unread,
    cni,
    firewall,
    judge,
    kept,
    restored,
)
from services.models import Binding, Phase
from services.outlook import Line, line
from services.spec import ServiceSpec, config_name, from_manifest

# A look without a change, and the least time between two of one Service.
EVERY, AT_MOST = timedelta(seconds=60), timedelta(seconds=5)
# Bindings and seconds of one task; the rest comes with the next.
SOME, LONGEST = 100, 30.0
# What keeps clients away while health checks come in, so that all looks well.
CLOSED = (firewall.BALANCER_CLOSED.code, firewall.CLIENTS_CLOSED.code)


def due(cluster: Cluster | None = None) -> QuerySet[Binding]:
    """Bindings not looked at for a minute, or changed since: by somebody, or in their phase."""
    now = timezone.now()
    changed = ~Q(limits_seen=F("wanted")) | Q(phase_since__gt=F("limits_at"))
    changed &= Q(limits_at__lt=now - AT_MOST)
    rows = Binding.objects.filter(Q(limits_at=None) | Q(limits_at__lt=now - EVERY) | changed)
    rows = rows.exclude(phase=Phase.DELETING).exclude(name="")
    return rows.filter(cluster=cluster) if cluster else rows


def soon(cluster: Cluster) -> None:
    """After a change that podgate made itself: nobody waits a minute to see it work."""
    facts.forget()
    Binding.objects.filter(cluster=cluster).update(limits_at=None)


def of(binding: Binding) -> tuple[Problem, ...]:
    """What was found last; its sentences are translated where they are printed."""
    return tuple(map(restored, binding.limits))


def ready_but_closed() -> QuerySet[Binding]:
    """Bindings that are Ready while clients may not reach them."""
    text = Q()
    for code in CLOSED:
        text |= Q(text__contains=code)
    rows = Binding.objects.filter(phase=Phase.READY).annotate(text=Cast("limits", TextField()))
    return rows.filter(text).select_related("cluster").order_by("-phase_since")


def closed(binding: Binding) -> tuple[Problem, ...]:
    """What keeps clients away from this one, as it was found last."""
    return tuple(one for one in of(binding) if one.code in CLOSED)


def explained(binding: Binding, problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """With the evidence and the fix of the use limit of the same code, as it was found last."""
    limits = {one.code: one for one in of(binding)}
    return tuple(
        replace(one, evidence=limit.evidence, remedy=limit.remedy)
        if (limit := limits.get(one.code))
        else one
        for one in problems
    )


def lines(binding: Binding) -> tuple[Line, ...]:
    """Ready to print, in the reader's language."""
    return tuple(map(line, of(binding)))


def look(cluster: Cluster) -> int:
    """Judge what is due; answers how many Services that were."""
    bindings = list(due(cluster).order_by(F("limits_at").asc(nulls_first=True))[:SOME])
    if not bindings:
        return 0
    try:
        specs = _specs(cluster, bindings)
    except KubeError:
        # Bindings say themselves that the API server does not answer.
        return 0
    balancers = facts.balancers(cluster, [binding.lb_id for binding in bindings if binding.lb_id])
    news, looked_at, began = list[Binding](), list[Binding](), time.monotonic()
    for binding in bindings:
        if time.monotonic() - began > LONGEST:
            break
        looked_at.append(binding)
        spec = specs.get(binding.service_uid)
        found = _judged(cluster, binding, spec, balancers) if spec else []
        if found != binding.limits:
            news.append(binding)
        binding.limits, binding.limits_at = found, timezone.now()
        binding.limits_seen = 0 if _passes(found) else binding.wanted
    Binding.objects.bulk_update(looked_at, ["limits", "limits_at", "limits_seen"])
    # Gates that wait say why: a limit may be the reason.
    explained = Binding.objects.filter(pk__in=[one.pk for one in news], watched=False)
    explained.update(gates_due_at=timezone.now())
    for binding in news:
        live.announce(topic(binding))
    return len(looked_at)


def _passes(found: Iterable[Mapping[str, Any]]) -> bool:
    """Whether it may be over in seconds, as if something had changed: a new Pod's address shows on
    its network interface a moment later.
    """
    return any(one["code"] == cni.NOT_ON_ENI.code for one in found)


def _judged(
    cluster: Cluster,
    binding: Binding,
    spec: ServiceSpec,
    balancers: Mapping[str, BalancerFacts | Unread],
) -> list[dict[str, Any]]:
    balancer = balancers.get(binding.lb_id) if binding.lb_id else None
    known = facts.from_index(cluster, spec, balancer=balancer, seconds=facts.LIVE_SECONDS)
    return [kept(problem) for problem in judge(spec, known).problems]


def _specs(cluster: Cluster, bindings: Iterable[Binding]) -> dict[str, ServiceSpec]:
    """By Service uid, as they stand in the cluster now."""
    door = kube.connect(cluster)
    wanted = {binding.service_uid for binding in bindings}
    found = [
        one for one in door.get(kube.path("Service"))["items"] if one["metadata"]["uid"] in wanted
    ]
    configs = _configs(door, found)
    specs = {}
    for one in found:
        key = (one["metadata"]["namespace"], config_name(one))
        spec: ServiceSpec | None
        try:
            spec = from_manifest(one, configs.get(key))
        except (ValueError, TypeError, KeyError, AttributeError):
            # The binding's own problem; its ports can be judged all the same.
            spec = services.last_spec(one)
        if spec:
            specs[one["metadata"]["uid"]] = spec
    return specs


def _configs(
    door: Kube, found: Sequence[Mapping[str, Any]]
) -> dict[tuple[str, str], Mapping[str, Any]]:
    if not any(config_name(one) for one in found):
        return {}
    try:
        items = door.get(kube.path("TkeServiceConfig"))["items"]
    except NotFound:
        return {}
    return {(one["metadata"]["namespace"], one["metadata"]["name"]): one for one in items}
