"""What every test of the engine against the sandbox starts from."""

import pytest
from pytest_django.fixtures import Settings

from console.kube import Kube, connect
from console.models import Cluster
from tests.services.binding.driver import pods
from tests.wait import until


@pytest.fixture(autouse=True)
def quick_drain(settings: Settings) -> None:
    settings.DRAIN_SECONDS = 0.2


@pytest.fixture
def kube(cluster: Cluster) -> Kube:
    """The demo cluster, its Deployment `storefront` with three Pods that wait for their gate."""
    kube = connect(cluster)
    until(lambda: len([pod for pod in pods(kube) if pod.status.pod_ip]) == 3)
    return kube
