"""Gathers the facts of a Service: its binding, its Pods, and whether its CLB is as we left it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from console.models import Binder, Cluster
from services import rechecks
from services.binding.clb import Observed
from services.binding.run import stored_problems
from services.binding.state import Target
from services.diagnosis import drift, gather, reads
from services.diagnosis.facts import BindingFacts, Difference, ServiceFacts, Unread
from services.diagnosis.reads import Patience
from services.models import Binding, Phase, Token
from services.printed.rows import as_manifest
from services.printed.words import who_would_bind
from services.spec import claimed_by
from workloads.models import Service, Workload

# A page compares a load balancer with the ledger at most this often.
COMPARED_SECONDS = 10
# So long it is told that a load balancer was replaced.
REMEMBERED = timedelta(minutes=15)
_SETTLED = {Phase.READY, Phase.DEGRADED, Phase.CHECKING}


def binding_of(cluster: Cluster, namespace: str, name: str, uid: str = "") -> Binding | None:
    """Of this very Service; without one of the last that had the name."""
    rows = Binding.objects.filter(cluster=cluster, namespace=namespace, name=name)
    if uid:
        rows = rows.filter(service_uid=uid)
    return rows.select_related("cluster__account").order_by("-created_at").first()


def of_service(
    cluster: Cluster, namespace: str, name: str, row: Service | None, patience: Patience
) -> ServiceFacts | None:
    """None when there is neither a Service nor what is left of its binding."""
    binding = binding_of(cluster, namespace, name, row.uid if row else "")
    if row is None and binding is None:
        return None
    manifest: dict[str, Any] = as_manifest(row) if row else {}
    selector: Mapping[str, str] = row.selector if row else {}
    selected, pods, more = gather.of_selected(cluster, namespace, selector, patience)
    is_ours = cluster.binder == Binder.CONSOLE and bool(row) and bool(claimed_by(manifest))
    return ServiceFacts(
        namespace=namespace,
        name=name,
        around=gather.around(cluster),
        binding=_binding(binding) if binding else None,
        is_claimed=is_ours,
        selector=selector,
        pods=pods if is_ours else (),
        more=more,
        selected=selected,
        at_zero=() if selected else _at_zero(cluster, namespace, selector),
        differences=_differences(binding, patience) if binding else None,
        unbound=who_would_bind(manifest, cluster) if row and not binding else "",
    )


def _at_zero(
    cluster: Cluster, namespace: str, selector: Mapping[str, str]
) -> tuple[tuple[str, str], ...]:
    """By the index: it is told beside what was read live."""
    rows = Workload.objects.filter(cluster=cluster, namespace=namespace, replicas=0)
    found = rows.exclude(kind="DaemonSet").order_by("kind", "name")
    return tuple(
        (row.kind, row.name)
        for row in found
        if selector and selector.items() <= row.template_labels.items()
    )


def _binding(binding: Binding) -> BindingFacts:
    return BindingFacts(
        phase=binding.phase,
        message=binding.message,
        problems=rechecks.explained(binding, stored_problems(binding)),
        lb_id=binding.lb_id,
        lb_status=binding.lb_status,
        vip=binding.vip,
        replaced_at=_replaced_at(binding),
        closed=rechecks.closed(binding),
    )


def _replaced_at(binding: Binding) -> datetime | None:
    """The number of a Service's next load balancer rises only once one is confirmed gone."""
    if not Token.objects.filter(service_uid=binding.service_uid, number__gt=0).exists():
        return None
    recent = binding.steps.filter(
        api_call="CreateLoadBalancer", ok=True, at__gt=timezone.now() - REMEMBERED
    )
    return recent.values_list("at", flat=True).first()


def _differences(binding: Binding, patience: Patience) -> tuple[Difference, ...] | Unread | None:
    """Only of a binding that is at rest before and after the look: else podgate itself is at it."""
    if not _rests(binding):
        return None
    written, done = _written(binding), binding.done
    # What was seen before podgate's last run or write says nothing of what is written now.
    asked = {"observed": reads.observed(binding, (done, *written))}
    rarely = replace(patience, fresh=COMPARED_SECONDS if patience.fresh else 0.0)
    observed = rarely.ask(asked)["observed"]
    if isinstance(observed, Unread):
        return observed
    binding.refresh_from_db(fields=["done", "wanted", "due_at", "phase"])
    if not isinstance(observed, Observed) or done != binding.done or not _rests(binding):
        return None
    if written != _written(binding):
        return None
    return drift.differences(observed.state, written, binding.checks)


def _rests(binding: Binding) -> bool:
    at_rest = binding.wanted == binding.done and binding.due_at is None
    return bool(binding.lb_id) and at_rest and binding.phase in _SETTLED


def _written(binding: Binding) -> list[drift.Written]:
    rows = binding.registrations.filter(registered_at__isnull=False)
    columns = rows.order_by("pk").values_list("protocol", "listener_port", "ip", "port", "weight")
    return [
        drift.Written(drift.listener_of(protocol, port), Target(ip, target_port), weight)
        for protocol, port, ip, target_port, weight in columns
    ]
