"""A binding of a cluster out of reach, and the queue: what the rows say is what happens next."""

from typing import Any

import pytest
import redis
from django.conf import settings
from django.utils import timezone

from console import secrets
from console.models import Account, Cluster
from services.models import Binding


@pytest.fixture
def cluster() -> Cluster:
    account = Account.objects.create(
        name="shop-prod", uin="1", region="r", secret_id="", secret_key=""
    )
    return Cluster.objects.create(
        cluster_id="cls-1",
        account=account,
        server="https://127.0.0.1:1",
        credentials=secrets.encrypt("{}"),
    )


@pytest.fixture
def binding(cluster: Cluster) -> Binding:
    return Binding.objects.create(
        cluster=cluster,
        service_uid="uid-1",
        namespace="shop",
        name="bar",
        phase_since=timezone.now(),
        done=1,
    )


@pytest.fixture(autouse=True)
def queue() -> Any:
    """The broker's queue, empty."""
    broker = redis.Redis.from_url(settings.REDIS_URL)
    broker.delete("celery")
    return lambda: broker.llen("celery")
