"""What Pods of claimed Services wait for, from the index and the ledger, for pages."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, NamedTuple

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext

from console.models import Cluster
from services.admission.configuration import NEVER
from services.admission.damage import WORDS, What
from services.binding import waits
from services.binding.state import UNREACHABLE
from services.binding.waits import Wait, Way
from services.limits import Sentence
from services.models import AccessLayer, Binding, Phase, Registration, Repair
from services.words import stored
from workloads.models import Pod, Service
from workloads.waits import Seen, WaitLine

# A damage that was repaired so soon after a Pod's creation was there at its creation.
SOON = timedelta(seconds=10)
MOST_REPAIRS = 200
_ENDED = {"Succeeded", "Failed", "Completed", "Evicted", "Error"}


# What a wait is told by: the rest of these rows is long.
_OF_SERVICE = ("uid", "namespace", "name", "created_at", "selector", "ports")
_OF_BINDING = (
    *("service_uid", "namespace", "name", "phase", "message", "lb_id"),
    *("due_because", "due_at", "checks", "excluded"),
)


@dataclass(frozen=True)
class _Claimed:
    service: Service
    binding: Binding

    def selects(self, pod: Pod) -> bool:
        same = self.service.namespace == pod.namespace
        return same and bool(self.service.selector.items() <= pod.labels.items())


class _Target(NamedTuple):
    """What of a row of the ledger a wait is told by."""

    pod_uid: str
    binding_id: int
    protocol: str
    listener_port: int
    ip: str
    port: int
    registered_at: datetime | None
    health: str
    health_since: datetime | None
    health_message: str


class Webhook:
    """What was known of a cluster's webhook, read once for all Pods of a page."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster

    @cached_property
    def layer(self) -> AccessLayer | None:
        return AccessLayer.objects.filter(cluster=self.cluster).first()

    @cached_property
    def repairs(self) -> Sequence[tuple[datetime, str]]:
        """The newest first."""
        rows = Repair.objects.filter(cluster=self.cluster)
        return list(rows.values_list("at", "what")[:MOST_REPAIRS])

    def damage_at(self, moment: datetime) -> str:
        """The first damage that was repaired soon after."""
        found = [what for at, what in self.repairs if moment <= at <= moment + SOON]
        return found[-1] if found else ""


def lines(cluster: Cluster, pods: Sequence[Pod], seen: Seen = None) -> dict[str, WaitLine]:
    """By Pod uid, in the reader's language."""
    return {uid: line(found) for uid, found in waits_of(cluster, pods, seen).items()}


def line(found: Wait) -> WaitLine:
    counts = bool(found.since or found.until)
    return WaitLine(
        found.cause.value,
        found.tone,
        told(found.sentence),
        told(found.sentence, n="{n}", left="{left}") if counts else "",
        found.since,
        found.interval,
        found.probes,
        found.until,
        is_bound=found.cause is not waits.Cause.NO_SERVICE,
    )


def told(text: str, **instead: str) -> str:
    """Translated, and so are the texts in it that were kept on rows; `instead` of some values."""
    if not isinstance(text, Sentence):
        return stored(text)
    values = {k: told(v) if isinstance(v, str) else v for k, v in text.values.items()} | instead
    template = gettext(text.template)
    return template % values if values else template


def waits_of(cluster: Cluster, pods: Sequence[Pod], seen: Seen = None) -> dict[str, Wait]:
    """By Pod uid; Pods that wait for nothing are left out.

    `seen` has the worst of each Pod's targets, so that only rows that matter are read whole.
    """
    if cluster.binder != "console":
        return {}
    alive = [pod for pod in pods if not pod.terminating and pod.status not in _ENDED]
    closed = {pod.uid for pod in alive if _gate(cluster, pod) != "True"}
    told = alive
    if seen is not None:
        told = [p for p in alive if (of := seen.get(p.uid)) and (p.uid in closed or of.is_bad)]
    rows = _registered(told, Q(health="Dead") | Q(pod_uid__in=closed)) if told else {}
    asked = [pod for pod in alive if pod.uid in closed or pod.uid in rows]
    claims = _claims(cluster, asked) if asked else []
    return _judged(cluster, asked, claims, rows)


def both(
    cluster: Cluster, pods: Sequence[Pod]
) -> tuple[dict[str, Wait], dict[str, tuple[Way, ...]]]:
    """What `waits_of` says, and by Pod uid the listeners that should lead there: read once."""
    if cluster.binder != "console" or not pods:
        return {}, {}
    rows, claims = _registered(pods, Q()), _claims(cluster, pods)
    alive = [pod for pod in pods if not pod.terminating and pod.status not in _ENDED]
    asked = [
        pod
        for pod in alive
        if _gate(cluster, pod) != "True" or any(row.health == "Dead" for row in rows[pod.uid])
    ]
    ways = {
        pod.uid: tuple(
            way for one in claims if one.selects(pod) for way in _ways(one, pod, rows[pod.uid])
        )
        for pod in pods
    }
    return _judged(cluster, asked, claims, rows), ways


def _judged(
    cluster: Cluster,
    pods: Iterable[Pod],
    claims: Sequence[_Claimed],
    rows: Mapping[str, Sequence[_Target]],
) -> dict[str, Wait]:
    now, webhook = timezone.now(), Webhook(cluster)
    told = {pod.uid: _wait(webhook, pod, claims, rows.get(pod.uid, ()), now) for pod in pods}
    return {uid: one for uid, one in told.items() if one}


