"""Tasks mean "look at X again": they carry an id, may run twice, and keep no state.

Recovery after a kill is the lease's expiry and the ticker, not the broker's redelivery.
"""

import logging
from typing import Any

from celery import Task
from celery.exceptions import Reject
from celery.signals import worker_shutting_down
from kombu.exceptions import OperationalError

from console import alive, facts
from console.celery import app
from console.models import Account, Cluster
from services.admission import abandoned
from services.binding import health, leases, run, sweeping
from services.binding.reconcile import reconcile as reconcile_binding

logger = logging.getLogger(__name__)


@worker_shutting_down.connect
def _stop(**_: Any) -> None:
    run.stopping.set()


def deliver(task: "Task[Any, Any]", *arguments: Any, expires: float = 3600) -> bool:
    """Put a task on the queue; without a broker the ticker will, as soon as there is one.

    What is sent anew all the time `expires`, so that no pile waits for a worker that was away.
    """
    try:
        task.apply_async(arguments, retry=False, expires=expires)
    except OperationalError:
        logger.warning("%s%s not sent: no broker", task.name, arguments)
        return False
    return True


def _unless_stopping() -> None:
    if run.stopping.is_set():
        raise Reject(requeue=True)


@app.task
def reconcile(binding_id: int) -> None:
    _unless_stopping()
    reconcile_binding(binding_id)


@app.task
def adopt(cluster_id: int, namespace: str, name: str) -> None:
    """A Service that may need a Binding."""
    _unless_stopping()
    sweeping.adopt(Cluster.objects.get(pk=cluster_id), namespace, name)


@app.task
def poll_health(account_id: int) -> None:
    _unless_stopping()
    account = Account.objects.get(pk=account_id)
    with leases.held(f"health:{account_id}") as lease:
        if lease:
            health.poll(health.due(account))


@app.task
def settle_gates(cluster_id: int) -> None:
    """Of a cluster that may not answer: nobody else waits for it."""
    _unless_stopping()
    with leases.held(f"gates:{cluster_id}") as lease:
        if lease:
            health.settle_due(Cluster.objects.get(pk=cluster_id))


@app.task
def sweep(cluster_id: int) -> None:
    _unless_stopping()
    with leases.held(f"sweep:{cluster_id}") as lease:
        if lease:
            cluster = Cluster.objects.get(pk=cluster_id)
            sweeping.sweep(cluster)
            abandoned.release(cluster)


@app.task
def sweep_orphans(account_id: int) -> None:
    _unless_stopping()
    sweeping.sweep_orphans(Account.objects.get(pk=account_id))


@app.task
def refresh_facts(cluster_id: int) -> None:
    _unless_stopping()
    facts.refresh(Cluster.objects.get(pk=cluster_id))


@app.task
def beat() -> None:
    alive.beat("worker")
