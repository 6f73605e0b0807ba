"""The pages of Services from the index alone: no cluster answers here."""

from collections.abc import Mapping
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from console import alive, kinds, secrets
from console.access import Role
from console.models import Cluster
from services.models import Binding, Phase, Registration, StepTaken
from tests.console import pages
from tests.workloads.index import listed, put_gated_pod
from workloads.index import services as manifests
from workloads.index import tables
from workloads.models import Service

pytestmark = pytest.mark.django_db
ID = "cls-vpccni01"
ROOT = f"/clusters/{ID}/services"
READS = [
    f"{ROOT}/",
    f"{ROOT}/rows",
    f"{ROOT}/shop/bar/",
    f"{ROOT}/shop/bar/head",
    f"{ROOT}/shop/bar/state",
    f"{ROOT}/shop/bar/targets",
    f"{ROOT}/shop/bar/steps",
]


@pytest.fixture
def cluster() -> Cluster:
    found = pages.cluster(ID, reachable=True, credentials=secrets.encrypt("{}"))
    listed(found)
    return found


@pytest.fixture
def viewer(cluster: Cluster) -> Client:
    return pages.visitor()


def put_service(
    cluster: Cluster,
    name: str = "bar",
    *,
    spec: Mapping[str, Any] | None = None,
    annotations: Mapping[str, str] | None = None,
) -> Service:
    import msgspec

    usual = {
        "type": "LoadBalancer",
        "loadBalancerClass": "podgate.dev/clb",
        "selector": {"app": "web"},
        "ports": [{"protocol": "TCP", "port": 80, "targetPort": 8080}],
        "clusterIP": "127.0.0.9",
    }
    written = {
        "metadata": {
            "name": name,
            "namespace": "shop",
            "uid": f"uid-{name}",
            "resourceVersion": "1",
            "creationTimestamp": "2026-01-01T00:00:00Z",
            "annotations": dict(annotations or {}),
        },
        "spec": usual if spec is None else spec,
    }
    service = msgspec.convert(written, kinds.Service)
    tables.store(cluster.pk, Service, [manifests.service_row(service)])
    return Service.objects.get(cluster=cluster, name=name)


def put_binding(cluster: Cluster, name: str = "bar", **fields: Any) -> Binding:
    known = {
        "namespace": "shop",
        "service_uid": f"uid-{name}",
        "phase": Phase.CHECKING,
        "phase_since": timezone.now(),
        "lb_id": "lb-7m2kq9xd",
        "vip": "203.0.113.24",
    }
    return Binding.objects.create(cluster=cluster, name=name, **(known | fields))


def put_target(binding: Binding, pod_name: str, pod_uid: str, **fields: Any) -> Registration:
    known = {
        "lb_id": binding.lb_id,
        "listener_id": "lbl-q8s2v0kd",
        "protocol": "TCP",
        "listener_port": 80,
        "ip": "10.20.32.41",
        "port": 8080,
        "intended_at": timezone.now(),
        "registered_at": timezone.now(),
        "health": "Dead",
        "health_message": "connection timed out",
    }
    return Registration.objects.create(
        binding=binding, pod_name=pod_name, pod_uid=pod_uid, **(known | fields)
    )


@pytest.mark.parametrize("address", READS)
def test_every_page_and_region_answers(viewer: Client, cluster: Cluster, address: str) -> None:
    put_service(cluster)
    binding = put_binding(cluster, excluded=[{"pod": "x", "ip": "", "reason": "R", "message": "M"}])
    pod = put_gated_pod(cluster, "web-1")
    put_target(binding, pod.name, pod.uid)
    StepTaken.objects.create(binding=binding, at=timezone.now(), text="Did it", api_call="Call")
    assert viewer.get(address).status_code == 200


@pytest.mark.parametrize("address", READS)
def test_nothing_but_get_is_allowed(viewer: Client, address: str) -> None:
    assert viewer.post(address).status_code == 405


@pytest.mark.parametrize(
    "address", [*READS, f"{ROOT}/create/", f"{ROOT}/shop/bar/delete/", f"{ROOT}/shop/bar/release/"]
)
def test_nobody_enters_without_a_role(cluster: Cluster, address: str) -> None:
    assert pages.visitor(role=None, name="stranger").get(address).status_code == 403


@pytest.mark.parametrize(
    "address",
    [
        f"{ROOT}/create/",
        f"{ROOT}/create/check_field",
        f"{ROOT}/create/outlook",
        f"{ROOT}/shop/bar/delete/",
        f"{ROOT}/shop/bar/release/",
    ],
)
def test_a_viewer_cannot_write(viewer: Client, cluster: Cluster, address: str) -> None:
    put_service(cluster)
    assert viewer.post(address, {"confirm": "bar"}).status_code == 403


@pytest.mark.parametrize("address", READS)
def test_a_cluster_that_is_not_registered_is_not_found(viewer: Client, address: str) -> None:
    assert viewer.get(address.replace(ID, "cls-unknown")).status_code == 404


def test_a_viewer_is_not_offered_what_he_may_not_do(viewer: Client, cluster: Cluster) -> None:
    put_service(cluster)
    assert b"Create Service" not in viewer.get(f"{ROOT}/").content
    assert b"delete/" not in viewer.get(f"{ROOT}/shop/bar/").content
    operator = pages.visitor(Role.OPERATOR, "olga")
    assert b"Create Service" in operator.get(f"{ROOT}/").content
    assert b"delete/" in operator.get(f"{ROOT}/shop/bar/").content