def _registered(pods: Iterable[Pod], which: Q) -> dict[str, list[_Target]]:
    """By Pod uid. The cluster is not asked for: a database would go through all of its targets."""
    rows: dict[str, list[_Target]] = defaultdict(list)
    found = Registration.objects.filter(which, pod_uid__in=[pod.uid for pod in pods])
    for row in found.values_list(*_Target._fields):
        rows[row[0]].append(_Target(*row))
    return rows


def _gate(cluster: Cluster, pod: Pod) -> str:
    return next((str(g["status"]) for g in pod.gates if g["type"] == cluster.gate_type), "")


def _claims(cluster: Cluster, pods: Sequence[Pod]) -> list[_Claimed]:
    """Of all Services of these namespaces only those that select one of the Pods are read whole."""
    # Pods of one workload have the same labels.
    kinds = {(pod.namespace, tuple(sorted(pod.labels.items()))) for pod in pods}
    labelled = [(namespace, dict(labels).items()) for namespace, labels in kinds]
    services = Service.objects.filter(
        cluster=cluster, namespace__in={namespace for namespace, _labels in labelled}
    )
    selectors = services.filter(terminating=False).values_list("uid", "namespace", "selector")
    selecting = [
        uid
        for uid, namespace, selector in selectors
        if selector
        and any(where == namespace and selector.items() <= has for where, has in labelled)
    ]
    found = Binding.objects.filter(cluster=cluster, service_uid__in=selecting)
    found = found.exclude(phase=Phase.DELETING).only(*_OF_BINDING)
    bindings = {one.service_uid: one for one in found}
    claimed = Service.objects.filter(cluster=cluster, uid__in=bindings).only(*_OF_SERVICE)
    return [_Claimed(one, bindings[one.uid]) for one in claimed] if bindings else []


def _wait(
    webhook: Webhook,
    pod: Pod,
    claims: Iterable[_Claimed],
    rows: Sequence[_Target],
    now: datetime,
) -> Wait | None:
    mine = [one for one in claims if one.selects(pod)]
    gate = _gate(webhook.cluster, pod)
    return waits.wait(
        [way for one in mine for way in _ways(one, pod, rows)],
        gate=gate,
        containers_ready=pod.containers_ready,
        now=now,
        why_no_gate=why_no_gate(webhook, pod, [one.service for one in mine]) if not gate else "",
    )


def _ways(one: _Claimed, pod: Pod, rows: Sequence[_Target]) -> Iterable[Way]:
    binding = one.binding
    left_out = next(((e["reason"], e["message"]) for e in binding.excluded if _is(e, pod)), None)
    at = {(row.binding_id, row.protocol, row.listener_port): row for row in rows}
    for port in one.service.ports:
        row = at.get((binding.pk, port["protocol"], port["port"]))
        listener = f"{port['protocol']}:{port['port']}"
        check = binding.checks.get(listener) or {}
        yield Way(
            service=f"{binding.namespace}/{binding.name}",
            listener=listener,
            lb_id=binding.lb_id,
            address=f"{row.ip}:{row.port}" if row else "",
            registered_at=row.registered_at if row else None,
            health=row.health if row else "",
            health_since=row.health_since if row else None,
            said=row.health_message if row else "",
            interval=check.get("interval", 5),
            probes=check.get("healthy", 3),
            left_out=None if row else left_out,
            phase=binding.phase,
            message=binding.message,
            due_because=binding.due_because,
            due_at=binding.due_at,
        )


def _is(entry: Mapping[str, Any], pod: Pod) -> bool:
    return bool(entry["pod"] == pod.name)


def why_no_gate(webhook: Webhook, pod: Pod, services: Sequence[Service]) -> str:
    """Why the webhook added no gate to a Pod that these claimed Services select, if any do."""
    if not services:
        return ""
    if pod.host_network:
        return Sentence("it uses the host's network, so it can be no target.")
    if pod.network_mode in UNREACHABLE:
        return UNREACHABLE[pod.network_mode]
    if pod.namespace in NEVER:
        return Sentence("namespace %(name)s is never touched.", name=pod.namespace)
    first = min(services, key=lambda one: one.created_at)
    if pod.created_at < first.created_at:
        return Sentence("Service %(name)s came later.", name=first.name)
    if pod.created_at == first.created_at:
        # Kubernetes tells whole seconds.
        return Sentence(
            "it was created in the same second as Service %(name)s, before the webhook knew that.",
            name=first.name,
        )
    return _why_not_called(webhook, pod)


def _why_not_called(webhook: Webhook, pod: Pod) -> str:
    if damage := webhook.damage_at(pod.created_at):
        words = WORDS[What(damage)]
        return Sentence("its registration was damaged at that moment: %(what)s.", what=words)
    layer = webhook.layer
    if layer is None or layer.registered_at is None or layer.registered_at > pod.created_at:
        return Sentence("it was not registered in this cluster yet.")
    if layer.probe_ok is False:
        return Sentence("the API server does not reach it: %(words)s", words=layer.probe_message)
    return Sentence(
        "the API server did not call it, or got no answer in 2 s; failurePolicy Ignore lets Pods "
        "start then."
    )
