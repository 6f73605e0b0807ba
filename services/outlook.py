"""What would come of a Service: the Pods it selects, what stands in the way, the steps at the CLB.

The steps are the engine's own `plan()` from nothing to the desired state.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from console import kinds
from console.models import Binder, Cluster
from services import facts
from services.binding import plan
from services.binding.state import State, desired_state
from services.limits import (
    MODE_WORDS,
    Evidence,
    Facts,
    PodFacts,
    Problem,
    Remedy,
    Severity,
    Verdict,
    is_direct,
    judge,
)
from services.limits.pods import NO_SELECTOR
from services.spec import Access, ServiceSpec, tke_service_config
from services.words import said
from workloads.models import Pod
from workloads.pods import NETWORKS

NAMES_SHOWN = 5
TONES = {Severity.BLOCKS: "error", Severity.WARNS: "warning", Severity.INFORMS: ""}


@dataclass(frozen=True)
class Line:
    """A problem ready to print: `evidence` is where it was read, `remedy` what podgate can do."""

    tone: str
    word: str
    text: str
    fix: str = ""
    code: str = ""
    evidence: tuple[Evidence, ...] = ()
    remedy: Remedy | None = None
    link: str = ""
    instead: Remedy | None = None


@dataclass(frozen=True)
class StepLine:
    """One line of "What will happen"; `calls` are CLB write calls."""

    text: str
    seconds: str
    note: str = ""
    action: str = ""


@dataclass(frozen=True)
class Matches:
    """The Pods the selector matches now."""

    tone: str
    headline: str
    detail: str
    names: str


@dataclass(frozen=True)
class Outlook:
    lines: tuple[Line, ...]
    passed: tuple[str, ...]
    tally: tuple[tuple[str, str], ...]
    steps: tuple[StepLine, ...]
    calls: int
    seconds: int | None
    matches: Matches | None
    blocked: tuple[str, ...]
    # The steps at the CLB cannot be said yet: no port mapping is filled in.
    lacks_ports: bool = False
    # When the oldest fact was read.
    read_at: datetime | None = None
    # A selector is wrong, so nothing is said of Pods.
    lacks_selector: bool = False


def outlook(
    cluster: Cluster,
    spec: ServiceSpec,
    *,
    selector_stands: bool = True,
    seconds: float = facts.PAGE_SECONDS,
) -> Outlook:
    """For the page: from the index, in the reader's language; waits no longer than `seconds`.

    Of a selector that does not stand no part is judged: it would match other Pods.
    """
    if not selector_stands:
        spec = replace(spec, selector=())
    pods = facts.matching(cluster, spec.namespace, spec.selector)
    known = facts.from_index(cluster, spec, seconds=seconds)
    verdict = judge(spec, known)
    if not selector_stands:
        verdict = verdict.without(NO_SELECTOR.code)
    steps = plan.plan(State(), _desired(cluster, spec, pods)) if binds(cluster, spec) else ()
    lines = tuple(map(line, verdict.problems))
    return Outlook(
        lines=lines,
        passed=tuple(said(text) for text in verdict.passed),
        tally=tally(verdict),
        steps=tuple(step_lines(cluster, spec, steps, _gated(known))),
        calls=plan.write_calls(steps),
        seconds=round(plan.expected_seconds(steps, spec)) if steps and selector_stands else None,
        matches=matches(known.pods or (), spec) if spec.selector else None,
        blocked=tuple(entry.text for entry in lines if entry.tone == "error"),
        lacks_ports=is_direct(spec) and not spec.ports,
        read_at=timezone.now() - timedelta(seconds=known.age),
        lacks_selector=not selector_stands,
    )


def binds(cluster: Cluster, spec: ServiceSpec) -> bool:
    return cluster.binder == Binder.CONSOLE and is_direct(spec) and bool(spec.ports)


def line(problem: Problem) -> Line:
    words = {
        Severity.BLOCKS: _("Blocked."),
        Severity.WARNS: _("Warning."),
        Severity.INFORMS: _("Unknown.") if is_unknown(problem) else _("Note."),
    }
    return Line(
        TONES[problem.severity],
        words[problem.severity],
        said(problem.message),
        said(problem.fix),
        problem.code,
        problem.evidence,
        problem.remedy,
        problem.link,
        problem.instead,
    )


def is_unknown(problem: Problem) -> bool:
    """A fact that could not be read; other notes are known well."""
    return problem.severity is Severity.INFORMS and problem.code.endswith(("Unknown", "Unclear"))


def tally(verdict: Verdict) -> tuple[tuple[str, str], ...]:
    blocked, warned, informed = (len(verdict.of(severity)) for severity in Severity)
    unknown = sum(map(is_unknown, verdict.problems))
    noted, passed = informed - unknown, len(verdict.passed)
    counted = (
        (blocked, "error", _("%(n)s blocked") % {"n": blocked}),
        (warned, "warning", ngettext("%(n)s warning", "%(n)s warnings", warned) % {"n": warned}),
        (unknown, "", _("%(n)s unknown") % {"n": unknown}),
        (noted, "", ngettext("%(n)s note", "%(n)s notes", noted) % {"n": noted}),
        (passed, "success", _("%(n)s passed") % {"n": passed}),
    )
    return tuple((tone, words) for count, tone, words in counted if count)


def _gated(known: Facts) -> int:
    """Pods that wait for the gate; the others are Ready whatever the CLB says."""
    return sum(pod.gated for pod in known.pods or ())


def _desired(cluster: Cluster, spec: ServiceSpec, pods: Sequence[Pod]) -> State:
    """As the engine will see it once the containers are ready."""
    return desired_state(spec, [_pod(row) for row in pods], add_on=facts.add_on(cluster))


def _pod(row: Pod) -> kinds.Pod:
    """Enough of the Pod behind a row of the index for the engine's pure functions."""
    annotations = {NETWORKS: "tke-route-eni"} if row.network_mode == "eni" else {}
    containers = [
        kinds.Container(
            name=container["name"],
            ports=[
                kinds.ContainerPort(
                    name=port["name"], container_port=port["port"], protocol=port["protocol"]
                )
                for port in container.get("ports", ())
            ],
        )
        for container in row.containers
    ]
    return kinds.Pod(
        metadata=kinds.ObjectMeta(
            name=row.name,
            namespace=row.namespace,
            uid=row.uid,
            labels=row.labels,
            annotations=annotations,
        ),
        spec=kinds.PodSpec(host_network=row.host_network, containers=containers),
        status=kinds.PodStatus(
            phase="Running",
            pod_ip=row.ip or "",
            conditions=[kinds.Condition(type="ContainersReady", status="True")],
        ),
    )


