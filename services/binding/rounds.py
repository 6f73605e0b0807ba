"""One run: read the Service, its Pods and the load balancer, plan, perform, until nothing is left.

Nothing to do makes no writes. Errors are for `reconcile`.
"""

from collections.abc import Sequence
from typing import NamedTuple

from django.utils import timezone

from console.kinds import Pod
from console.tencent import CloudError
from services.binding import (
    balancer,
    drains,
    health,
    lanes,
    ledger,
    reading,
    release,
    telling,
    waits,
)
from services.binding.clb import Observed
from services.binding.plan import Step, first_look, plan, takes_away
from services.binding.run import Again, Outcome, Run, Settled, again
from services.binding.settings import checks
from services.binding.state import State, Why

# Looks and plans in one run; what is left then is for the next one.
ROUNDS = 6
# Until what is left is gone on with, what was refused is tried again, and a quota that leaves Pods
# waiting is read again.
MORE_SECONDS, REFUSED_SECONDS, QUOTA_SECONDS = 0.5, 30.0, 5.0


def work(run: Run) -> Outcome:
    reading.read(run)
    binding = run.binding
    before: list[Step] = []
    known: list[Pod] | None = None
    for _ in range(ROUNDS):
        observed = balancer.look(run)
        if observed is None and run.is_leaving:
            return _leave(run)
        pods, has, desired, todo = _plan(run, observed, known)
        telling.note(run, has, desired, pods)
        telling.show(run, has, is_first=not before)
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
        before, known = todo, pods
        drains.begin(binding, has, todo, pods, timezone.now())
        if errors := lanes.perform(run, observed, todo, pods):
            raise errors[0]
    return again(MORE_SECONDS, waits.MORE_STEPS)


class Planned(NamedTuple):
    pods: list[Pod]
    has: State
    desired: State
    # The steps that can be taken now; all of them are in the run.
    todo: list[Step]


def _plan(run: Run, observed: Observed | None, known: list[Pod] | None) -> Planned:
    """Look and plan. By the Pods `known` from before a write it is only read back whether all is
    done: what is left to do is planned by the Pods of now.
    """
    pods = reading.pods(run) if known is None else known
    has = _owned(run, observed, pods)
    desired = reading.desired(run, pods, has)
    run.steps = plan(has, desired)
    todo = [s for s in run.steps if s not in run.refused and lanes.is_possible(s, observed)]
    if todo and known is not None:
        return _plan(run, observed, None)
    return Planned(pods, has, desired, todo)


def _owned(run: Run, observed: Observed | None, pods: Sequence[Pod]) -> State:
    if observed is None:
        return State()
    if not run.is_leaving:
        reading.publish(run, observed.address)
    gate_type = run.binding.cluster.gate_type
    return ledger.owned(run.binding, observed, pods, gate_type=gate_type, now=timezone.now())


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
        return again(REFUSED_SECONDS, "What was refused is tried again.")
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
