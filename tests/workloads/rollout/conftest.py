"""A cluster with a Deployment and its Service, and somebody who looks at them."""

import pytest
from django.test import Client
from django.utils import timezone

from console.models import Cluster
from tests.console import pages
from tests.workloads.index import listed, put_deployment
from tests.workloads.rollout.world import ID
from workloads.models import Service


@pytest.fixture
def cluster() -> Cluster:
    found = pages.cluster(ID, reachable=True)
    listed(found)
    put_deployment(found)
    Service.objects.create(
        cluster=found,
        uid="svc",
        namespace="shop",
        name="web",
        resource_version="1",
        created_at=timezone.now(),
        type="ClusterIP",
        selector={"app": "web"},
    )
    return found


@pytest.fixture
def viewer(cluster: Cluster) -> Client:
    return pages.visitor()
