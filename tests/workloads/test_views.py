from collections.abc import Iterator, Mapping, Sequence

import pytest
from django.test import Client
from django.urls import reverse

from console.models import Cluster
from tests.console import pages
from tests.workloads.index import listed, put_deployment, put_gated_pod, put_pod
from tests.workloads.manifests import GATE
from workloads import binders
from workloads.models import Pod

pytestmark = pytest.mark.django_db
ID = "cls-vpccni01"


@pytest.fixture
def cluster() -> Cluster:
    found = pages.cluster(ID, reachable=True)
    listed(found)
    return found


@pytest.fixture
def viewer(cluster: Cluster) -> Client:
    return pages.visitor()


ROOT = f"/clusters/{ID}"
ADDRESSES = [
    f"{ROOT}/workloads/deployment/",
    f"{ROOT}/workloads/deployment/rows",
    f"{ROOT}/workloads/deployment/shop/web/",
    f"{ROOT}/workloads/deployment/shop/web/rollout",
    f"{ROOT}/workloads/deployment/shop/web/members",
    f"{ROOT}/workloads/deployment/shop/web/yaml",
    f"{ROOT}/workloads/deployment/shop/web/revisions",
    f"{ROOT}/pods/",
    f"{ROOT}/pods/rows",
    f"{ROOT}/pods/shop/web-1/",
    f"{ROOT}/pods/shop/web-1/state",
    f"{ROOT}/pods/shop/web-1/containers",
    f"{ROOT}/pods/shop/web-1/yaml",
    f"{ROOT}/events/",
    f"{ROOT}/events/rows",
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_every_page_answers_htmx_too(viewer: Client, cluster: Cluster, address: str) -> None:
    put_deployment(cluster)
    put_pod(cluster, "web-1")
    assert viewer.get(address, headers={"HX-Request": "true"}).status_code == 200


@pytest.mark.parametrize("address", ADDRESSES)
def test_every_page_and_region_answers(viewer: Client, cluster: Cluster, address: str) -> None:
    put_deployment(cluster)
    put_pod(cluster, "web-1")
    assert viewer.get(address).status_code == 200


@pytest.mark.parametrize("address", ADDRESSES)
def test_nothing_but_get_is_allowed(viewer: Client, address: str) -> None:
    assert viewer.post(address).status_code == 405


@pytest.mark.parametrize("address", ADDRESSES)
def test_nobody_reads_without_a_role(cluster: Cluster, address: str) -> None:
    assert pages.visitor(role=None, name="stranger").get(address).status_code == 403


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_cluster_that_is_not_registered_is_not_found(viewer: Client, address: str) -> None:
    assert viewer.get(address.replace(ID, "cls-unknown")).status_code == 404


def test_an_unknown_kind_or_object_is_not_found(viewer: Client) -> None:
    assert viewer.get(reverse("workloads", args=[ID, "cronjob"])).status_code == 404
    assert viewer.get(reverse("workload", args=[ID, "deployment", "shop", "no"])).status_code == 404
    assert viewer.get(reverse("pod", args=[ID, "shop", "no"])).status_code == 404


@pytest.mark.parametrize(
    "query",
    [
        "page=abc",
        "page=999",
        "page=-1",
        "sort=nonsense",
        "sort=--name",
        "sort=-age",
        "namespace=%00",
        "q=%27%3B--",
        "q=" + "x" * 2000,
        "status=%F0%9F%92%A9",
        "workload=/",
        "node=<script>",
    ],
)
def test_nonsense_in_the_address_is_an_empty_or_a_default_page(viewer: Client, query: str) -> None:
    for name in ("pods", "pod_rows"):
        assert viewer.get(reverse(name, args=[ID]) + "?" + query).status_code == 200
    assert viewer.get(reverse("workloads", args=[ID, "daemonset"]) + "?" + query).status_code == 200


def names(client: Client, query: str) -> list[str]:
    response = client.get(reverse("pods", args=[ID]) + query)
    return [row.pod.name for row in response.context["rows"]]


def test_pods_are_found_by_name_ip_namespace_and_workload(viewer: Client, cluster: Cluster) -> None:
    put_pod(cluster, "web-6f7c9d8b5-a")
    put_pod(
        cluster,
        "cart-0",
        metadata={"name": "cart-0", "namespace": "other", "uid": "c", "labels": {}},
    )
    assert names(viewer, "?q=cart") == ["cart-0"]
    assert names(viewer, "?namespace=shop") == ["web-6f7c9d8b5-a"]
    assert names(viewer, "?workload=deployment/web") == ["web-6f7c9d8b5-a"]
    assert len(names(viewer, "?q=127.64.20")) == 2
    assert names(viewer, "?q=nothing") == []


def test_pods_waiting_for_a_gate_can_be_listed_alone(viewer: Client, cluster: Cluster) -> None:
    put_pod(cluster, "web-6f7c9d8b5-a")
    put_gated_pod(cluster, "web-6f7c9d8b5-b")
    assert names(viewer, "?gates=waiting") == ["web-6f7c9d8b5-b"]
    assert names(viewer, "?status=not-ready") == ["web-6f7c9d8b5-b"]


@pytest.mark.parametrize("sort", ["name", "status", "ready", "ip", "node", "restarts", "age"])
def test_descending_is_ascending_turned_round(viewer: Client, cluster: Cluster, sort: str) -> None:
    for number in range(4):
        put_pod(cluster, f"web-6f7c9d8b5-{number}")
    assert names(viewer, f"?sort=-{sort}") == list(reversed(names(viewer, f"?sort={sort}")))


def test_a_page_holds_fifty_rows_and_the_next_ones_follow(viewer: Client, cluster: Cluster) -> None:
    for number in range(60):
        put_pod(cluster, f"web-6f7c9d8b5-{number:02}")
    assert len(names(viewer, "")) == 50
    assert names(viewer, "?page=2") == [f"web-6f7c9d8b5-{number}" for number in range(50, 60)]


def test_a_row_of_another_cluster_is_never_shown(viewer: Client, cluster: Cluster) -> None:
    put_pod(pages.cluster("cls-other"), "secret")
    assert "secret" not in viewer.get(reverse("pods", args=[ID])).content.decode()


def test_the_workload_page_names_the_gate_of_the_template(viewer: Client, cluster: Cluster) -> None:
    put_deployment(cluster)
    page = viewer.get(reverse("workload", args=[ID, "deployment", "shop", "web"]))
    assert GATE in page.content.decode()


def test_gated_pods_that_no_service_binds_are_said_to_be_so(
    viewer: Client, cluster: Cluster
) -> None:
    put_deployment(cluster)
    put_gated_pod(cluster, "web-6f7c9d8b5-a")
    for address in (
        reverse("workload", args=[ID, "deployment", "shop", "web"]),
        reverse("pod", args=[ID, "shop", "web-6f7c9d8b5-a"]),
        reverse("pods", args=[ID]),
    ):
        assert "No Service binds this Pod" in viewer.get(address).content.decode()


@pytest.fixture
def bound() -> Iterator[None]:
    def provider(cluster: Cluster, pods: Sequence[Pod]) -> Mapping[str, Sequence[binders.BoundBy]]:
        service = binders.BoundBy("shop", "bar", "/clusters/x/services/shop/bar/", "Checking")
        return {pod.uid: [service] for pod in pods}

    binders.providers.append(provider)
    yield
    binders.providers.remove(provider)


@pytest.mark.usefixtures("bound")
def test_a_gated_pod_that_a_service_binds_names_the_service(
    viewer: Client, cluster: Cluster
) -> None:
    put_gated_pod(cluster, "web-6f7c9d8b5-a")
    page = viewer.get(reverse("pod", args=[ID, "shop", "web-6f7c9d8b5-a"])).content.decode()
    assert "No Service binds this Pod" not in page
    assert "shop/bar" in page


def test_each_gate_shows_its_reason_and_message(viewer: Client, cluster: Cluster) -> None:
    condition = {"type": GATE, "status": "False", "reason": "Checking", "message": "2 of 3 passed."}
    put_gated_pod(cluster, "web-6f7c9d8b5-a", condition)
    page = viewer.get(reverse("pod", args=[ID, "shop", "web-6f7c9d8b5-a"])).content.decode()
    assert "Checking" in page
    assert "2 of 3 passed." in page


def test_a_region_of_a_deleted_object_says_that_it_is_gone(viewer: Client) -> None:
    page = viewer.get(reverse("pod_state", args=[ID, "shop", "web-1"])).content.decode()
    assert "is gone" in page
    page = viewer.get(reverse("rollout", args=[ID, "deployment", "shop", "web"])).content.decode()
    assert "is gone" in page


def test_an_empty_list_a_filtered_one_and_an_unread_one_say_different_things(
    viewer: Client, cluster: Cluster
) -> None:
    address = reverse("pods", args=[ID])
    assert "No Pods in this cluster" in viewer.get(address).content.decode()
    put_pod(cluster)
    assert "No Pod matches these filters" in viewer.get(address + "?q=nothing").content.decode()
    pages.cluster("cls-new")
    unread = viewer.get(reverse("pods", args=["cls-new"])).content.decode()
    assert "Nothing has been read from this cluster yet" in unread


def test_an_unreachable_cluster_still_shows_its_pods_and_says_why(
    viewer: Client, cluster: Cluster
) -> None:
    put_pod(cluster)
    Cluster.objects.update(reachable=False, unreachable_because="connection refused")
    page = viewer.get(reverse("pods", args=[ID])).content.decode()
    assert "connection refused" in page
    assert "web-6f7c9d8b5-q2v7m" in page


def test_events_and_yaml_say_when_the_api_server_cannot_be_reached(viewer: Client) -> None:
    assert "cannot be read" in viewer.get(reverse("event_rows", args=[ID])).content.decode()
    yaml = viewer.get(reverse("pod_yaml", args=[ID, "shop", "web-1"])).content.decode()
    assert "cannot be read" in yaml


def test_hostile_names_are_only_text(viewer: Client, cluster: Cluster) -> None:
    hostile = {"name": "x", "namespace": "shop", "uid": "x", "labels": {"a": "<script>alert(1)"}}
    put_pod(cluster, "x", metadata=hostile)
    page = viewer.get(reverse("pod", args=[ID, "shop", "x"])).content.decode()
    assert "<script>alert" not in page


def test_a_region_is_the_element_of_the_page(viewer: Client, cluster: Cluster) -> None:
    """Partial = element id = last URL segment, or live.js would not find it."""
    put_deployment(cluster)
    put_pod(cluster, "web-1")
    for address in ADDRESSES:
        segment = address.rsplit("/", 1)[-1]
        if segment:
            assert f'id="{segment}"' in viewer.get(address).content.decode()


def test_addresses_made_by_hand_for_speed_are_those_of_the_url_table(
    viewer: Client, cluster: Cluster
) -> None:
    put_pod(cluster, "web-6f7c9d8b5-a")
    (row,) = viewer.get(reverse("pods", args=[ID])).context["rows"]
    assert row.url == reverse("pod", args=[ID, "shop", "web-6f7c9d8b5-a"])
    assert row.line.workload_url == reverse("workload", args=[ID, "deployment", "shop", "web"])
