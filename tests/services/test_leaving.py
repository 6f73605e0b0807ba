"""remove_cluster against the sandbox: what is ours goes, what is not stays."""

from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pytest_django.fixtures import Settings

from console import kube
from console.models import Activity, Cluster
from services.binding import cluster as clusters
from services.binding import sweeping
from services.binding.reconcile import reconcile
from services.models import Binding
from services.spec import FINALIZER
from tests.wait import PATIENCE, until
from tests.world import World

pytestmark = pytest.mark.django_db(transaction=True)

SERVICE = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "leaving", "namespace": "shop"},
    "spec": {
        "type": "LoadBalancer",
        "loadBalancerClass": "podgate.dev/clb",
        "allocateLoadBalancerNodePorts": False,
        "selector": {"app": "storefront"},
        "ports": [{"name": "http", "port": 80, "targetPort": 8080}],
    },
}


@pytest.fixture(autouse=True)
def short_drain(settings: Settings) -> None:
    settings.DRAIN_SECONDS = 0.2


@pytest.fixture
def bound(cluster: Cluster) -> Binding:
    """A claimed Service with its load balancer and listener."""
    door = kube.connect(cluster)
    door.create(kube.path("Service", "shop"), SERVICE)
    sweeping.adopt(cluster, "shop", "leaving")
    binding = Binding.objects.get()

    def has_listener() -> bool:
        reconcile(binding.pk)
        binding.refresh_from_db()
        return binding.lb_status == "running" and binding.registrations.exists()

    until(has_listener)
    return binding


def service(cluster: Cluster) -> dict[str, Any]:
    return kube.connect(cluster).get(kube.path("Service", "shop", "leaving"))


def balancers(sandbox: World) -> list[str]:
    found = sandbox.control("tencent", "GET", "lb")
    rows = found.get("load_balancers", found) if isinstance(found, dict) else found
    return [str(row) for row in rows]


def owner(cluster: Cluster) -> str:
    return clusters.owner(kube.connect(cluster), cluster.cluster_id, claim=False).installation


def test_a_cluster_leaves_and_its_load_balancers_stay(
    sandbox: World, cluster: Cluster, bound: Binding, capsys: pytest.CaptureFixture[str]
) -> None:
    assert FINALIZER in service(cluster)["metadata"]["finalizers"]
    assert owner(cluster)
    call_command("remove_cluster", "cls-vpccni01", yes=True)
    assert not Cluster.objects.exists()
    assert not Binding.objects.exists()
    assert FINALIZER not in service(cluster)["metadata"].get("finalizers", [])
    assert not owner(cluster)
    assert any(bound.lb_id in row for row in balancers(sandbox))
    printed = capsys.readouterr().out
    assert f"left: load balancer {bound.lb_id}" in printed
    assert "left: Deployment shop/storefront asks for the gate podgate.dev/clb-ready" in printed
    line = Activity.objects.get(verb="unregister")
    assert line.kubernetes_request_ids


def test_a_cluster_leaves_with_its_load_balancers(
    sandbox: World, cluster: Cluster, bound: Binding, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command(
        "remove_cluster", "cls-vpccni01", yes=True, delete_load_balancers=True, patience=PATIENCE
    )
    assert not Cluster.objects.exists()
    assert FINALIZER not in service(cluster)["metadata"].get("finalizers", [])
    assert not any(bound.lb_id in row for row in balancers(sandbox))
    assert "left: load balancer" not in capsys.readouterr().out


def test_a_cluster_that_cannot_be_reached_stays_registered_until_it_is_forgotten(
    sandbox: World, cluster: Cluster, bound: Binding, capsys: pytest.CaptureFixture[str]
) -> None:
    Cluster.objects.update(server="https://127.0.0.1:1")
    with pytest.raises(CommandError, match="still registered"):
        call_command("remove_cluster", "cls-vpccni01", yes=True)
    assert Binding.objects.exists()
    call_command("remove_cluster", "cls-vpccni01", yes=True, forget=True)
    assert not Cluster.objects.exists()
    printed = capsys.readouterr().out
    assert (
        f"Service shop/leaving with podgate's finalizer and load balancer {bound.lb_id}" in printed
    )


def test_another_installations_name_is_left_on_the_cluster(cluster: Cluster) -> None:
    door = kube.connect(cluster)
    clusters.owner(door, cluster.cluster_id, claim=True)
    where = kube.path("ConfigMap", clusters.OWNER_NAMESPACE, clusters.OWNER)
    door.patch(where, {"data": {"installation": "another"}}, kind="merge")
    call_command("remove_cluster", "cls-vpccni01", yes=True)
    assert owner(cluster) == "another"


def test_nothing_is_removed_without_a_yes(cluster: Cluster) -> None:
    with pytest.raises(CommandError, match="--yes"):
        call_command("remove_cluster", "cls-vpccni01")
    assert Cluster.objects.exists()


def test_a_cluster_that_is_leaving_adopts_no_service(cluster: Cluster) -> None:
    kube.connect(cluster).create(kube.path("Service", "shop"), SERVICE)
    cluster.leaving = True
    sweeping.adopt(cluster, "shop", "leaving")
    sweeping.sweep(cluster)
    assert not Binding.objects.exists()


def test_another_claim_is_refused_while_services_are_bound(
    sandbox: World, cluster: Cluster, bound: Binding
) -> None:
    kubeconfig = sandbox.cluster()["kubeconfig"]
    for change in ({"claim": "annotation"}, {"binder": "tke"}):
        with pytest.raises(CommandError, match="let go of them"):
            call_command(
                "add_cluster",
                cluster_id="cls-vpccni01",
                account="shop-prod",
                kubeconfig=kubeconfig,
                **change,
            )
    assert Binding.objects.exists()
