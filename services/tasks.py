"""Tasks mean "look at X again": they carry an id, may run twice, and keep no state.

Recovery after a kill is the lease's expiry and the ticker, not the broker's redelivery.
"""

import logging
from collections.abc import Sequence
from typing import Any

from celery import Task
from celery.exceptions import Reject
from celery.signals import worker_shutting_down
from kombu.exceptions import OperationalError

from console import alive, facts
from console.celery import app
from console.models import Account, Cluster
from services import rechecks
from services.admission import abandoned
from services.binding import explaining, health, leases, opening, run, sweeping, trying, wanted
from services.binding.reconcile import reconcile as reconcile_binding
from services.binding.rows import Row
from services.models import Binding
from workloads.history import ended, retention

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
    if not wanted.is_done(binding_id):
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
            health.poll(health.due(account), _send_gates)


def _send_gates(ids: set[int], rows: Sequence[Row]) -> None:
    for group in opening.groups(ids, rows):
        deliver(settle_gates, group, expires=60)


@app.task
def try_targets(binding_id: int) -> None:
    """What the CLB calls Dead is asked once by podgate itself."""
    _unless_stopping()
    if binding := Binding.objects.select_related("cluster").filter(pk=binding_id).first():
        trying.look(binding)


@app.task
def settle_gates(binding_ids: list[int]) -> None:
    """Of bindings that share Pods."""
    _unless_stopping()
    opening.settle(binding_ids)


@app.task
def explain_gates(cluster_id: int) -> None:
    """To the Pods of a crowd, why they wait."""
    _unless_stopping()
    explaining.explain(Cluster.objects.get(pk=cluster_id))


@app.task
def sweep(cluster_id: int) -> None:
    _unless_stopping()
    with leases.held(f"sweep:{cluster_id}") as lease:
        if lease:
            cluster = Cluster.objects.get(pk=cluster_id)
            sweeping.sweep(cluster)
            abandoned.release(cluster)
            retention.sweep(cluster)
            ended.settle(cluster)


@app.task
def sweep_orphans(account_id: int) -> None:
    _unless_stopping()
    sweeping.sweep_orphans(Account.objects.get(pk=account_id))


@app.task
def refresh_facts(cluster_id: int) -> None:
    _unless_stopping()
    facts.refresh(Cluster.objects.get(pk=cluster_id))


@app.task
def recheck_limits(cluster_id: int) -> None:
    _unless_stopping()
    with leases.held(f"limits:{cluster_id}") as lease:
        if lease:
            rechecks.look(Cluster.objects.get(pk=cluster_id))


@app.task
def beat() -> None:
    alive.beat("worker")
