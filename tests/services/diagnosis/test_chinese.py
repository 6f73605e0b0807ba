"""Every finding in Chinese: Kubernetes', the CLB's and kubectl's words stay, the frame does not."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.utils import translation

from services.binding import trying, waits
from services.binding.state import UNREACHABLE
from services.binding.waits import Way
from services.diagnosis import diagnose_pod, diagnose_service, diagnose_workload
from services.diagnosis.drift import differences
from services.diagnosis.facts import BindingFacts, BudgetFacts, NodeFacts, PodFacts
from services.diagnosis.finding import Code, Finding
from services.diagnosis.gates import TKE_GATE
from services.limits import Sentence
from services.spec import HealthCheck
from services.waiting import told
from tests.services.diagnosis.shapes import (
    AROUND,
    GATE,
    NOW,
    WAY,
    ago,
    condition,
    container,
    event,
    pod,
    service,
    workload,
)
from tests.services.diagnosis.test_gates import CLOSED
from tests.services.diagnosis.test_services import CHECK, CHECKS, READY, WRITTEN, state

# What other programs said, in their words; without a space, so that ours are told from them.
SAID = "0/3:Insufficient"
CLOSED_GATE = [{"type": GATE, "status": "False", "reason": "", "message": "", "since": None}]
# Problems have tests of their words of their own.
SHUT = replace(CLOSED, message=SAID, fix="")
REASONS = (
    waits.SLOW_DOWN,
    waits.IN_ANOTHER_TASK,
    "Another worker is at it.",
    f"lb-1 {waits.BEING_CREATED}",
    "Tencent Cloud answers HTTP 500.",
)
# Three English words in a row are a phrase nobody translated.
PHRASE = re.compile(r"[A-Za-z]{2,} [a-z]{2,} [a-z]{2,}")


def unready(facts: dict[str, Any] | None = None, **differs: Any) -> PodFacts:
    status = {"ready": False, "containers_ready": False}
    held = [container(**({"ready": False} | differs))]
    return pod(facts=facts, **status, containers=held)


def gated(*ways: Way, gate: str = "False", why: str = "") -> PodFacts:
    wait = waits.wait(ways, gate=gate, containers_ready=True, now=NOW, why_no_gate=why)
    facts = {"wait": wait, "ways": ways, "closed": (SHUT,), "writers": ("tke-service",)}
    return pod(facts=facts, ready=False, gates=CLOSED_GATE if gate else [])


def of_pods() -> Iterator[PodFacts]:
    node = NodeFacts("10.1.0.1", "False", "Down", SAID, ago(40))
    budget = BudgetFacts("shop", "web", allowed=0, healthy=3, desired=3)
    yield pod(facts={"node": node, "budgets": (budget,)}, ready=False)
    yield pod(facts={"node": NodeFacts("10.1.0.1", "")}, ready=False)
    yield pod(facts={"ending": ago(300), "grace": 5}, terminating=True)
    for reason in ("Unschedulable", "SchedulingGated"):
        said = condition("PodScheduled", "False", reason, SAID)
        yield pod(node="", ip=None, ready=False, conditions=[said], containers=[])
    yield pod(ip=None, ready=False, containers=[])
    yield pod(facts={"events": (event("FailedCreatePodSandBox", SAID),)}, ip=None, ready=False)
    yield pod(status="Init:CrashLoopBackOff", ready=False)
    yield unready(state="Waiting", reason="ErrImagePull", message=SAID)
    yield unready(state="Waiting", reason="RunContainerError", message="")
    for ended in ({"code": 3, "reason": "", "ran": 4}, {"code": 137, "reason": "", "ran": None}):
        yield unready(state="Waiting", reason="CrashLoopBackOff", restarts=4, exit=ended)
    for probe in ("Readiness", "Liveness"):
        yield unready({"events": (event("Unhealthy", f"{probe} probe failed: {SAID}"),)})
    yield unready()
    yield from waiting()


def waiting() -> Iterator[PodFacts]:
    new = replace(WAY, registered_at=None, phase="Registering")
    yield gated(replace(WAY, registered_at=ago(2)))
    yield gated(replace(WAY, registered_at=ago(100)))
    yield gated(replace(WAY, health="Alive"))
    yield gated()
    yield gated(new)
    yield gated(replace(new, lb_id=""))
    yield gated(replace(new, left_out=("OverQuota", "")))
    yield gated(replace(new, left_out=("NoRoute", UNREACHABLE["overlay"])))
    stored = str(Sentence("%(lb)s does not carry podgate's tags for this Service.", lb="lb-1"))
    yield gated(replace(new, phase="Blocked", message=stored))
    for because in REASONS:
        yield gated(replace(new, due_because=because, due_at=NOW + timedelta(seconds=2)))
    values = {"address": "10.0.0.1:8080", "n": "1", "error": "EHOSTUNREACH", "status": "503"}
    for words in ("", trying.REFUSED, trying.SILENT, trying.UNREACHABLE, trying.ANSWERS):
        dead = replace(WAY, health="Dead", said=words % values, health_since=ago(9))
        yield gated(dead)
        yield gated(dead, gate="True")
    yield gated(replace(WAY, health="Dead"), gate="")
    yield gated(WAY, gate="", why=Sentence("Service %(name)s came later.", name="web"))
    theirs = [{"type": TKE_GATE, "status": "missing", "reason": "", "message": "", "since": None}]
    yield pod(ready=False, gates=theirs)


def of_workloads() -> Iterator[tuple[Finding, ...]]:
    rolling = {"rollout": "progressing", "updated": 1, "available": 2, "ready": 2}
    many = [gated(replace(WAY, registered_at=ago(2))) for _ in range(5)]
    pods = [
        replace(one, pod=type(one.pod)(**{f: getattr(one.pod, f) for f in one.pod.__struct_fields__}
                                       | {"name": f"web-{n}"}))
        for n, one in enumerate(many)
    ]  # fmt: skip
    yield diagnose_workload(workload(*pods, **rolling))
    yield diagnose_workload(workload(*pods, kind="StatefulSet", **rolling))
    yield diagnose_workload(workload(rollout="stuck"))
    yield diagnose_workload(workload(paused=True, rollout="paused"))
    yield diagnose_workload(workload(paused=True, rollout="paused", held=SAID))
    yield diagnose_workload(workload(failure=SAID, ready=0))
    strategy = {"type": "OnDelete"}
    yield diagnose_workload(workload(kind="StatefulSet", updated=1, strategy=strategy))
    strategy = {"type": "RollingUpdate", "rollingUpdate": {"partition": 2}}  # type: ignore[dict-item]
    yield diagnose_workload(workload(kind="StatefulSet", updated=1, strategy=strategy))


def of_services() -> Iterator[tuple[Finding, ...]]:
    yield diagnose_service(service(selected=0))
    yield diagnose_service(service(selected=0, selector={}))
    yield diagnose_service(service(selected=0, at_zero=(("Deployment", "web"),)))
    yield diagnose_service(service(is_claimed=False, unbound=SAID))
    yield diagnose_service(service(binding=replace(READY, lb_status="missing")))
    yield diagnose_service(service(binding=replace(READY, replaced_at=ago(9))))
    for phase in ("Provisioning", "Deleting"):
        message = "The CLB API asks to slow down."
        yield diagnose_service(service(binding=BindingFacts(phase, message)))
    seen = [
        state(weight=3),
        state(check=HealthCheck(enabled=False)),
        state(check=HealthCheck(interval=CHECK.interval + 1)),
        type(state())(),
    ]
    for one in seen:
        found = differences(one, [WRITTEN], CHECKS)
        yield diagnose_service(service(binding=READY, differences=found))
    around = replace(AROUND, silent={"worker": None, "watcher": 40.0}, unreachable=SAID)
    yield diagnose_service(service(binding=READY, around=around))


def all_findings() -> list[Finding]:
    found = [one for facts in of_pods() for one in diagnose_pod(facts)]
    for several in (*of_workloads(), *of_services()):
        found += several
    return found


def values(finding: Finding) -> list[str]:
    """Of its evidence; an Event is quoted as it is."""
    return [one.value for one in finding.evidence if not one.source.startswith("Event ")]


def test_no_finding_is_left_in_english() -> None:
    found = all_findings()
    with translation.override("zh-hans"):
        texts = {
            told(text) for one in found for text in (one.sentence, one.next_step, *values(one))
        }
    assert {text for text in texts if PHRASE.search(text)} == set()


def test_every_kind_of_finding_was_looked_at() -> None:
    others = {
        # Told in the words of a Problem, whose translation tests of limits look at.
        *(Code.BLOCKED, Code.WARNING),
    }
    assert {one.code for one in all_findings()} >= set(Code) - others
