"""What a run says of its binding: phase, problems, Pods left out, Events on the Service."""

from collections.abc import Sequence
from dataclasses import asdict

from django.utils import timezone

from console.kinds import Pod
from services.binding import cluster, events, health
from services.binding.phases import Standing
from services.binding.run import Run, report
from services.binding.state import State, Why, left_out
from services.limits import Problem, Sentence, Severity
from services.models import Phase

# Phases worth a Kubernetes Event.
TOLD = {"Provisioning", "Checking", "Ready", "Degraded", "Blocked", "Deleting"}


def tell(run: Run, waits_for: str = "") -> None:
    _report(run, _standing(run, waits_for=waits_for))


def note(run: Run, has: State, desired: State, pods: Sequence[Pod]) -> None:
    """What the Service's page shows of this look."""
    binding = run.binding
    add_on = cluster.add_on(binding.cluster)
    unrouted = run.unrouted.message if run.unrouted else ""
    left = left_out(run.spec, pods, desired, add_on=add_on, unrouted=unrouted) if run.spec else ()
    if run.unrouted and any(one.reason is Why.NO_ROUTE for one in left):
        run.problems = [*dict.fromkeys((*run.problems, run.unrouted))]
    binding.excluded = [asdict(one) for one in left]
    binding.observed_at = timezone.now()
    binding.save(update_fields=["excluded", "observed_at"])
    run.problems += [*_foreign(run, has), *_extra(run)]


def show(run: Run, has: State, *, is_first: bool) -> None:
    """A binding that is Blocked stays so while what was refused is only tried again."""
    if not (is_first and run.steps and run.binding.phase == Phase.BLOCKED):
        _report(run, _standing(run, waits_for=_drains(run, has)))


def _report(run: Run, standing: Standing) -> None:
    is_news = report(run.binding, standing)
    if is_news and run.service and run.binding.phase in TOLD:
        events.on_service(run.kube, run.service, run.binding.phase, run.binding.message)


def _standing(run: Run, *, waits_for: str = "") -> Standing:
    return Standing(
        steps=run.steps,
        health=health.words(run.binding),
        problems=run.problems,
        has_load_balancer=run.binding.lb_status == "running",
        is_leaving=run.is_leaving,
        waits_for=waits_for,
    )


def _drains(run: Run, has: State) -> str:
    draining = sum(len(listener.targets) for listener in has.listeners.values())
    if not run.is_leaving or run.steps or not draining:
        return ""
    return f"Draining {draining} targets at weight 0."


def _foreign(run: Run, has: State) -> list[Problem]:
    wanted_ports = {port.port for port in run.spec.ports} if run.spec else set()
    in_the_way = sorted(key for key in has.foreign if key.port in wanted_ports)
    strangers = [
        f"{target} on {key}"
        for key, listener in has.listeners.items()
        for target, backend in listener.targets.items()
        if not backend.pod
    ]
    found = []
    if in_the_way and not run.problems:
        words = f"Somebody else's listener has {in_the_way[0]} of {run.binding.lb_id}."
        fix = "Delete it at the CLB, or give the Service another port."
        found.append(Problem("ForeignListener", Severity.BLOCKS, words, fix))
    if strangers and not run.problems:
        words = f"Somebody else registered {strangers[0]}; podgate leaves it alone."
        found.append(Problem("ForeignTarget", Severity.WARNS, words))
    return found


def _extra(run: Run) -> list[Problem]:
    """More than one carries our tags: whoever put them there must say which one is meant."""
    ids = ", ".join(run.binding.extra)
    if not ids:
        return []
    words = Sentence(
        "%(ids)s also carries podgate's tags for this Service; podgate uses %(lb)s.",
        ids=ids,
        lb=run.binding.lb_id,
    )
    fix = "Delete it at the CLB, or take its tags away."
    return [Problem("TwoLoadBalancers", Severity.WARNS, words, fix)]
