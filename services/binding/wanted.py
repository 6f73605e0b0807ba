"""Triggers: a binding is wanted, so its task is sent; level-triggered and coalesced.

A trigger raises `wanted`; a run that saw it to the end sets `done`. A message that gets lost is
sent again by the ticker, two messages for one binding are one run.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from console.models import Cluster
from services.models import Binding

# A message not picked up for this long counts as lost.
LOST_AFTER = timedelta(seconds=2)


def wanted(cluster: Cluster, namespace: str, name: str) -> None:
    """Something about this Service or its Pods changed; makes its Binding if it needs one."""
    raise_wanted(Binding.objects.filter(cluster=cluster, namespace=namespace, name=name))
    adopt(cluster, namespace, name)


def adopt(cluster: Cluster, namespace: str, name: str) -> None:
    """Have its Binding made, if it needs one and has none: it may be another of the same name."""
    from services import tasks

    transaction.on_commit(lambda: tasks.deliver(tasks.adopt, cluster.pk, namespace, name))


def raise_wanted(bindings: QuerySet[Binding]) -> int:
    """Bump and send; answers how many bindings there were. A change resets the back-off."""
    ids = list(bindings.values_list("pk", flat=True))
    if ids:
        Binding.objects.filter(pk__in=ids).update(wanted=F("wanted") + 1, attempts=0)
        transaction.on_commit(lambda: send(ids))
    return len(ids)


def send(ids: Iterable[int]) -> None:
    """Put the tasks of these bindings on the queue, except those that are on it already."""
    from services import tasks

    for pk in ids:
        now = timezone.now()
        unsent = Q(sent_at=None) | Q(sent_at__lt=now - LOST_AFTER)
        if Binding.objects.filter(unsent, pk=pk).update(sent_at=now):
            tasks.deliver(tasks.reconcile, pk)


def is_done(pk: int) -> bool:
    """Nothing is wanted any more and nothing is due: the message was sent a second time."""
    left = Q(wanted__gt=F("done")) | Q(due_at__isnull=False)
    return not Binding.objects.filter(left, pk=pk).exists()


def due() -> QuerySet[Binding]:
    """Bindings whose task should run now, unless it is on its way."""
    now = timezone.now()
    return Binding.objects.filter(
        Q(wanted__gt=F("done")) | Q(due_at__lte=now),
        Q(sent_at=None) | Q(sent_at__lt=now - LOST_AFTER),
    )


def begin(pk: int) -> Binding | None:
    """The binding as it is now; a trigger that comes later makes `wanted` differ at the end."""
    Binding.objects.filter(pk=pk).update(sent_at=timezone.now())
    return Binding.objects.filter(pk=pk).select_related("cluster__account").first()


def lease_key(pk: int) -> str | None:
    """What a binding's one writer is known by: its load balancer, or its Service until then."""
    found = Binding.objects.filter(pk=pk).values_list("lb_id", "service_uid").first()
    return (found[0] or found[1]) if found else None


def put_off(binding: Binding) -> None:
    """Another worker is at it: the ticker sends this again in a moment."""
    soon = timezone.now() - LOST_AFTER + timedelta(seconds=0.5)
    Binding.objects.filter(pk=binding.pk).update(sent_at=soon)


def finish(binding: Binding, *, due_at: datetime | None) -> None:
    """Clears the trigger that `begin` saw; one that came meanwhile is sent at once."""
    rows = Binding.objects.filter(pk=binding.pk)
    rows.update(done=binding.wanted, due_at=due_at, sent_at=None)
    if rows.filter(wanted__gt=binding.wanted).exists():
        send([binding.pk])
