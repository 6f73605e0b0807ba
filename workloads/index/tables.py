"""The kinds the watcher follows, and their rows: how one is made, stored, and known again."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import batched
from typing import Any

import msgspec
from django.db import models, transaction

from console import kinds
from console.models import Cluster
from console.upsert import CHUNK, upsert
from workloads import pods, rollouts
from workloads.index.services import service_row
from workloads.models import Pod, Service, Workload

# Raised when rows are made differently, so that an upgrade makes them all again.
RULES = "3"


@dataclass(frozen=True)
class Kind:
    """A kind the watcher follows; without a model it is only reported, never stored."""

    name: str
    struct: type[Any]
    model: type[models.Model] | None = None
    row: Callable[..., msgspec.Struct] | None = None
    only: Mapping[str, str] | None = None


def _workload(name: str) -> Kind:
    make = partial(rollouts.row, name)
    return Kind(name, kinds.Workload, Workload, make, {"kind": name})


FOLLOWED = (
    Kind("Pod", kinds.Pod, Pod, pods.row),
    _workload("Deployment"),
    _workload("StatefulSet"),
    _workload("DaemonSet"),
    Kind("Service", kinds.Service, Service, service_row),
    Kind("TkeServiceConfig", kinds.TkeServiceConfig),
)


@dataclass(frozen=True)
class Known:
    """What the index remembers of an object that a list may have lost."""

    resource_version: str
    namespace: str
    name: str


def known(cluster_pk: int, kind: Kind) -> dict[str, Known]:
    """Every object of this kind the index has, by uid."""
    if kind.model is None:
        return {}
    rows = kind.model._default_manager.filter(cluster_id=cluster_pk, **(kind.only or {}))
    found = rows.values_list("uid", "resource_version", "namespace", "name")
    return {uid: Known(*rest) for uid, *rest in found.iterator()}


def store(cluster_pk: int, model: type[models.Model], rows: Sequence[msgspec.Struct]) -> None:
    """Insert or update rows, each chunk in a transaction of its own.

    Raises Cluster.DoesNotExist when the cluster was unregistered meanwhile. Its row is locked
    before any of its Pods, which is the order in which deleting it takes them, too.
    """
    for some in batched(rows, CHUNK):
        with transaction.atomic():
            Cluster.objects.select_for_update(no_key=True).only("pk").get(pk=cluster_pk)
            upsert(model, some, unique=("cluster_id", "uid"), shared={"cluster_id": cluster_pk})


def remove(cluster_pk: int, model: type[models.Model], uids: list[str]) -> None:
    for start in range(0, len(uids), CHUNK):
        rows = model._default_manager.filter(cluster_id=cluster_pk)
        # _raw_delete: nothing hangs on index rows, so there is nothing to collect first.
        rows.filter(uid__in=uids[start : start + CHUNK])._raw_delete(rows.db)
