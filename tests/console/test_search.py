"""Search over all clusters, through its page and the part the dialog asks for."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from console.models import Cluster
from console.search import Asked, asked
from services.models import Binding, Phase
from tests.console import pages
from tests.services.test_pages import put_service
from tests.workloads.index import put_deployment, put_pod
from workloads.models import Service


@pytest.fixture
def clusters(db: Any) -> tuple[Cluster, Cluster]:
    account = pages.account()
    return pages.cluster("cls-a", account=account), pages.cluster("cls-b", account=account)


def found(client: Client, q: str, cluster: str = "") -> dict[str, list[str]]:
    asked = {"q": q, "cluster": cluster}
    groups = client.get("/search/found", asked).context["found"].groups
    return {str(group.label): [hit.title for hit in group.hits] for group in groups}


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("  Web ", Asked("web")),
        ("shop/Web", Asked("web", "shop")),
        ("shop/", None),
        ("", None),
        ("\x00", None),
        ("10.20.", Asked("10.20.")),
    ],
)
def test_what_was_typed_is_understood(typed: str, wanted: Asked | None) -> None:
    assert asked(typed) == wanted


def test_addresses_are_digits_and_dots() -> None:
    assert Asked("10.20").is_address
    assert not Asked("web-1").is_address


def test_names_are_found_in_all_clusters_those_that_begin_so_first(
    clusters: tuple[Cluster, Cluster],
) -> None:
    one, other = clusters
    put_pod(one, "my-web-1")
    put_pod(other, "web-22")
    put_pod(other, "cart-1")
    put_deployment(one, "web")
    groups = found(pages.visitor(), "WEB")
    assert groups["Pods"] == ["web-22", "my-web-1"]
    assert groups["Workloads"] == ["web"]
    html = pages.visitor(name="dave").get("/search/?q=web").content.decode()
    assert "/clusters/cls-b/pods/shop/web-22/" in html
    assert "<mark>web</mark>-22" in html


def test_a_namespace_narrows_it(clusters: tuple[Cluster, Cluster]) -> None:
    put_pod(clusters[0], "web-1")
    put_pod(clusters[0], "web-2", metadata={"name": "web-2", "uid": "2", "namespace": "staging"})
    assert found(pages.visitor(), "staging/web") == {"Pods": ["web-2"]}


def test_ips_vips_load_balancers_and_nodes_are_found(clusters: tuple[Cluster, Cluster]) -> None:
    one, _other = clusters
    put_pod(one, "web-1", status={"podIP": "10.20.48.90"})
    put_pod(one, "web-2", spec={"nodeName": "10.20.0.11", "containers": []})
    service: Service = put_service(one, "store")
    Service.objects.update(vip="203.0.113.31")
    Binding.objects.create(
        cluster=one,
        service_uid=service.uid,
        namespace="shop",
        name="store",
        phase=Phase.READY,
        phase_since=timezone.now(),
        lb_id="lb-2f9w6ktb",
        vip="203.0.113.31",
    )
    client = pages.visitor()
    assert found(client, "10.20.48")["Pods"] == ["web-1"]
    assert found(client, "10.20.48.90")["Pods"] == ["web-1"]
    assert found(client, "10.20.0")["Nodes"] == ["10.20.0.11"]
    assert found(client, "203.0.113.31")["Services"] == ["store"]
    assert found(client, "2f9w")["Load balancers"] == ["lb-2f9w6ktb"]
    assert "/clusters/cls-a/services/shop/store/" in client.get("/search/?q=lb-2f").content.decode()


def test_the_cluster_somebody_is_in_comes_first(clusters: tuple[Cluster, Cluster]) -> None:
    one, other = clusters
    put_pod(one, "web")
    put_pod(other, "my-web-of-cls-b", status={"podIP": "10.20.48.91"})
    put_pod(one, "far", status={"podIP": "10.20.48.9"})
    client = pages.visitor()
    assert found(client, "web")["Pods"] == ["web", "my-web-of-cls-b"]
    assert found(client, "web", "cls-b")["Pods"] == ["my-web-of-cls-b", "web"]
    assert found(client, "10.20.48", "cls-b")["Pods"] == ["my-web-of-cls-b", "far"]
    assert found(client, "web", "no-such-cluster")["Pods"] == ["web", "my-web-of-cls-b"]
    html = client.get("/search/?q=web&cluster=cls-b").content.decode()
    assert '<input type="hidden" name="cluster" value="cls-b">' in html


def test_the_address_that_was_looked_for_is_shown(clusters: tuple[Cluster, Cluster]) -> None:
    for name, vip, inner in (("b", "203.0.113.3", "10.9.0.20"), ("a", "203.0.113.4", "10.9.0.3")):
        put_service(clusters[0], name)
        Service.objects.filter(name=name).update(vip=vip, cluster_ip=inner)
    client = pages.visitor()
    assert found(client, "10.9.0.")["Services"] == ["a", "b"]
    assert found(client, "203.0.113")["Services"] == ["b", "a"]
    assert "ClusterIP <mark>10.9.0.20</mark>" in client.get("/search/?q=10.9.0.20").content.decode()


def test_addresses_stand_in_the_order_of_numbers(clusters: tuple[Cluster, Cluster]) -> None:
    for last in (100, 9, 20):
        put_pod(clusters[0], f"web-{last}", status={"podIP": f"10.20.48.{last}"})
    assert found(pages.visitor(), "10.20.48")["Pods"] == ["web-9", "web-20", "web-100"]


def test_nothing_and_nonsense_are_answered(clusters: tuple[Cluster, Cluster]) -> None:
    client = pages.visitor()
    assert "Nothing is called no-such" in client.get("/search/?q=no-such").content.decode()
    for q in ("", "/", "%", "_", "'; --", "x" * 500, "\x00", "1.2.3.4.5", "999.1.1.1", "<b>"):
        html = client.get("/search/", {"q": q}).content.decode()
        assert "<b>" not in html


def test_search_is_for_people_with_a_role(clusters: tuple[Cluster, Cluster]) -> None:
    assert Client().get("/search/?q=x").status_code == 302
    assert pages.visitor(role=None, name="stranger").get("/search/found?q=x").status_code == 403
    assert pages.visitor().post("/search/").status_code == 405
