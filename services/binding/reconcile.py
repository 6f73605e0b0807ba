"""The loop's frame: one run over one binding, alone on its load balancer, and when to come back.

Level-triggered: an id comes in and everything is read afresh, so it may run twice, at any time and
after any crash. What one run does is in `rounds`.
"""

import random

from console.kube import KubeError, connect
from console.tencent import Busy, CloudError, Throttled
from services.binding import leases, rounds, telling, troubles, waits, wanted, watching
from services.binding.run import Again, Blocked, ComeBack, Outcome, Run, Settled, again
from services.models import Binding

BLOCKED_SECONDS = 30.0
BUSY_SECONDS = 0.5
# So many times in a row the load balancer is busy before that is worth a word.
LONG_BUSY = 20


def reconcile(pk: int) -> Outcome:
    """One run over the binding with this id, if nobody else is at its load balancer."""
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
        outcome = rounds.work(run)
    except ComeBack as later:
        telling.tell(run, waits_for=later.because)
        outcome = again(later.seconds, later.because)
    except Blocked as blocked:
        run.problems.append(blocked.problem)
        telling.tell(run)
        return again(BLOCKED_SECONDS, str(blocked))
    except leases.LeaseLost:
        return again(1, "Another worker took over.")
    except Throttled as later:
        telling.tell(run, waits_for=waits.SLOW_DOWN)
        return again(later.retry_after, waits.SLOW_DOWN)
    except Busy as busy:
        return _put_off(run, busy)
    except (CloudError, KubeError) as error:
        return _failed(run, error)
    if run.binding.attempts:
        run.binding.attempts = 0
        run.binding.save(update_fields=["attempts"])
    return outcome


def _put_off(run: Run, busy: Busy) -> Outcome:
    """Come back; when it takes long, as with a load balancer that is isolated, less often."""
    binding = run.binding
    binding.attempts += 1
    binding.save(update_fields=["attempts"])
    if binding.attempts <= LONG_BUSY:
        if binding.attempts > 2:
            telling.tell(run, waits_for=waits.IN_ANOTHER_TASK)
        return again(BUSY_SECONDS, waits.IN_ANOTHER_TASK)
    run.problems.append(troubles.passing(busy))
    telling.tell(run, waits_for=troubles.retried(busy))
    return again(10 * BUSY_SECONDS, str(busy))


def _failed(run: Run, error: CloudError | KubeError) -> Outcome:
    """Back-off with jitter, at most 30 s, and over as soon as something changes."""
    binding = run.binding
    if problem := troubles.for_the_user(error):
        run.problems.append(problem)
        telling.tell(run)
        return again(BLOCKED_SECONDS, str(error))
    binding.attempts += 1
    binding.save(update_fields=["attempts"])
    seconds = min(troubles.MOST_BACK_OFF, 0.5 * 2 ** min(binding.attempts - 1, 8))
    if binding.attempts > 2:
        run.problems.append(troubles.passing(error))
        telling.tell(run, waits_for=troubles.retried(error))
    return again(seconds * random.uniform(0.5, 1.0), str(error))
