"""One tick: which tasks are due now, by what the rows say and the clock."""

import time
from dataclasses import dataclass, field

from console import alive
from console.models import Account, Cluster
from services import tasks
from services.binding import health, leases, wanted

EVERY = 0.25
LEASE = "ticker"
# Seconds between two of the same kind; the first sweep comes at once.
BEAT, SWEEP, FACTS, ORPHANS = 5.0, 10.0, 30.0, 300.0


@dataclass
class Ticker:
    """What was sent when, by this process; all that matters is on the rows."""

    sent: dict[tuple[str, int], float] = field(default_factory=dict)

    def tick(self) -> None:
        alive.beat("ticker")
        with leases.held(LEASE) as lease:
            if lease:
                wanted.send(wanted.due().values_list("pk", flat=True))
                accounts = health.due().values_list("cluster__account", flat=True)
                for account in set(accounts):
                    tasks.deliver(tasks.poll_health, account, expires=60)
                self._send_the_regular()

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
        if self._is_time(tasks.beat.name, 0, BEAT):
            tasks.deliver(tasks.beat, expires=BEAT)

    def _is_time(self, what: str, pk: int, every: float) -> bool:
        now = time.monotonic()
        if now - self.sent.get((what, pk), -every) < every:
            return False
        self.sent[what, pk] = now
        return True
