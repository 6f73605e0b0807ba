"""The hub's threads keep their connections, and take them along when they end."""

import threading

import pytest
from django.db import connection, connections

from console.live.threads import Threads
from console.models import Cluster
from tests.wait import PATIENCE, until

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_thread_keeps_its_connection_from_one_job_to_the_next() -> None:
    threads = Threads(1)

    def read() -> object:
        Cluster.objects.count()
        return connection.connection

    first = threads.submit(read).result(PATIENCE)
    assert first is not None
    assert threads.submit(read).result(PATIENCE) is first
    threads.close()


def test_threads_end_with_what_they_opened_and_what_waits_is_given_up() -> None:
    threads = Threads(1)
    held, opened = threading.Event(), threading.Event()

    def hold() -> None:
        Cluster.objects.count()
        opened.set()
        assert held.wait(PATIENCE)

    under_way, waiting = threads.submit(hold), threads.submit(Cluster.objects.count)
    assert opened.wait(PATIENCE)
    threads.close()
    assert waiting.cancelled()
    held.set()
    under_way.result(PATIENCE)
    until(lambda: not any(thread.is_alive() for thread in threads._begun))


def test_a_connection_that_cannot_even_be_looked_at_is_closed_and_the_thread_goes_on() -> None:
    threads = Threads(1)

    def spoil() -> None:
        Cluster.objects.count()
        # As after a test: nobody may use a database any more.
        vars(connections["default"])["ensure_connection"] = None

    threads.submit(spoil).result(PATIENCE)

    def is_closed() -> bool:
        del vars(connections["default"])["ensure_connection"]
        return connection.connection is None

    assert threads.submit(is_closed).result(PATIENCE)
    assert threads.submit(Cluster.objects.count).result(PATIENCE) == 0
    threads.close()


def test_what_comes_after_the_end_begins_nothing() -> None:
    threads = Threads(1)
    threads.close()
    assert threads.submit(Cluster.objects.count).cancelled()
    assert threads._begun == []


def test_no_more_threads_than_wanted_are_begun_and_none_before_the_first_job() -> None:
    threads = Threads(2)
    assert threads._begun == []
    for future in [threads.submit(Cluster.objects.count) for _ in range(5)]:
        future.result(PATIENCE)
    assert len(threads._begun) == 2
    threads.close()
