"""Performs steps, batch by batch: a shape that is refused never stops the targets."""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from django.utils import timezone

from console import activity
from console.doors import recording
from console.kinds import Pod
from console.tencent import Busy, CloudError, Throttled
from services.binding import balancer, clb, ledger, reading, troubles, waits
from services.binding.calls import Place
from services.binding.clb import Observed
from services.binding.plan import (
    Batch,
    CreateListener,
    CreateLoadBalancer,
    DeleteLoadBalancer,
    Step,
    batches,
)
from services.binding.run import ComeBack, Run, stopping, took
from services.binding.words import describe, told
from services.limits import Problem

# Calls that are in effect when they are answered; all others are asynchronous.
AT_ONCE = {"BatchRegisterTargets", "BatchDeregisterTargets"}
LOOKS, BETWEEN_LOOKS = 10, 0.2
# So many steps are tried one by one when the CLB refuses them together.
MOST_REFUSED = 16


def perform(
    run: Run, observed: Observed | None, steps: Iterable[Step], pods: Iterable[Pod]
) -> Sequence[CloudError]:
    """Send these steps; answers what failed, after trying the rest.

    What the user must mend becomes a problem, and is not tried again in this run.
    """
    where = replace(balancer.place(run), ids=observed.ids if observed else {})
    names = {pod.metadata.uid: pod.metadata.name for pod in pods}
    addresses = {pod.status.pod_ip: pod.metadata.name for pod in pods}
    errors, todo = [], deque(batches(steps))
    while todo:
        batch = todo.popleft()
        try:
            if batch.action == "CreateLoadBalancer":
                balancer.create(run, batch)
            ledger.intend(run.binding, batch.steps, where.ids, names, timezone.now())
            _one(run, where, batch, addresses)
        except (Busy, Throttled):
            raise
        except CloudError as error:
            problem = troubles.for_the_user(error, describe(batch))
            if problem is None:
                errors.append(error)
            elif len(batch.steps) > 1 and len(run.refused) < MOST_REFUSED and _is_of_one(error):
                todo.extendleft(reversed(_halves(batch)))
            else:
                _refuse(run, batch, problem)
    return errors


def _is_of_one(error: CloudError) -> bool:
    """Whether one bad step, or one too many, may have spoilt a call for all the others."""
    return error.code.startswith(("InvalidParameter", "LimitExceeded"))


def _halves(batch: Batch) -> tuple[Batch, Batch]:
    middle = len(batch.steps) // 2
    first, second = batch.steps[:middle], batch.steps[middle:]
    return Batch(batch.action, first), Batch(batch.action, second)


def _refuse(run: Run, batch: Batch, problem: Problem) -> None:
    run.refused.update(batch.steps)
    if problem.code.startswith("LimitExceeded"):
        reading.forget_quota(run.binding.cluster.account)
    if problem.code not in {known.code for known in run.problems}:
        run.problems.append(problem)


def _one(run: Run, where: Place, batch: Batch, addresses: Mapping[str, str]) -> None:
    if batch.action == "DeleteLoadBalancer":
        _check_still_ours_alone(where)
    # Last of all: what was read and written down before may have taken its time.
    run.lease.ready_to_write()
    with recording() as calls:
        try:
            answer = clb.perform(where, batch)
        except (Busy, Throttled):
            raise
        except CloudError as error:
            took(run.binding, describe(batch, addresses), calls, note=error.message)
            raise
    took(run.binding, told(batch, addresses), calls)
    if batch.action == "DeleteLoadBalancer":
        activity.record(
            None,
            "delete",
            cluster=where.cluster_id,
            kind="LoadBalancer",
            namespace=run.binding.namespace,
            name=where.lb_id,
            before={"service": run.binding.name},
            calls=calls,
        )
    if batch.action not in AT_ONCE:
        _wait(where, answer["RequestId"], batch)


def _check_still_ours_alone(where: Place) -> None:
    live = clb.observe(where)
    if live and (live.state.foreign or not live.is_ours):
        raise ComeBack(0, "Somebody else's listener appeared on the load balancer.")


def _wait(where: Place, request_id: str, batch: Batch) -> None:
    """A bounded wait for an asynchronous call; what takes longer is looked at again later."""
    for _ in range(LOOKS):
        failure = clb.task_failure(where, request_id)
        if failure == "":
            return
        if failure:
            raise CloudError("FailedOperation.Task", failure, request_id)
        if stopping.wait(BETWEEN_LOOKS):
            break
    raise ComeBack(0.5, f"{describe(batch)}: {waits.UNDER_WAY}")


def is_possible(step: Step, observed: Observed | None) -> bool:
    """What needs a listener's id waits until that listener is there."""
    if isinstance(step, CreateLoadBalancer):
        return observed is None
    if isinstance(step, CreateListener | DeleteLoadBalancer):
        return observed is not None
    return observed is not None and step.key in observed.ids
