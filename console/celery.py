"""The Celery application; tasks live in `services.tasks` and mean "reconcile key X"."""

import os
from typing import Any

from celery import Celery
from celery.signals import task_postrun, task_prerun, worker_init
from django.db import close_old_connections

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")

app = Celery("podgate")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_init.connect
def _load(**_: Any) -> None:
    """Before there are threads; only now, because Django must be set up first."""
    from console import heap, kube

    kube.load()
    heap.freeze()


@task_prerun.connect
@task_postrun.connect
def _keep_what_is_good(**_: Any) -> None:
    """As around a request: a thread keeps its database, unless it broke or is old."""
    close_old_connections()
