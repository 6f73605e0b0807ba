"""The loop: read the Service, its Pods and the load balancer, plan, perform, report.

Level-triggered: an id comes in and everything is read afresh, so it may run twice, at any time and
after any crash. Nothing to do makes no writes.
"""

import random
from collections.abc import Sequence
from dataclasses import asdict

from django.utils import timezone

from console.kinds import Pod
from console.kube import KubeError, connect
from console.tencent import Busy, CloudError, Throttled
from services.binding import (
    balancer,
    cluster,
    drains,
    events,
    health,
    lanes,
    leases,
    ledger,
    reading,
    release,
    troubles,
    waits,
    wanted,
    watching,
)
from services.binding.clb import Observed
from services.binding.phases import Standing
from services.binding.plan import Step, first_look, plan, takes_away
from services.binding.run import Again, Blocked, ComeBack, Outcome, Run, Settled, again, report
from services.binding.settings import checks
from services.binding.state import State, Why, left_out
from services.limits import Problem, Sentence, Severity
from services.models import Binding, Phase

# Looks and plans in one run; what is left then is for the next one.
ROUNDS = 6
BLOCKED_SECONDS = 30.0
BUSY_SECONDS = 0.5
# A quota that leaves Pods waiting is read again this soon.
QUOTA_SECONDS = 5.0
# So many times in a row the load balancer is busy before that is worth a word.
LONG_BUSY = 20
# Phases worth a Kubernetes Event.
TOLD = {"Provisioning", "Checking", "Ready", "Degraded", "Blocked", "Deleting"}


def reconcile(pk: int) -> Outcome:
    """One run over one binding, alone on its load balancer."""
    key = wanted.lease_key(pk)
    if key is None:
        return Settled()
    with leases.held(key) as lease:
        # What is read before the lease is held may be old.
        binding = wanted.begin(pk)
        if binding is None:
            return Settled()
        if lease is None or key != wanted.lease_key(pk):
            wanted.put_off(binding)
            return again(1, "Another worker is at it.")
        try:
            outcome = _look_or_bind(binding, lease)
        except Exception as error:
            # Nobody foresaw it: seen in the log, and not tried at once again.
            _finish(binding, again(troubles.MOST_BACK_OFF, repr(error)))
            raise
    _finish(binding, outcome)
    return outcome


def _look_or_bind(binding: Binding, lease: leases.Held) -> Outcome:
    if binding.watched:
        return watching.look(binding)
    return _caught(Run(binding, lease, connect(binding.cluster)))


def _finish(binding: Binding, outcome: Outcome) -> None:
    if not Binding.objects.filter(pk=binding.pk).exists():
        return
    because = outcome.because if isinstance(outcome, Again) else ""
    if binding.due_because != because:
        binding.due_because = because
        binding.save(update_fields=["due_because"])
    wanted.finish(binding, due_at=outcome.due_at if isinstance(outcome, Again) else None)


def _caught(run: Run) -> Outcome:
    """The one place where errors become a reason to come back."""
    try:
        outcome = _run(run)
    except ComeBack as later:
        _tell(run, waits_for=later.because)
        outcome = again(later.seconds, later.because)
    except Blocked as blocked:
        run.problems.append(blocked.problem)
        _tell(run)
        return again(BLOCKED_SECONDS, str(blocked))
    except leases.LeaseLost:
        return again(1, "Another worker took over.")
    except Throttled as later:
        _tell(run, waits_for=waits.SLOW_DOWN)
        return again(later.retry_after, waits.SLOW_DOWN)
    except Busy as busy:
        return _put_off(run, busy)
    except (CloudError, KubeError) as error:
        return _failed(run, error)
    if run.binding.attempts:
        run.binding.attempts = 0
        run.binding.save(update_fields=["attempts"])
    return outcome


def _tell(run: Run, waits_for: str = "") -> None:
    _report(run, _standing(run, waits_for=waits_for))


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


def _put_off(run: Run, busy: Busy) -> Outcome:
    """Come back; when it takes long, as with a load balancer that is isolated, less often."""
    binding = run.binding
    binding.attempts += 1
    binding.save(update_fields=["attempts"])
    if binding.attempts <= LONG_BUSY:
        if binding.attempts > 2:
            _tell(run, waits_for=waits.IN_ANOTHER_TASK)
        return again(BUSY_SECONDS, waits.IN_ANOTHER_TASK)
    run.problems.append(troubles.passing(busy))
    _tell(run, waits_for=troubles.retried(busy))
    return again(10 * BUSY_SECONDS, str(busy))


