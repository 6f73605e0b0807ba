import pytest

from console.kube import Kube, path
from console.models import Cluster
from services.models import Binding
from tests.services.binding.driver import all_ready, create, drive, is_gone, service

pytestmark = [pytest.mark.sandbox, pytest.mark.django_db(transaction=True)]


def test_a_claimed_service_is_bound_becomes_ready_and_goes_clean(
    cluster: Cluster, kube: Kube
) -> None:
    binding = create(kube, cluster, service())
    drive(binding, until=lambda: all_ready(kube))
    binding.refresh_from_db()
    assert binding.phase == "Ready"
    kube.delete(path("Service", "shop", "bar"))
    drive(binding, until=lambda: is_gone(kube))
    assert not Binding.objects.exists()
    assert all_ready(kube)
