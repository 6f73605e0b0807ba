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
BEAT, SWEEP, FACTS = 5.0, 10.0, 30.0


@dataclass
class Ticker:
    """What was sent when, by this process; all that matters is on the rows."""

    sent: dict[tuple[str, int], float] = field(default_factory=dict)

    def tick(self) -> None:
        alive.beat("ticker")
        with leases.held(LEASE) as lease:
            if lease is None:
                return
            wanted.send(wanted.due().values_list("pk", flat=True))
            accounts = set(health.due().values_list("cluster__account", flat=True))
            for account in Account.objects.filter(pk__in=accounts).values_list("pk", flat=True):
                tasks.deliver(tasks.poll_health, account)
            for cluster in Cluster.objects.values_list("pk", flat=True):
                if self._is_time("sweep", cluster, SWEEP):
                    tasks.deliver(tasks.sweep, cluster)
                if self._is_time("facts", cluster, FACTS):
                    tasks.deliver(tasks.refresh_facts, cluster)
            if self._is_time("beat", 0, BEAT):
                tasks.deliver(tasks.beat)

    def _is_time(self, what: str, pk: int, every: float) -> bool:
        now = time.monotonic()
        if now - self.sent.get((what, pk), -every) < every:
            return False
        self.sent[what, pk] = now
        return True
