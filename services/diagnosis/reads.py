"""What a diagnosis reads live, in parallel and for seconds: Events, Nodes, budgets, the CLB.

Only what may explain something that is stuck is asked for.
"""

import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from console import kinds, kube, secrets
from console.kube import Kube
from console.models import Cluster
from services.binding import clb
from services.binding.calls import Place
from services.diagnosis.facts import BudgetFacts, EventFacts, NodeFacts, Unread
from services.facts import asking
from services.facts import cloud as of_cloud
from services.facts.asking import Question
from services.limits import BalancerFacts, Interface
from services.limits.security import SecurityGroup
from services.models import Binding

MOST_EVENTS = 500
# These write a Pod's status besides podgate and are no second owner.
_KUBERNETES = ("kubelet", "kube-", "k3s", "podgate")


@dataclass(frozen=True)
class Patience:
    """How long one waits for what is missing, and how old what is known may be.

    An answer older than `fresh` and younger than `stale` is shown until its successor is there;
    `late` is told of those that come too late for this look. All that one look asks has to have
    come `until` then, by the monotonic clock.
    """

    seconds: float
    fresh: float
    stale: float = 0.0
    late: Callable[[], None] | None = None
    until: float | None = None

    def begun(self, late: Callable[[], None]) -> "Patience":
        """Of a look that begins now."""
        return replace(self, late=late, until=time.monotonic() + self.seconds)

    def ask(self, questions: Mapping[str, Question]) -> Mapping[str, Any]:
        if not questions:
            return {}
        left = self.seconds
        if self.until is not None:
            left = max(0.0, self.until - time.monotonic())
        return asking.ask(
            questions, seconds=left, fresh=self.fresh, stale=self.stale, late=self.late
        ).found


# A page never waits: its live region, which follows at once, brings what is read meanwhile. Nor
# does a region wait for long: it is drawn again with what comes late.
PAGE, REGION, NOW = Patience(0.0, 5.0, 30.0), Patience(0.4, 3.0, 30.0), Patience(8.0, 0.0)


def events_of(cluster: Cluster, uid: str, namespace: str) -> Question:
    """Those of one object, the newest first."""
    selector = f"involvedObject.uid={uid}"
    return _question(cluster, "list events", _events, namespace, selector)


def warnings_in(cluster: Cluster, namespace: str) -> Question:
    """By uid of what they are about, and by name where that is a ReplicaSet."""
    return _question(cluster, "list events", _warnings, namespace)


def _question(
    cluster: Cluster, what: str, read: Callable[..., Any], *arguments: object
) -> Question:
    def ask() -> Any:
        try:
            return read(kube.connect(cluster), *arguments)
        except secrets.Unreadable as error:
            return Unread(str(error))

    return Question(what, ask, (cluster.pk, read.__name__, *arguments))


def _events(door: Kube, namespace: str, selector: str) -> tuple[EventFacts, ...]:
    where = kube.path("Event", namespace)
    found = door.get(where, kinds.EventList, limit=MOST_EVENTS, fieldSelector=selector).items
    return tuple(fact for _, fact in _newest(found))


def _warnings(door: Kube, namespace: str) -> dict[str, tuple[EventFacts, ...]]:
    """At most a page: what was said long ago explains nothing now."""
    where = kube.path("Event", namespace)
    asked = {"fieldSelector": "type=Warning", "limit": MOST_EVENTS}
    by_uid: dict[str, list[EventFacts]] = {}
    for event, fact in _newest(door.get(where, kinds.EventList, **asked).items):
        about = event.involved_object
        for key in (about.uid, f"{about.kind}/{about.name}"):
            by_uid.setdefault(key, []).append(fact)
    return {key: tuple(facts) for key, facts in by_uid.items()}


def _newest(found: Sequence[kinds.Event]) -> list[tuple[kinds.Event, EventFacts]]:
    facts = [(event, _event(event)) for event in found]
    return sorted(facts, key=lambda one: one[1].at.timestamp() if one[1].at else 0.0, reverse=True)


def _event(event: kinds.Event) -> EventFacts:
    at = event.last_timestamp or event.event_time or event.metadata.creation_timestamp
    return EventFacts(event.reason, event.message, at, event.count or 1)


def nodes(cluster: Cluster, names: Iterable[str]) -> dict[str, Question]:
    return {f"node {name}": _question(cluster, "get nodes", _node, name) for name in names if name}


def _node(door: Kube, name: str) -> NodeFacts:
    try:
        node = door.get(kube.path("Node", "", name), kinds.Node)
    except kube.NotFound:
        return NodeFacts(name, ready="")
    ready = next((c for c in node.status.conditions if c.type == "Ready"), kinds.Condition())
    return NodeFacts(
        name,
        ready.status or "Unknown",
        ready.reason,
        ready.message,
        ready.last_transition_time,
    )


