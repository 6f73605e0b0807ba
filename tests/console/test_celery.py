from concurrent.futures import ThreadPoolExecutor

import pytest
from celery.signals import task_postrun, task_prerun
from django.db import connection

from console.celery import app


@pytest.mark.django_db(transaction=True)
def test_a_thread_of_the_worker_keeps_its_database_from_task_to_task_until_it_is_old() -> None:
    def tasks() -> tuple[bool, bool]:
        try:
            connection.ensure_connection()
            first = connection.connection
            task_postrun.send(sender=app)
            task_prerun.send(sender=app)
            is_kept = connection.connection is first
            connection.close_at = 0
            task_prerun.send(sender=app)
            return is_kept, connection.connection is None
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as thread:
        assert thread.submit(tasks).result() == (True, True)


def test_celery_leaves_the_database_to_us() -> None:
    assert app.conf["CELERY_DB_REUSE_MAX"]
