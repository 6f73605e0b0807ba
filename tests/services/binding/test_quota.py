"""More Pods than a listener takes: what fits is bound, the others wait and are named."""

import pytest
from django.utils import timezone

from console import kinds
from console.kube import Kube, path
from console.models import Account, Cluster
from services.binding.reconcile import reconcile
from services.binding.run import Again
from services.models import Binding
from tests.console import pages
from tests.services.binding.driver import (
    GATE,
    all_ready,
    condition,
    create,
    drive,
    drive_some,
    pods,
    poll,
    service,
    targets,
)
from tests.wait import until
from tests.workloads.index import listed
from tests.world import World
from workloads.index import tables
from workloads.index.services import service_row
from workloads.models import Service

pytestmark = [pytest.mark.django_db, pytest.mark.sandbox]
REPLICAS, QUOTA = 201, 200


def test_two_hundred_and_one_pods_and_room_for_two_hundred(
    cluster: Cluster, kube: Kube, account: Account, sandbox: World
) -> None:
    where = path("Deployment", "shop", "storefront")
    kube.patch(where, {"spec": {"replicas": REPLICAS}}, kind="merge")
    until(lambda: sum(condition(p, "ContainersReady") == "True" for p in pods(kube)) == REPLICAS)
    binding = create(kube, cluster, service())
    drive_some(binding, lambda: len(targets(account)) == QUOTA)

    (left,) = Binding.objects.get().excluded
    assert left["reason"] == "OverQuota"
    assert "as many targets as the account's quota allows" in left["message"]

    listed(cluster)
    found = kube.get(path("Service", "shop", "bar"), kinds.Service)
    tables.store(cluster.pk, Service, [service_row(found)])
    page = pages.visitor().get("/clusters/cls-vpccni01/services/shop/bar/").text
    assert "Selected Pods that are no targets" in page
    assert left["pod"] in page

    def waits() -> bool:
        reconcile(binding.pk)
        poll(Binding.objects.filter(pk=binding.pk))
        pod = next(pod for pod in pods(kube) if pod.metadata.name == left["pod"])
        gate = next((c for c in pod.status.conditions if c.type == GATE), None)
        return gate is not None and "quota allows" in gate.message and gate.status == "False"

    until(waits)
    outcome = reconcile(binding.pk)
    assert isinstance(outcome, Again)
    assert (outcome.due_at - timezone.now()).total_seconds() <= 5
    assert "quota" in outcome.because

    # Nobody clicks: the next look, which is due in seconds, finds the room.
    sandbox.control("tencent", "POST", "quota", {"TOTAL_TARGET_BIND_QUOTA": 300})
    drive(binding, until=lambda: all_ready(kube))
    assert len(targets(account)) == REPLICAS
    assert Binding.objects.get().excluded == []