def test_the_list_is_searched_filtered_sorted_and_survives_nonsense(
    viewer: Client, cluster: Cluster
) -> None:
    put_service(cluster)
    put_service(cluster, "inner", spec={"type": "ClusterIP", "ports": []})
    put_binding(cluster, phase=Phase.READY)

    def names(query: str) -> list[str]:
        rows = viewer.get(f"{ROOT}/rows?{query}").context["rows"]
        return [row.service.name for row in rows]

    assert names("") == ["bar", "inner"]
    assert names("sort=-name") == ["inner", "bar"]
    assert names("sort=phase") == ["inner", "bar"]
    assert names("q=inn") == ["inner"]
    assert names("namespace=elsewhere") == []
    assert names("type=ClusterIP") == ["inner"]
    assert names("phase=Ready") == ["bar"]
    assert names("phase=none") == ["inner"]
    assert names("sort=%00;drop&page=999&q=%00%F0%9F%9A%80&phase=nonsense") == []


def test_the_page_says_what_the_clb_says(viewer: Client, cluster: Cluster) -> None:
    put_service(cluster)
    binding = put_binding(cluster)
    pod = put_gated_pod(cluster, "web-1")
    put_target(binding, pod.name, pod.uid)
    page = viewer.get(f"{ROOT}/shop/bar/").content.decode()
    for words in (
        "203.0.113.24",
        "lb-7m2kq9xd",
        "podgate’s own try: connection timed out",
        "10.20.32.41:8080",
        "class podgate.dev/clb",
        "Public Network CLB Access, direct to Pods",
    ):
        assert words in page


def test_only_targets_without_traffic_can_be_asked_for(viewer: Client, cluster: Cluster) -> None:
    put_service(cluster)
    binding = put_binding(cluster)
    put_target(binding, "good", "u1", health="Alive")
    put_target(binding, "bad", "u2", ip="10.20.32.42")
    page = viewer.get(f"{ROOT}/shop/bar/targets?targets=not-alive").content.decode()
    assert "bad" in page
    assert ">good<" not in page


def test_hostile_text_stays_text(viewer: Client, cluster: Cluster) -> None:
    put_service(cluster, annotations={"description": "<script>alert(1)</script>"})
    page = viewer.get(f"{ROOT}/shop/bar/").content.decode()
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_problems_are_findings_with_their_fix(viewer: Client, cluster: Cluster) -> None:
    put_service(cluster)
    problem = {"code": "X", "severity": "blocks", "message": "It is full.", "fix": "Empty it."}
    put_binding(cluster, phase=Phase.BLOCKED, problems=[problem])
    page = viewer.get(f"{ROOT}/shop/bar/findings").content.decode()
    assert "It is full." in page
    assert "Empty it." in page


def test_a_service_nobody_claims_says_who_would_bind_it(viewer: Client, cluster: Cluster) -> None:
    direct = {"service.cloud.tencent.com/direct-access": "true"}
    put_service(cluster, spec={"type": "LoadBalancer", "ports": []}, annotations=direct)
    page = viewer.get(f"{ROOT}/shop/bar/").content.decode()
    assert "podgate does not bind this Service" in page
    put_service(cluster, "plain", spec={"type": "ClusterIP", "ports": []}, annotations=direct)
    page = viewer.get(f"{ROOT}/shop/plain/").content.decode()
    assert "Nobody binds this Service" in page


def test_a_service_that_may_be_gone_is_not_said_to_be(viewer: Client, cluster: Cluster) -> None:
    binding = put_binding(cluster, phase=Phase.DELETING)
    assert "Deleting" in viewer.get(f"{ROOT}/shop/bar/head").content.decode()
    binding.delete()
    # Nobody answers here, so nobody can say that it is gone.
    page = viewer.get(f"{ROOT}/shop/bar/state").content.decode()
    assert "cannot be read" in page
    assert "is gone" not in page


def test_a_blocked_service_says_once_what_is_wrong(viewer: Client, cluster: Cluster) -> None:
    put_service(cluster)
    problem = {"code": "C", "severity": "blocks", "message": "It is wrong.", "fix": "Mend it."}
    put_binding(cluster, phase=Phase.BLOCKED, message="It is wrong. Mend it.", problems=[problem])
    page = viewer.get(f"{ROOT}/shop/bar/").content.decode()
    assert page.count("It is wrong.") == 1
    assert "It is wrong. Mend it." in viewer.get(f"{ROOT}/").content.decode()


def test_events_are_asked_of_this_very_service(viewer: Client, cluster: Cluster) -> None:
    put_service(cluster)
    assert "uid=uid-bar" in viewer.get(f"{ROOT}/shop/bar/").content.decode()


def test_a_node_port_is_called_so(viewer: Client, cluster: Cluster) -> None:
    port = {"protocol": "TCP", "port": 80, "targetPort": 8080, "nodePort": 30080}
    put_service(cluster, spec={"type": "NodePort", "ports": [port]})
    assert "TCP 80 → 8080 (NodePort 30080)" in viewer.get(f"{ROOT}/").content.decode()


def test_a_service_says_when_the_processes_behind_it_are_silent(
    viewer: Client, cluster: Cluster
) -> None:
    put_service(cluster)
    put_binding(cluster)
    alive.beat("worker")
    page = unescape(viewer.get(f"{ROOT}/shop/bar/").content.decode())
    assert "podgate's watcher" in page
    assert "podgate's worker" not in page
