"""Tells the Pods of a crowd why they wait: after all that opens, one cluster's in one place.

A few are told at once by `opening`; a thousand would keep gates waiting that could be open.
"""

import time
from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import batched

from django.db.models import Q
from django.utils import timezone

from console.kube import KubeError, connect
from console.models import Cluster
from services.binding import conditions, gates, leases
from services.models import Binding

# So many are no crowd, and so many are told between two looks at what opens.
FEW = 20
# Seconds at a time; the ticker sends it again.
TURN = 4.0
# One that began and was not heard of again is begun anew after this.
LOST_AFTER = timedelta(seconds=10)
AFTER_ERROR = timedelta(seconds=1)
# Gates that are due so soon, or being written, go first, unless the crowd has waited for long.
SOON = timedelta(seconds=leases.SECONDS)
PATIENCE = timedelta(seconds=10)


def ask(bindings: Iterable[Binding], now: datetime) -> None:
    """Have their Pods told; who waits already keeps its place."""
    rows = Binding.objects.filter(pk__in=[binding.pk for binding in bindings])
    rows.filter(Q(explain_due_at=None) | Q(explain_due_at__gt=now)).update(explain_due_at=now)


def explain(cluster: Cluster) -> None:
    """Tell those who wait, the longest first, until the turn is over or gates can be opened."""
    ends = time.monotonic() + TURN
    with leases.held(f"explaining:{cluster.cluster_id}") as lease:
        while lease and (binding := _next(cluster)):
            if not _explain(cluster, binding, ends):
                return


def _next(cluster: Cluster) -> Binding | None:
    rows = Binding.objects.filter(cluster=cluster, explain_due_at__lte=timezone.now())
    return rows.order_by("explain_due_at").first()


def _explain(cluster: Cluster, binding: Binding, ends: float) -> bool:
    """Answers whether all of its Pods are told."""
    asked_at, begun_at = binding.explain_due_at, timezone.now()
    if _opens(cluster, asked_at):
        return False
    rows = Binding.objects.filter(pk=binding.pk)
    rows.filter(explain_due_at=asked_at).update(explain_due_at=begun_at + LOST_AFTER)
    # Not the row of one that was asked for anew: what is read now may miss Pods of that.
    row = rows.filter(explain_due_at=begun_at + LOST_AFTER)
    kube, is_behind = connect(cluster), False
    try:
        changes = gates.look(cluster, kube, [binding], now=begun_at).changes
        for some in batched((each for each in changes if not each.opens), FEW):
            if time.monotonic() > ends or _opens(cluster, asked_at):
                row.update(explain_due_at=asked_at)
                return False
            is_behind |= conditions.write(kube, binding.namespace, some).is_behind
    except KubeError:
        row.update(explain_due_at=timezone.now() + AFTER_ERROR)
        return False
    row.update(explain_due_at=timezone.now() + AFTER_ERROR if is_behind else None)
    return True


def _opens(cluster: Cluster, asked_at: datetime | None) -> bool:
    """Whether gates are being opened, or soon are, and the crowd can wait for them."""
    now = timezone.now()
    if asked_at is not None and now - asked_at > PATIENCE:
        return False
    return Binding.objects.filter(cluster=cluster, gates_due_at__lte=now + SOON).exists()
