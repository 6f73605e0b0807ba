"""An operator before the Create-a-Service form of cls-vpccni01, and the door to its API server."""

import pytest
from django.test import Client

from console import facts, kube
from console.access import Role
from console.models import Cluster
from tests.console import pages


@pytest.fixture
def operator(cluster: Cluster) -> Client:
    facts.refresh(cluster)
    return pages.visitor(Role.OPERATOR, "olga")


@pytest.fixture
def door(cluster: Cluster) -> kube.Kube:
    return kube.connect(cluster)
