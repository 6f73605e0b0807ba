"""Facts of a Pod that is well, to be spoilt by tests."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from services.binding.waits import Cause, Wait, Way
from services.diagnosis.facts import EventFacts, PodFacts, ServiceFacts, Surroundings, WorkloadFacts
from services.diagnosis.finding import Finding, Sentence
from workloads.pods import PodRow
from workloads.rollouts import WorkloadRow

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
GATE = "podgate.dev/clb-ready"
AROUND = Surroundings(now=NOW, gate_type=GATE, name="cls-1")
WAY = Way(
    service="shop/web",
    listener="TCP:80",
    lb_id="lb-1",
    address="10.0.0.1:8080",
    registered_at=NOW,
)


def ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


def condition(type_: str, status: str, reason: str = "", message: str = "") -> dict[str, Any]:
    since = ago(60).isoformat()
    return {
        "type": type_, "status": status, "reason": reason, "message": message, "since": since,
    }  # fmt: skip


def container(**differs: Any) -> dict[str, Any]:
    return {
        "name": "web",
        "image": "shop/web:1",
        "ready": True,
        "restarts": 0,
        "state": "Running",
        "reason": "",
        "message": "",
        "since": ago(60).isoformat(),
        "last": "",
        "exit": None,
        "ports": [],
        **differs,
    }


def pod_row(**differs: Any) -> PodRow:
    values: dict[str, Any] = {
        "uid": "uid-1",
        "namespace": "shop",
        "name": "web-1",
        "resource_version": "1",
        "created_at": ago(90),
        "labels": {"app": "web"},
        "ip": "10.0.0.1",
        "node": "10.1.0.1",
        "status": "Running",
        "ready": True,
        "containers_ready": True,
        "terminating": False,
        "host_network": False,
        "network_mode": "eni",
        "restarts": 0,
        "workload_kind": "Deployment",
        "workload_name": "web",
        "revision": "abc",
        "gates": [],
        "gated": False,
        "gates_open": True,
        "conditions": [condition("PodScheduled", "True")],
        "containers": [container()],
    }
    return PodRow(**(values | differs))


def pod(*, facts: dict[str, Any] | None = None, **differs: Any) -> PodFacts:
    """`facts` are what is known beside the Pod itself."""
    return replace(PodFacts(pod_row(**differs), AROUND), **(facts or {}))


def event(reason: str, message: str, seconds: float = 5) -> EventFacts:
    return EventFacts(reason, message, ago(seconds))


def waiting(cause: Cause, way: Way = WAY, **differs: Any) -> PodFacts:
    """A gated Pod, all its containers ready, that waits for this cause."""
    gates = [{"type": GATE, "status": "False", "reason": "", "message": "", "since": None}]
    facts = {"wait": Wait(cause, Sentence("because")), "ways": (way,), **differs}
    return pod(facts=facts, ready=False, gates=gates, gates_open=False)


def workload(*pods: PodFacts, **differs: Any) -> WorkloadFacts:
    facts = {name: differs.pop(name) for name in list(differs) if name in FACTS}
    values: dict[str, Any] = {
        "kind": "Deployment",
        "uid": "uid-w",
        "namespace": "shop",
        "name": "web",
        "resource_version": "1",
        "created_at": ago(900),
        "labels": {},
        "replicas": 3,
        "updated": 3,
        "ready": 3,
        "available": 3,
        "rollout": "complete",
        "rollout_message": "",
        "paused": False,
        "host_network": False,
        "network_mode": "eni",
        "template_labels": {},
        "template_gates": [],
        "selector": {},
        "containers": [],
        "strategy": {"type": "RollingUpdate"},
    }
    return WorkloadFacts(WorkloadRow(**(values | differs)), AROUND, pods, **facts)


FACTS = {"more", "events", "budgets", "cordoned", "failure", "held"}


def service(**differs: Any) -> ServiceFacts:
    values: dict[str, Any] = {
        "namespace": "shop",
        "name": "web",
        "around": AROUND,
        "is_claimed": True,
        "selector": {"app": "web"},
        "selected": 3,
    }
    return ServiceFacts(**(values | differs))


def codes(findings: tuple[Finding, ...]) -> list[str]:
    return [finding.code.value for finding in findings]
