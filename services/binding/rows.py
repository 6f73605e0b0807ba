"""The target ledger as it is read by the thousand: tuples, where models take ten times as long."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import NamedTuple

from django.db.models import QuerySet

from console.models import Cluster
from services.models import Registration

# Listener, address and port: what tells the targets of one load balancer apart.
type Place = tuple[str, str, int]


class Row(NamedTuple):
    """A registration: the columns that the engine decides by."""

    pk: int
    binding_id: int
    lb_id: str
    listener_id: str
    protocol: str
    listener_port: int
    ip: str
    port: int
    pod_uid: str
    intended_at: datetime
    registered_at: datetime | None
    weight: int
    weight_zero_at: datetime | None
    health: str
    health_message: str

    @property
    def place(self) -> Place:
        return (self.listener_id, self.ip, self.port)


def rows_of(bindings: Iterable[int]) -> list[Row]:
    """What is registered, or about to be, for these bindings."""
    return _read(Registration.objects.filter(binding__in=list(bindings)))


def rows_of_pods(cluster: Cluster, uids: Collection[str]) -> list[Row]:
    """The same of these Pods, whichever binding of the cluster it is for."""
    return _read(Registration.objects.filter(binding__cluster=cluster, pod_uid__in=uids))


def _read(found: QuerySet[Registration]) -> list[Row]:
    return [Row(*columns) for columns in found.order_by().values_list(*Row._fields)]
