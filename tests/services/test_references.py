import pytest
from django.utils import timezone

from console.models import Cluster
from services.references import labels_of, references
from services.spec import Port, Protocol
from tests.console import pages
from tests.workloads.index import put_deployment, put_gated_pod
from workloads.models import Pod, Service, Workload

pytestmark = pytest.mark.django_db


@pytest.fixture
def cluster() -> Cluster:
    return pages.cluster()


def test_a_workload_none_of_whose_pods_is_ready_can_be_used(cluster: Cluster) -> None:
    put_deployment(cluster)
    pod = put_gated_pod(cluster, "web-1")
    Pod.objects.filter(pk=pod.pk).update(
        workload_kind="Deployment", workload_name="web", containers=[]
    )
    (found,) = references(cluster, "shop", "Deployment")
    assert (found.can, found.ready) == (True, "0 / 3")
    assert "no Service binds" in found.why


def put_service(cluster: Cluster, name: str = "bar", **annotations: str) -> None:
    Service.objects.create(
        cluster=cluster,
        uid=name,
        namespace="shop",
        name=name,
        type="ClusterIP",
        selector={"app": "web"},
        annotations={"podgate.dev/claim": "clb", **annotations},
        created_at=timezone.now(),
    )


def test_a_workload_that_is_bound_already_names_its_service(cluster: Cluster) -> None:
    put_deployment(cluster)
    put_gated_pod(cluster, "web-1")
    Pod.objects.update(
        workload_kind="Deployment", workload_name="web", containers=[], labels={"app": "web"}
    )
    put_service(cluster)
    (found,) = references(cluster, "shop", "Deployment")
    assert (found.can, found.tone) == (True, "warning")
    assert "also behind Service bar" in found.why
    Cluster.objects.update(binder="tke")
    cluster.refresh_from_db()
    (found,) = references(cluster, "shop", "Deployment")
    assert "no Service binds" not in found.why


def test_what_a_workload_has_against_it_is_said_in_its_row(cluster: Cluster) -> None:
    put_deployment(cluster)
    pod = put_gated_pod(cluster, "web-1")
    Pod.objects.filter(pk=pod.pk).update(workload_kind="Deployment", workload_name="web")
    (found,) = references(cluster, "shop", "Deployment")
    assert (found.can, found.tone) == (True, "warning")
    assert "Rollouts and scale-downs lose requests" in found.why
    by_name = Port(Protocol.TCP, 80, "grpc")
    (found,) = references(cluster, "shop", "Deployment", ports=(by_name,))
    assert "port named grpc" in found.why


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"host_network": True, "network_mode": "host"}, "hostNetwork"),
        ({"network_mode": "overlay"}, "overlay"),
        ({"template_labels": {}}, "no labels"),
    ],
)
def test_a_workload_that_cannot_be_used_says_why(
    cluster: Cluster, fields: dict[str, object], why: str
) -> None:
    put_deployment(cluster)
    Workload.objects.update(**fields)
    (found,) = references(cluster, "shop", "Deployment")
    assert not found.can
    assert why in found.why
    # Without direct access the network does not matter, labels still do.
    (plain,) = references(cluster, "shop", "Deployment", direct=False)
    assert plain.can is ("template_labels" not in fields)


def test_the_labels_are_the_pod_templates_never_the_workloads_own(cluster: Cluster) -> None:
    put_deployment(cluster)
    Workload.objects.update(labels={"team": "own"}, template_labels={"app": "web", "tier": "x"})
    assert labels_of(cluster, "shop", "Deployment", "web") == (("app", "web"), ("tier", "x"))
    assert labels_of(cluster, "shop", "Deployment", "vanished") is None


def test_workloads_are_found_by_name_and_by_label(cluster: Cluster) -> None:
    put_deployment(cluster, "web")
    put_deployment(cluster, "api")
    for find in ("WEB", "app=web"):
        found = references(cluster, "shop", "Deployment", find=find)
        assert [one.name for one in found] == ["web"]


def test_a_global_router_workload_waits_for_its_route_and_says_so(cluster: Cluster) -> None:
    put_deployment(cluster)
    Workload.objects.update(network_mode="route")
    cluster.facts = {
        "network": {"add_on": "GLOBAL_ROUTER", "vpc_id": "vpc-1", "cluster_cidrs": ["10.9.0.0/16"]},
        "account_type": "LEGACY",
    }
    (found,) = references(cluster, "shop", "Deployment")
    assert (found.can, found.tone) == (True, "warning")
    assert "bill-by-IP" in found.why
    cluster.facts["account_type"] = "STANDARD"
    (found,) = references(cluster, "shop", "Deployment")
    assert "bill-by-IP" not in found.why


def test_a_pod_that_asks_for_an_eni_by_half_is_told_in_its_row(cluster: Cluster) -> None:
    """In a cluster with both networks; the index knows the resource and the network."""
    put_deployment(cluster)
    put_gated_pod(cluster, "web-1")
    Pod.objects.update(
        workload_kind="Deployment",
        workload_name="web",
        network_mode="eni",
        containers=[{"name": "web", "probe": None, "eni": False}],
    )
    cluster.facts = {"network": {"add_on": "MIXED"}}
    (found,) = references(cluster, "shop", "Deployment")
    assert "asks for an ENI without tke.cloud.tencent.com/eni-ip" in found.why
    cluster.facts = {"network": {"add_on": "VPC_CNI_SHARED"}}
    (found,) = references(cluster, "shop", "Deployment")
    assert "asks for an ENI" not in found.why
