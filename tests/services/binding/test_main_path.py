import pytest

from console import doors
from console.kube import Kube, path
from console.models import Cluster
from services.binding.reconcile import reconcile
from services.binding.run import Settled
from services.models import Binding, Registration
from tests.services.binding.driver import (
    all_ready,
    condition,
    create,
    drive,
    is_gone,
    pods,
    service,
)
from tests.wait import until

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


def test_what_was_registered_is_read_back_without_asking_for_the_pods_again(
    cluster: Cluster, kube: Kube
) -> None:
    binding = create(kube, cluster, service(app="nobody"))
    drive(binding, until=lambda: Binding.objects.get().lb_status == "running")
    until(lambda: [condition(pod, "ContainersReady") for pod in pods(kube)] == ["True"] * 3)
    kube.patch(
        path("Service", "shop", "bar"), {"spec": {"selector": {"app": "storefront"}}}, kind="merge"
    )
    with doors.recording() as calls:
        assert isinstance(reconcile(binding.pk), Settled)
    in_cloud = [call.action for call in calls if call.write and call.door == "tencent"]
    assert in_cloud == ["BatchRegisterTargets"]
    assert Registration.objects.exclude(registered_at=None).count() == 3
    assert len([call for call in calls if call.action == "GET /api/v1/namespaces/shop/pods"]) == 1
