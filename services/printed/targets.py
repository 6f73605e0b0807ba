"""The targets of a binding, per listener, each with the Pod behind it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from django.urls import reverse
from django.utils.translation import gettext as _

from console.models import Cluster
from services import waiting
from services.models import Binding, Registration
from services.printed.words import GATE_TONES, HEALTH_TONES
from services.words import stored
from workloads.models import Pod
from workloads.waits import WaitLine


@dataclass(frozen=True)
class TargetRow:
    pod: str
    url: str
    address: str
    weight: int
    note: str
    health: str
    health_tone: str
    detail: str
    gate: str
    gate_tone: str
    gate_note: str
    ready: bool | None
    since: datetime | None
    registered: datetime | None
    wait: WaitLine | None = None


@dataclass(frozen=True)
class Group:
    """A listener and its targets."""

    name: str
    listener_id: str
    alive: int
    rows: tuple[TargetRow, ...]


def groups(cluster: Cluster, binding: Binding, *, only: str = "") -> list[Group]:
    """All targets by listener, or with only="not-alive" those that get no traffic."""
    found = list(
        binding.registrations.order_by("listener_port", "protocol", "pod_name", "ip", "port")
    )
    pods = Pod.objects.filter(cluster=cluster, uid__in={one.pod_uid for one in found})
    by_uid = {pod.uid: pod for pod in pods}
    waits = waiting.lines(cluster, list(by_uid.values()))
    return [
        _group(cluster, list(members), by_uid, waits, only=only)
        for _key, members in groupby(found, lambda one: (one.listener_port, one.protocol))
    ]


def tally(binding: Binding) -> list[tuple[str, str, int]]:
    """How many targets the CLB calls what: (tone, word, count)."""
    words = [word or "Unknown" for word in binding.registrations.values_list("health", flat=True)]
    return [(tone, word, words.count(word)) for word, tone in HEALTH_TONES.items() if word in words]


def _group(
    cluster: Cluster,
    members: list[Registration],
    pods: dict[str, Pod],
    waits: dict[str, WaitLine],
    *,
    only: str,
) -> Group:
    first = members[0]
    shown = [one for one in members if only != "not-alive" or one.health != "Alive"]
    return Group(
        name=f"{first.protocol}:{first.listener_port}",
        listener_id=first.listener_id,
        alive=sum(one.health == "Alive" for one in members),
        rows=tuple(
            _row(cluster, one, pods.get(one.pod_uid), waits.get(one.pod_uid)) for one in shown
        ),
    )


def _row(cluster: Cluster, one: Registration, pod: Pod | None, wait: WaitLine | None) -> TargetRow:
    gate = _gate(cluster, pod)
    return TargetRow(
        pod=one.pod_name,
        url=_url(cluster, one),
        address=f"{one.ip}:{one.port}",
        weight=one.weight,
        note=_weight_note(one, is_going=bool(pod and pod.terminating)),
        health=one.health or "Unknown",
        health_tone=HEALTH_TONES.get(one.health, "info"),
        detail=_detail(one),
        gate=gate.get("status", "") if gate else "",
        gate_tone=GATE_TONES.get(gate["status"], "idle") if gate else "idle",
        gate_note=str(gate.get("reason") or "") if gate else "",
        ready=pod.ready if pod else None,
        since=one.health_since,
        registered=one.registered_at,
        wait=wait,
    )


def _url(cluster: Cluster, one: Registration) -> str:
    """Empty of a target that is no Pod of ours to know: a node, or somebody else's."""
    if not one.pod_uid:
        return ""
    return reverse("pod", args=[cluster.cluster_id, one.binding.namespace, one.pod_name])


def _weight_note(one: Registration, *, is_going: bool) -> str:
    if one.registered_at is None:
        return _("not read back yet")
    if one.weight == 0:
        return _("draining")
    return _("its Pod is terminating") if is_going else ""


def _detail(one: Registration) -> str:
    if one.health_message and one.health == "Dead":
        return _("podgate’s own try: %(said)s") % {"said": stored(one.health_message)}
    if not one.health:
        return _("The CLB has not said anything yet")
    return ""


def _gate(cluster: Cluster, pod: Pod | None) -> dict[str, str] | None:
    gates: Iterable[dict[str, str]] = pod.gates if pod else ()
    return next((gate for gate in gates if gate["type"] == cluster.gate_type), None)
