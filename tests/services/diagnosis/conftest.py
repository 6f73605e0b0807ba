"""The demo cluster, and an operator who looks at its pages."""

import pytest
from django.test import Client

from console.access import Role
from console.kube import Kube, connect
from console.models import Cluster
from tests.console import pages


@pytest.fixture
def kube(cluster: Cluster) -> Kube:
    return connect(cluster)


@pytest.fixture
def client(cluster: Cluster) -> Client:
    return pages.visitor(Role.OPERATOR)