def step_lines(
    cluster: Cluster, spec: ServiceSpec, steps: Sequence[plan.Step], gated: int
) -> list[StepLine]:
    config = tke_service_config(spec) if spec.ports else None
    note = _config_note(spec, config["metadata"]["name"]) if config else ""
    lines = [StepLine(_service_words(spec), _seconds(0.1), note)]
    if cluster.binder == Binder.TKE and spec.has_load_balancer:
        lines.append(StepLine(_("TKE's service-controller makes the CLB and binds"), "", ""))
    for batch in plan.batches(steps):
        took = f"~{_seconds(plan.USUAL_SECONDS.get(batch.action, plan.WRITE_SECONDS))}"
        lines.append(StepLine(_words(batch, spec), took, _("1 call"), batch.action))
    if any(isinstance(step, plan.Register) for step in steps):
        lines += _waiting(spec, gated)
    return lines


def _seconds(value: float) -> str:
    return _("%(n)s s") % {"n": f"{value:g}"}


def _service_words(spec: ServiceSpec) -> str:
    """The first step, as far as the Service has a name and a namespace yet."""
    if spec.name and spec.namespace:
        return _("Write Service %(where)s") % {"where": f"{spec.namespace}/{spec.name}"}
    if spec.namespace:
        return _("Write the Service into namespace %(name)s") % {"name": spec.namespace}
    return _("Write the Service")


def _config_note(spec: ServiceSpec, name: str) -> str:
    if not spec.name:
        return _("and its TkeServiceConfig")
    return _("and TkeServiceConfig %(name)s") % {"name": name}


def _waiting(spec: ServiceSpec, gated: int) -> list[StepLine]:
    check = spec.health
    seconds = plan.first_look(check)
    wait = StepLine(
        _("Wait for the CLB's health check"),
        _seconds(seconds),
        _("%(times)s probes, one every %(interval)s s")
        % {"times": check.healthy, "interval": check.interval},
    )
    gate = StepLine(
        ngettext("Open the gate of %(n)s Pod", "Open the gate of %(n)s Pods", gated) % {"n": gated},
        f"~{_seconds(plan.KUBELET_SECONDS)}",
        _("They become Ready"),
    )
    lines = [wait] if check.enabled else []
    return [*lines, gate] if gated else lines


def _words(batch: plan.Batch, spec: ServiceSpec) -> str:
    if batch.action == "CreateLoadBalancer":
        if spec.access is Access.PRIVATE:
            return _("Create a private CLB in %(subnet)s") % {"subnet": spec.subnet_id or "…"}
        return _("Create a public CLB")
    if batch.action == "CreateListener":
        keys = [str(step.key) for step in batch.steps if isinstance(step, plan.CreateListener)]
        return ngettext("Create listener %(keys)s", "Create listeners %(keys)s", len(keys)) % {
            "keys": ", ".join(keys)
        }
    count = len(batch.steps)
    return ngettext("Register %(n)s target", "Register %(n)s targets", count) % {"n": count}


def matches(pods: Sequence[PodFacts], spec: ServiceSpec) -> Matches:
    count = len(pods)
    if not count:
        return Matches(
            "warning",
            _("No Pod matches now."),
            _("The Service can be created all the same; Pods are bound as they appear."),
            "",
        )
    headline = ngettext("%(n)s Pod matches now.", "%(n)s Pods match now.", count) % {"n": count}
    modes = ", ".join(
        f"{sum(pod.network_mode == mode for pod in pods)} {words}"
        for mode, words in MODE_WORDS.items()
        if any(pod.network_mode == mode for pod in pods)
    )
    gated, ready = sum(pod.gated for pod in pods), sum(pod.ready for pod in pods)
    detail = _("Network mode: %(modes)s. Gate on %(gated)s of %(n)s, %(ready)s of %(n)s Ready.") % {
        "modes": modes or _("unknown"),
        "gated": gated,
        "ready": ready,
        "n": count,
    }
    names = ", ".join(pod.name for pod in pods[:NAMES_SHOWN])
    if count > NAMES_SHOWN:
        names = _("%(names)s and %(more)s more") % {"names": names, "more": count - NAMES_SHOWN}
    good = all(pod.network_mode in {"eni", "route", ""} for pod in pods) or not is_direct(spec)
    return Matches("success" if good else "warning", headline, detail, names)
