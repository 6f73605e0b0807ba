"""Index rows made ready to print: words, tones, links; templates only place them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from console.models import Cluster
from workloads.binders import BoundBy, binders
from workloads.models import Pod
from workloads.waits import Seen, WaitLine, waits_of

TKE_GATE = "cloud.tencent.com/load-balancer-backendgroup-ready"
_CALM = {"Completed": "idle", "Succeeded": "idle", "Terminating": "info", "Unknown": "warning"}
_COMING = {"Pending", "ContainerCreating", "PodInitializing", "SchedulingGated"}
# Of conditions that tell of trouble when they are True, as far as workloads and Pods have them.
_BAD_WHEN_TRUE = {"ReplicaFailure", "DisruptionTarget", "PodResizePending"}


@dataclass(frozen=True)
class Gate:
    type: str
    status: str
    word: str
    tone: str
    reason: str
    message: str
    since: datetime | None
    # Who writes this condition, and whether anybody is there to do it.
    writer: str
    unbound: bool


@dataclass(frozen=True)
class Condition:
    type: str
    status: str
    tone: str
    reason: str
    message: str
    since: datetime | None

    @property
    def words(self) -> str:
        return f"{self.type} {self.status}"


@dataclass(frozen=True)
class PodLine:
    """A Pod in a list or on its page; what only the page shows is made when it is asked for."""

    pod: Pod
    url: str
    workload_url: str
    gates: Sequence[Gate]
    bound_by: Sequence[BoundBy]
    # What its gate waits for, or what became of its target since.
    wait: WaitLine | None = None

    @property
    def tone(self) -> str:
        return pod_tone(self.pod)

    @property
    def network(self) -> str:
        return network_words(self.pod.network_mode)

    @property
    def ready_count(self) -> str:
        containers = self.pod.containers
        return f"{sum(bool(one['ready']) for one in containers)}/{len(containers)}"

    @property
    def gates_word(self) -> str:
        return f"{sum(gate.status == 'True' for gate in self.gates)}/{len(self.gates)}"

    @property
    def gates_tone(self) -> str:
        return "success" if self.pod.gates_open else "info"

    @property
    def unbound(self) -> bool:
        return any(gate.unbound for gate in self.gates)

    @property
    def conditions(self) -> list[Condition]:
        """All but the gates', which have a place of their own."""
        gates = {gate.type for gate in self.gates}
        return [_condition(one) for one in self.pod.conditions if one["type"] not in gates]

    @property
    def told(self) -> list[Condition]:
        """For a dense cell: what is not as it should be; the Pod's page has them all."""
        return [one for one in self.conditions if one.tone != "success"]

    @property
    def containers(self) -> list[dict[str, Any]]:
        return [
            one | {"since": _moment(one["since"]), "tone": _container_tone(one)}
            for one in self.pod.containers
        ]


def pod_rows(cluster: Cluster, pods: Iterable[Pod], seen: Seen = None) -> list[PodLine]:
    """Pods of a list. Who binds them is asked only where nobody knows whether anybody does."""
    found = list(pods)
    waits = waits_of(cluster, found, seen)
    asked = [pod for pod in _waiting(found) if pod.uid not in waits]
    return _pod_lines(cluster, found, asked, waits)


def pod_row(cluster: Cluster, pod: Pod) -> PodLine:
    """One Pod, with the names of the Services that bind it while it waits."""
    return _pod_lines(cluster, [pod], _waiting([pod]), waits_of(cluster, [pod]))[0]


def _waiting(pods: Iterable[Pod]) -> list[Pod]:
    return [pod for pod in pods if not pod.gates_open and not _finished(pod)]


def _pod_lines(
    cluster: Cluster, pods: Iterable[Pod], asked: Sequence[Pod], waits: Mapping[str, WaitLine]
) -> list[PodLine]:
    bound = binders(cluster, asked) if asked else {}
    return [_pod_line(cluster, pod, bound.get(pod.uid, ()), waits.get(pod.uid)) for pod in pods]