def cordoned(cluster: Cluster) -> Question:
    """Names of the nodes that somebody keeps new Pods from."""
    return _question(cluster, "list nodes", _cordoned)


def _cordoned(door: Kube) -> frozenset[str]:
    asked = {"fieldSelector": "spec.unschedulable=true"}
    found = door.get(kube.path("Node"), kinds.NamedList, **asked).items
    return frozenset(node.metadata.name for node in found)


@dataclass(frozen=True)
class Budget:
    facts: BudgetFacts
    selector: Mapping[str, Any]

    def covers(self, labels: Mapping[str, str]) -> bool:
        wanted = self.selector.get("matchLabels") or {}
        if not all(labels.get(key) == value for key, value in wanted.items()):
            return False
        return all(_matches(one, labels) for one in self.selector.get("matchExpressions") or ())


def _matches(rule: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    has, values = labels.get(rule["key"]), rule.get("values") or ()
    match rule["operator"]:
        case "In":
            return has in values
        case "NotIn":
            return has not in values
        case "Exists":
            return has is not None
    return has is None


def budgets(cluster: Cluster, namespace: str) -> Question:
    return _question(cluster, "list poddisruptionbudgets", _budgets, namespace)


def _budgets(door: Kube, namespace: str) -> tuple[Budget, ...]:
    found = door.get(f"/apis/policy/v1/namespaces/{namespace}/poddisruptionbudgets")["items"]
    return tuple(_budget(namespace, each) for each in found)


def _budget(namespace: str, found: Mapping[str, Any]) -> Budget:
    status = found.get("status") or {}
    facts = BudgetFacts(
        namespace,
        found["metadata"]["name"],
        status.get("disruptionsAllowed", 0),
        status.get("currentHealthy", 0),
        status.get("desiredHealthy", 0),
    )
    return Budget(facts, (found.get("spec") or {}).get("selector") or {})


def writers(cluster: Cluster, namespace: str, name: str, gate_type: str) -> Question:
    """Managers other than podgate and Kubernetes that own the gate's condition."""
    return _question(cluster, "get pods", _writers, namespace, name, gate_type)


def _writers(door: Kube, namespace: str, name: str, gate_type: str) -> tuple[str, ...]:
    try:
        found = door.get(kube.path("Pod", namespace, name))
    except kube.NotFound:
        return ()
    owned = f"k:{json.dumps({'type': gate_type}, separators=(',', ':'))}"
    managers = {
        entry.get("manager", "")
        for entry in found["metadata"].get("managedFields") or ()
        if owned in json.dumps(entry.get("fieldsV1") or {}).replace('\\"', '"')
    }
    return tuple(sorted(m for m in managers if m and not m.startswith(_KUBERNETES)))


def failure(cluster: Cluster, kind: str, namespace: str, name: str) -> Question:
    """The message of the condition ReplicaFailure."""
    return _question(cluster, f"get {kind.lower()}s", _failure, kind, namespace, name)


def _failure(door: Kube, kind: str, namespace: str, name: str) -> str:
    try:
        found = door.get(kube.path(kind, namespace, name), kinds.Workload)
    except kube.NotFound:
        return ""
    conditions = found.status.conditions
    said = (c.message for c in conditions if c.type == "ReplicaFailure" and c.status == "True")
    return next(said, "")


def observed(binding: Binding, mark: object = None) -> Question:
    """The load balancer as it is now; None when it is gone. Good for as long as `mark` holds."""
    cluster = binding.cluster
    place = Place(
        account=cluster.account,
        cluster_id=cluster.cluster_id,
        service_uid=binding.service_uid,
        name="",
        vpc_id="",
        lb_id=binding.lb_id,
    )
    key = (cluster.pk, "observe", binding.lb_id, mark)
    return Question("clb:DescribeTargets", lambda: clb.observe(place), key)


@dataclass(frozen=True)
class Doors:
    """What keeps packets out between the CLB and some addresses."""

    balancer: BalancerFacts | Unread | None
    interfaces: tuple[Interface, ...] | Unread
    groups: Mapping[str, SecurityGroup | Unread]


def doors(cluster: Cluster, lb_id: str, ips: Sequence[str], patience: Patience) -> Doors:
    """The CLB's switch and groups, the addresses' network interfaces and the rules of theirs."""
    asked = of_cloud.of_addresses(cluster, ips)
    answers = patience.ask(asked | {"balancer": of_cloud.of_balancer(cluster, lb_id)})
    parts = [answers[name] for name in asked]
    unread = next((part for part in parts if isinstance(part, Unread)), None)
    if unread is not None:
        return Doors(answers["balancer"], unread, {})
    found = tuple(interface for part in parts for interface in part)
    ids = {id for one in found for id in one.groups}
    groups = patience.ask(of_cloud.of_groups(cluster, sorted(ids))) if ids else {}
    return Doors(answers["balancer"], found, groups)
