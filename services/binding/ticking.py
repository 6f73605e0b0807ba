"""The ticker: which tasks are due now, by the rows and the clock, and when to look again."""

import threading
import time
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import F, Min, Q
from django.utils import timezone

from console import alive
from console.models import Account, Cluster
from services import rechecks, tasks
from services.binding import health, leases, opening, wanted
from services.models import Binding

EVERY, SOONEST = 0.25, 0.02
LEASE = "ticker"
# A poll that was sent and has moved no due time by then is sent again: it may have come while
# another one was at it.
LOST_AFTER = 0.5
# Seconds between two of the same kind; the first sweep comes at once.
BEAT, SWEEP, FACTS, ORPHANS = 5.0, 10.0, 30.0, 300.0
# How often Services are sought whose limits are due; while the engine is at work, which goes first.
LIMITS, LIMITS_LATER = 3.0, 20.0
# How often a cluster goes on to tell a crowd of Pods why they wait.
EXPLAIN = 0.5


def run(stop: threading.Event) -> None:
    """Tick for as long as the lease is ours; a second ticker only stands by."""
    ticker = Ticker()
    alive.beat("ticker")
    with leases.held(LEASE) as lease:
        while lease and not stop.is_set():
            lease.ready_to_write()
            ticker.tick()
            stop.wait(pause(timezone.now()))


def pause(now: datetime) -> float:
    """Seconds until the next look is due: gates wait for it, so it is not late by a tick."""
    soon = Binding.objects.filter(health_due_at__gt=now, lb_status="running")
    first = soon.aggregate(first=Min("health_due_at"))["first"]
    return EVERY if first is None else min(EVERY, max(SOONEST, (first - now).total_seconds()))


@dataclass
class Ticker:
    """What was sent when, by this process; all that matters is on the rows."""

    sent: dict[tuple[str, int], float] = field(default_factory=dict)
    # By account, the earliest due time that a poll was sent for.
    polled: dict[int, tuple[datetime, float]] = field(default_factory=dict)

    def tick(self) -> None:
        alive.beat("ticker")
        wanted.send(wanted.due().values_list("pk", flat=True))
        self._send_polls()
        self._send_explanations()
        self._send_the_regular()

    def _send_polls(self) -> None:
        """One at a time: a poll takes all that is due in its account."""
        due = health.due().order_by().values_list("cluster__account")
        for account, looks_at, gates_at in due.annotate(
            looks_at=Min("health_due_at"), gates_at=Min("gates_due_at")
        ):
            earliest = min(at for at in (looks_at, gates_at) if at)
            before, at = self.polled.get(account, (None, 0.0))
            if earliest != before or time.monotonic() - at > LOST_AFTER:
                self.polled[account] = (earliest, time.monotonic())
                tasks.deliver(tasks.poll_health, account, expires=60)

    def _send_explanations(self) -> None:
        due = Binding.objects.filter(explain_due_at__lte=timezone.now()).order_by()
        for cluster in due.values_list("cluster__pk", flat=True).distinct():
            if self._is_time(tasks.explain_gates.name, cluster, EXPLAIN):
                tasks.deliver(tasks.explain_gates, cluster, expires=4 * EXPLAIN)

    def _send_the_regular(self) -> None:
        clusters = list(Cluster.objects.values_list("pk", flat=True))
        accounts = list(Account.objects.values_list("pk", flat=True))
        for task, every, keys in (
            (tasks.sweep, SWEEP, clusters),
            (tasks.refresh_facts, FACTS, clusters),
            (tasks.sweep_orphans, ORPHANS, accounts),
        ):
            for key in keys:
                if self._is_time(task.name, key, every):
                    tasks.deliver(task, key, expires=every)
        if self._is_time("limits", 0, LIMITS_LATER if _is_at_work() else LIMITS):
            answering = rechecks.due().filter(cluster__unreachable_because="")
            for cluster in answering.order_by().values_list("cluster", flat=True).distinct():
                tasks.deliver(tasks.recheck_limits, cluster, expires=60)
        if self._is_time(tasks.beat.name, 0, BEAT):
            tasks.deliver(tasks.beat, expires=BEAT)

    def _is_time(self, what: str, pk: int, every: float) -> bool:
        now = time.monotonic()
        if now - self.sent.get((what, pk), -every) < every:
            return False
        self.sent[what, pk] = now
        return True


def _is_at_work() -> bool:
    """Targets or gates wait for the worker, which has the same cores as everything else."""
    soon = timezone.now() + opening.AT_IT
    waits = Q(wanted__gt=F("done")) | Q(gates_due_at__lte=soon)
    return Binding.objects.filter(waits).exists()