def _pod_line(
    cluster: Cluster, pod: Pod, bound_by: Sequence[BoundBy], wait: WaitLine | None
) -> PodLine:
    is_bound = bool(bound_by) or (wait is not None and wait.is_bound)
    unbound = not is_bound and not _finished(pod)
    return PodLine(
        pod=pod,
        url=_below(f"{_root(cluster.cluster_id)}pods/", pod.namespace, pod.name),
        workload_url=_workload_url(cluster, pod),
        gates=[_gate(cluster, gate, unbound=unbound) for gate in pod.gates] if pod.gates else (),
        bound_by=bound_by,
        wait=wait,
    )


def pod_tone(pod: Pod) -> str:
    if pod.status in _CALM:
        return _CALM[pod.status]
    if pod.status == "Running":
        return "success" if pod.ready else "info"
    coming = pod.status in _COMING or (pod.status.startswith("Init:") and "/" in pod.status)
    return "info" if coming else "error"


NETWORK = {
    "eni": gettext_noop("ENI"),
    "route": gettext_noop("GlobalRouter"),
    "host": gettext_noop("Host network"),
    "overlay": gettext_noop("Overlay"),
    "": gettext_noop("Unknown"),
}


def network_words(mode: str) -> str:
    return _(NETWORK.get(mode, NETWORK[""]))


def _gate(cluster: Cluster, gate: dict[str, Any], *, unbound: bool) -> Gate:
    status = gate["status"]
    clb = gate["type"] in {cluster.gate_type, TKE_GATE}
    return Gate(
        type=gate["type"],
        status=status,
        word=_("No condition yet") if status == "missing" else status,
        tone="success" if status == "True" else "info",
        reason=gate["reason"],
        message=gate["message"],
        since=_moment(gate["since"]),
        writer=writer(cluster, gate["type"]),
        unbound=unbound and clb and status != "True",
    )


def writer(cluster: Cluster, gate_type: str) -> str:
    if gate_type == cluster.gate_type and cluster.binder == "console":
        return _("podgate sets it once the CLB reports the Pod healthy on every listener.")
    if gate_type == TKE_GATE:
        return _("TKE's service-controller sets it, for Services that TKE binds.")
    return _("Another controller sets it; podgate does not know which.")


def _condition(condition: dict[str, Any]) -> Condition:
    wanted = "False" if condition["type"] in _BAD_WHEN_TRUE else "True"
    return Condition(
        type=condition["type"],
        status=condition["status"],
        tone="success" if condition["status"] == wanted else "info",
        reason=condition["reason"],
        message=condition["message"],
        since=_moment(condition["since"]),
    )


def _container_tone(container: dict[str, Any]) -> str:
    if container["state"] == "Running":
        return "success" if container["ready"] else "info"
    if container["state"] == "Terminated":
        return "idle" if container["reason"] == "Completed" else "error"
    calm = {"", "ContainerCreating", "PodInitializing"}
    return "info" if container["reason"] in calm else "error"


def _workload_url(cluster: Cluster, pod: Pod) -> str:
    kind = pod.workload_kind.lower()
    if kind not in {"deployment", "statefulset", "daemonset"}:
        return ""
    return _below(f"{_root(cluster.cluster_id)}workloads/{kind}/", pod.namespace, pod.workload_name)


@lru_cache(maxsize=4096)
def _root(cluster_id: str) -> str:
    """The cluster's own page; two reverse() per row would be a tenth of a page's time."""
    return reverse("cluster", args=[cluster_id])


def _below(root: str, namespace: str, name: str) -> str:
    return f"{root}{quote(namespace, safe='')}/{quote(name, safe='')}/"


def _finished(pod: Pod) -> bool:
    return pod.status in {"Succeeded", "Completed", "Failed", "Evicted"}


def _moment(text: str | None) -> datetime | None:
    return parse_datetime(text) if text else None
