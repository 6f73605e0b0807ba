"""What is not podgate's to take: things released, other clusters' Services, others' finalizers."""

import json
from contextlib import suppress
from typing import Any

import pytest

from console import doors, tencent
from console.kube import Conflict, Kube, connect, path
from console.models import Account, Activity, Cluster
from services.binding import cluster as clusters
from services.binding import release, sweeping
from services.binding.reconcile import reconcile
from services.models import Binding, Installation, Registration, Token
from services.spec import ClaimBy
from tests.conftest import register
from tests.services.binding.driver import (
    balancers,
    create,
    drive,
    is_gone,
    pods,
    service,
    targets,
)
from tests.wait import until
from tests.world import World

pytestmark = [pytest.mark.sandbox, pytest.mark.django_db(transaction=True)]
SERVICE = path("Service", "shop", "bar")


def is_ready() -> bool:
    return Binding.objects.get(name="bar").phase == "Ready"


def finalizers(kube: Kube, *names: str) -> None:
    kube.patch(SERVICE, {"metadata": {"finalizers": list(names)}}, kind="merge")


def test_what_was_released_without_cleanup_is_nobodys_orphan(
    cluster: Cluster, kube: Kube, account: Account
) -> None:
    binding = create(kube, cluster, service())
    drive(binding, until=is_ready)
    kube.delete(SERVICE)
    binding.refresh_from_db()
    release.release(binding)
    assert is_gone(kube)
    sweeping.sweep_orphans(account)
    assert not Binding.objects.exists()
    assert len(balancers(account)) == 1


def test_what_was_released_stays_so_when_the_database_is_lost(
    cluster: Cluster, kube: Kube, account: Account
) -> None:
    binding = create(kube, cluster, service())
    drive(binding, until=is_ready)
    kube.delete(SERVICE)
    binding.refresh_from_db()
    release.release(binding)
    Token.objects.all().delete()
    sweeping.sweep_orphans(account)
    assert not Binding.objects.exists()
    assert clusters.released(kube) == {binding.lb_id}


def test_a_second_load_balancer_with_a_services_tags_is_told_and_left_alone(
    cluster: Cluster, kube: Kube, account: Account
) -> None:
    binding = create(kube, cluster, service())
    drive(binding, until=is_ready)
    (first,) = balancers(account)
    asked = {"LoadBalancerType": "OPEN", "VpcId": first["VpcId"], "Tags": first["Tags"]}
    (second,) = tencent.call(account, "clb", "CreateLoadBalancer", asked)["LoadBalancerIds"]
    until(lambda: len(balancers(account)) == 2)
    sweeping.sweep_orphans(account)
    drive(binding, until=is_ready)
    (problem,) = Binding.objects.get().problems
    assert problem["code"] == "TwoLoadBalancers"
    assert second in problem["message"]

    def is_deleted() -> bool:
        with suppress(tencent.Busy, tencent.NotFound):
            tencent.call(account, "clb", "DeleteLoadBalancer", {"LoadBalancerIds": [second]})
        return len(balancers(account)) == 1

    until(is_deleted)
    sweeping.sweep_orphans(account)
    drive(binding, until=is_ready)
    assert Binding.objects.get().problems == []


def test_an_owner_without_a_clusters_id_gets_it_once_the_service_was_found(
    cluster: Cluster, kube: Kube
) -> None:
    binding = create(kube, cluster, service())
    drive(binding, until=is_ready)
    where = path("ConfigMap", clusters.OWNER_NAMESPACE, clusters.OWNER)
    kube.patch(where, {"data": {"cluster": None}}, kind="merge")
    reconcile(binding.pk)
    owner = clusters.owner(kube, cluster.cluster_id, claim=False)
    assert owner.cluster_id == cluster.cluster_id


def test_a_forgotten_load_balancer_of_a_service_that_is_gone_is_led_out(
    cluster: Cluster, kube: Kube, account: Account
) -> None:
    binding = create(kube, cluster, service())
    drive(binding, until=is_ready)
    Binding.objects.all().delete()
    finalizers(kube)
    kube.delete(SERVICE)
    sweeping.sweep_orphans(account)
    # Pages link to it by this name.
    assert str(Binding.objects.get()) == "shop/bar"
    drive(Binding.objects.get(), until=lambda: not Binding.objects.exists())
    assert balancers(account) == []


def test_the_kubeconfig_of_another_cluster_never_means_gone(
    cluster: Cluster, kube: Kube, account: Account, sandbox: World
) -> None:
    binding = create(kube, cluster, service())
    drive(binding, until=is_ready)
    other = register(sandbox, "cls-router01")
    clusters.owner(connect(other), other.cluster_id, claim=True)
    # Files mixed up: the address of the one under the id of the other.
    Cluster.objects.filter(pk=cluster.pk).update(
        server=other.server, ca_data=other.ca_data, credentials=other.credentials
    )
    before = targets(account)
    with doors.recording() as calls:
        reconcile(binding.pk)
        sweeping.sweep_orphans(account)
    assert not [call for call in calls if call.write]
    row = Binding.objects.get()
    assert (row.phase, row.problems[0]["code"]) == ("Blocked", "AnotherCluster")
    assert targets(account) == before


def test_a_service_held_by_anothers_finalizer_is_left_once_and_for_all(
    cluster: Cluster, kube: Kube
) -> None:
    binding = create(kube, cluster, service())
    finalizers(kube, "example.com/other")
    drive(binding, until=is_ready)
    kube.delete(SERVICE)
    drive(binding, until=lambda: not Binding.objects.exists())
    before = Activity.objects.count()
    sweeping.sweep(cluster)
    assert not Binding.objects.exists()
    assert Activity.objects.count() == before
    finalizers(kube)


def test_a_lost_ledger_keeps_pods_without_a_gate_in_service(cluster: Cluster, kube: Kube) -> None:
    port = pods(kube, "reviews")[0].spec.containers[0].ports[0].container_port
    binding = create(kube, cluster, service(app="reviews", ports=[("TCP", 80, port)]))
    drive(binding, until=is_ready)
    Registration.objects.all().delete()
    with doors.recording() as calls:
        drive(binding, until=is_ready)
    assert not [call for call in calls if call.door == "tencent" and call.write]


def test_a_deletion_reads_its_pods_by_list(cluster: Cluster, kube: Kube) -> None:
    binding = create(kube, cluster, service())
    drive(binding, until=is_ready)
    kube.delete(SERVICE)
    with doors.recording() as calls:
        drive(binding, until=lambda: is_gone(kube))
    assert not [call for call in calls if call.action.startswith("GET") and "/pods/" in call.action]


def test_an_address_is_written_only_to_the_very_service(cluster: Cluster, kube: Kube) -> None:
    binding = create(kube, cluster, service())
    drive(binding, until=is_ready)
    old: dict[str, Any] = json.loads(json.dumps(kube.get(SERVICE)))
    old["metadata"]["uid"] = "of-one-that-was-here-before"
    before = kube.get(SERVICE)["status"]
    with pytest.raises(Conflict):
        clusters.publish(kube, old, "10.9.8.7", claim=ClaimBy.CLASS, ip_mode=False)
    assert kube.get(SERVICE)["status"] == before


def test_there_is_one_installation_per_database() -> None:
    first = clusters.installation()
    assert clusters.installation() == first
    assert Installation.objects.count() == 1