def _failed(run: Run, error: CloudError | KubeError) -> Outcome:
    """Back-off with jitter, at most 30 s, and over as soon as something changes."""
    binding = run.binding
    if problem := troubles.for_the_user(error):
        run.problems.append(problem)
        _tell(run)
        return again(BLOCKED_SECONDS, str(error))
    binding.attempts += 1
    binding.save(update_fields=["attempts"])
    seconds = min(troubles.MOST_BACK_OFF, 0.5 * 2 ** min(binding.attempts - 1, 8))
    if binding.attempts > 2:
        run.problems.append(troubles.passing(error))
        _tell(run, waits_for=troubles.retried(error))
    return again(seconds * random.uniform(0.5, 1.0), str(error))


def _run(run: Run) -> Outcome:
    reading.read(run)
    binding = run.binding
    before: list[Step] = []
    for _ in range(ROUNDS):
        observed = balancer.look(run)
        if observed is None and run.is_leaving:
            return _leave(run)
        pods = reading.pods(run)
        has = _owned(run, observed, pods)
        desired = reading.desired(run, pods, has)
        steps = plan(has, desired)
        _note(run, has, desired, pods)
        run.steps = steps
        _show(run, has, is_first=not before)
        todo = [s for s in steps if s not in run.refused and lanes.is_possible(s, observed)]
        if not todo:
            drains.note(binding, pods, timezone.now())
            return _settled(run, has)
        if not (run.is_fresh or run.is_leaving) and any(map(takes_away, todo)):
            # By the health of now: what is recorded may be seconds old.
            run.is_fresh = True
            if health.refresh(binding):
                continue
        if todo == before:
            raise CloudError("FailedOperation.NoEffect", "The CLB says done, but it is not.")
        before = todo
        drains.begin(binding, has, todo, pods, timezone.now())
        if errors := lanes.perform(run, observed, todo, pods):
            raise errors[0]
    return again(BUSY_SECONDS, "More steps are left.")


def _owned(run: Run, observed: Observed | None, pods: Sequence[Pod]) -> State:
    if observed is None:
        return State()
    if not run.is_leaving:
        reading.publish(run, observed.address)
    gate_type = run.binding.cluster.gate_type
    return ledger.owned(run.binding, observed, pods, gate_type=gate_type, now=timezone.now())


def _note(run: Run, has: State, desired: State, pods: Sequence[Pod]) -> None:
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


def _show(run: Run, has: State, *, is_first: bool) -> None:
    """A binding that is Blocked stays so while what was refused is only tried again."""
    if not (is_first and run.steps and run.binding.phase == Phase.BLOCKED):
        _report(run, _standing(run, waits_for=_drains(run, has)))


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


def _settled(run: Run, has: State) -> Outcome:
    """No step can be taken: gates are told why they wait, health is looked at when it can be good.

    What was refused is tried again rarely, so that it heals when the user has mended it.
    """
    binding, now = run.binding, timezone.now()
    if run.is_leaving and not has.listeners and not run.refused:
        # What stays belongs to others.
        return _leave(run)
    binding.first_look = max(
        (first_look(run.spec.check_of(port)) for port in run.spec.ports) if run.spec else (),
        default=0.0,
    )
    binding.checks = checks(run.spec) if run.spec else {}
    binding.health_due_at = health.next_look(binding, now)
    # Pods that are new, or that have a reason more, are told why they wait.
    binding.gates_due_at = now
    binding.save(update_fields=["first_look", "checks", "health_due_at", "gates_due_at"])
    if drained := reading.next_drained(has, now):
        return Again(drained, waits.DRAINING)
    if run.refused or run.unrouted:
        return again(BLOCKED_SECONDS, "What was refused is tried again.")
    if any(entry["reason"] == Why.OVER_QUOTA for entry in binding.excluded):
        # Nobody tells when Tencent Cloud raises a quota.
        reading.forget_quota(binding.cluster.account)
        return again(QUOTA_SECONDS, "Pods wait for room in the account's quota.")
    return Settled()


def _leave(run: Run) -> Outcome:
    binding = run.binding
    stays = binding.lb_id and binding.lb_status == "running"
    message = f"{binding.lb_id} stays: somebody else's listeners are on it." if stays else ""
    release.release(binding, message=message)
    return Settled()
