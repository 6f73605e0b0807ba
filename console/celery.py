"""The Celery application; tasks live in `services.tasks` and mean "reconcile key X"."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")

app = Celery("podgate")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
