"""A cluster is unregistered while its watcher writes: the writer gives in, never the deletion."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.db.models.signals import post_delete

from console import kinds
from console.models import Cluster
from tests.console import pages
from tests.wait import PATIENCE, until
from tests.workloads.index import listed, put_pod
from tests.workloads.manifests import pod
from workloads import pods
from workloads.index import tables
from workloads.index.writer import Change, Writer
from workloads.models import Pod, Watch

pytestmark = pytest.mark.django_db(transaction=True)
PODS = tables.FOLLOWED[0]


def change(name: str) -> Change:
    found: kinds.Pod = pod(name)
    return Change(PODS, found.metadata.uid, "shop", name, found, partial(pods.row, found))


@contextmanager
def between_the_children_and_the_cluster(act: Any) -> Iterator[None]:
    """Calls `act` in the middle of a deletion: Pods and watches are deleted, their cluster not."""

    def on_watch(**_: Any) -> None:
        act()

    post_delete.connect(on_watch, sender=Watch)
    try:
        yield
    finally:
        post_delete.disconnect(on_watch, sender=Watch)


def someone_waits_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(cursor.fetchone()[0])


@pytest.mark.parametrize("known", [False, True], ids=["a new Pod", "a known Pod"])
def test_a_cluster_goes_while_its_watcher_writes(known: bool) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time: nobody can come between")
    cluster = pages.cluster()
    listed(cluster, "Pod")
    put_pod(cluster, "web-0")
    writer = Writer(cluster, None)
    writer.put(change("web-0" if known else "web-1"))
    thread = threading.Thread(target=writer.run)

    def intrude() -> None:
        thread.start()
        until(lambda: someone_waits_for_a_lock() or not (writer.pending or writer.busy))

    with between_the_children_and_the_cluster(intrude):
        cluster.delete()
    thread.join(PATIENCE)
    assert not thread.is_alive()
    assert not Cluster.objects.exists()
    assert not Pod.objects.exists()


def test_the_writer_of_a_cluster_that_is_gone_ends_by_itself() -> None:
    cluster = pages.cluster()
    gone = Cluster.objects.get()
    cluster.delete()
    writer = Writer(gone, None)
    writer.put(change("web-1"))
    thread = threading.Thread(target=writer.run)
    thread.start()
    thread.join(PATIENCE)
    assert not thread.is_alive()
    assert writer.stopped
