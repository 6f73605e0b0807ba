"""The Pods list: filters in the URL, columns of one's own, and Pods chosen to be deleted."""

from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from console import kube
from console.access import Role
from console.models import Activity, Cluster, Preference
from services.models import Binding, Registration
from tests.console import pages
from tests.workloads.index import listed, put_gated_pod, put_pod
from tests.workloads.manifests import GATE
from workloads.models import Pod
from workloads.views import pod_columns

ID = "cls-vpccni01"
PODS = f"/clusters/{ID}/pods/"


@pytest.fixture
def place(db: Any) -> Cluster:
    found = pages.cluster(ID, reachable=True)
    listed(found)
    return found


def register(cluster: Cluster, pod: Pod, health: str, *, port: int = 80, weight: int = 10) -> None:
    now = timezone.now()
    binding, _ = Binding.objects.get_or_create(
        cluster=cluster,
        service_uid="s",
        defaults={"namespace": "shop", "name": "bar", "phase_since": now},
    )
    Registration.objects.create(
        binding=binding,
        lb_id="lb-1",
        listener_id=f"lbl-{port}",
        protocol="TCP",
        listener_port=port,
        ip=f"10.0.{pod.pk % 250}.{port % 250}",
        port=8080,
        weight=weight,
        pod_uid=pod.uid,
        pod_name=pod.name,
        intended_at=now,
        registered_at=now,
        health=health,
    )


def names(client: Client, query: str) -> list[str]:
    return [row.pod.name for row in client.get(PODS + query).context["rows"]]


def test_pods_are_found_by_what_the_clb_says_of_them(place: Cluster) -> None:
    client = pages.visitor()
    for name, words in {"a": ("Alive",), "b": ("Alive", "Dead"), "c": ("",)}.items():
        pod = put_pod(place, name)
        for number, word in enumerate(words):
            register(place, pod, word, port=80 + number)
    put_pod(place, "d")
    assert names(client, "?health=Alive") == ["a"]
    assert names(client, "?health=Dead") == ["b"]
    assert names(client, "?health=Unknown") == ["c"]
    assert names(client, "?health=none") == ["d"]
    assert names(client, "?health=nonsense") == ["a", "b", "c", "d"]
    html = client.get(PODS).content.decode()
    assert 'data-tone="error">Dead' in html


def test_pods_are_found_by_gate_network_and_status(place: Cluster) -> None:
    client = pages.visitor()
    put_pod(place, "bare")
    put_gated_pod(place, "waits")
    put_gated_pod(place, "open", {"type": GATE, "status": "True"})
    Pod.objects.filter(name="bare").update(network_mode="host", status="Pending")
    assert names(client, "?gates=none") == ["bare"]
    assert names(client, "?gates=waiting") == ["waits"]
    assert names(client, "?gates=open") == ["open"]
    assert names(client, "?network=host") == ["bare"]
    assert names(client, "?status=Pending") == ["bare"]


def test_columns_are_saved_for_one_person_and_travel_in_the_regions_address(
    place: Cluster,
) -> None:
    put_pod(place, "web-1")
    client, other = pages.visitor(), pages.visitor(name="dave")
    answer = client.post(
        PODS + "columns/", {"columns": ["revision", "ip", "bogus"], "query": "namespace=shop"}
    )
    assert answer.status_code == 302
    assert answer["Location"] == f"{PODS}?namespace=shop"
    context = client.get(PODS).context
    assert pod_columns.keys(context["columns"]) == ("ip", "revision")
    assert "columns=ip%2Crevision" in client.get(PODS).content.decode()
    assert pod_columns.keys(other.get(PODS).context["columns"]) == pod_columns.USUAL
    # The region is pushed to others too: it knows the address alone.
    region = client.get(PODS + "rows")
    assert pod_columns.keys(region.context["columns"]) == pod_columns.USUAL
    assert pod_columns.keys(client.get(PODS + "rows?columns=ip").context["columns"]) == ("ip",)
    client.post(PODS + "columns/", {"columns": ["ip"], "usual": "1"})
    assert not Preference.objects.exists()
    assert Client().post(PODS + "columns/").status_code == 302


def test_hostile_names_stay_text_in_cells(place: Cluster) -> None:
    put_pod(place, "web-1")
    Pod.objects.update(node='"><script>alert(1)</script>', revision="<b>")
    html = pages.visitor().get(PODS + "?columns=node,revision,images").content.decode()
    assert "<script>alert" not in html
    assert "&lt;b&gt;" in html


def test_only_operators_may_choose_pods(place: Cluster) -> None:
    put_pod(place, "web-1")
    assert 'name="on"' not in pages.visitor().get(PODS).content.decode()
    operator = pages.visitor(Role.OPERATOR, "olga")
    assert 'value="shop/web-1"' in operator.get(PODS).content.decode()
    address = f"/clusters/{ID}/actions/pod/delete/?on=shop/web-1"
    assert pages.visitor(name="vera").get(address).status_code == 403
    assert "No Pod is chosen" in operator.get(address.partition("?")[0]).content.decode()


def test_the_drain_is_explained_with_what_is_left_at_the_clb(place: Cluster) -> None:
    pod = put_pod(place, "web-1")
    register(place, pod, "Alive")
    put_pod(place, "lonely", metadata={"name": "lonely", "uid": "l", "ownerReferences": []})
    operator = pages.visitor(Role.OPERATOR)
    html = operator.get(
        f"/clusters/{ID}/actions/pod/delete/?on=shop/web-1&on=shop/lonely&on=shop/gone"
    ).content.decode()
    assert "gets weight 0 at once" in html
    assert "no preStop hook" in html
    assert "Deployment web starts another one in its place." in html
    assert "nobody starts another one" in html
    assert "It does not exist any more." in html
    assert "Delete 2 Pods" in html


def test_a_pod_is_deleted_once_and_only_that_pod(cluster: Cluster) -> None:
    door = kube.connect(cluster)
    pod = door.get(kube.path("Pod", "shop"), labelSelector="app=storefront")["items"][0]
    name, uid = pod["metadata"]["name"], pod["metadata"]["uid"]
    operator = pages.visitor(Role.OPERATOR)
    address = f"/clusters/{ID}/actions/pod/delete/"
    data = {"on": f"shop/{name}", "seen": f"shop/{name} another-uid"}
    html = operator.post(address, data).content.decode()
    assert "Another Pod has its name by now" in html
    answer = operator.post(address, data | {"seen": f"shop/{name} {uid}", "evict": "1"})
    assert answer.status_code == 302
    lines = Activity.objects.filter(name=name).order_by("id")
    assert [(line.verb, line.ok) for line in lines] == [("delete", False), ("evict", True)]
    try:
        found = door.get(kube.path("Pod", "shop", name))
    except kube.NotFound:
        return
    assert "deletionTimestamp" in found["metadata"]


@pytest.mark.parametrize(
    "query",
    ["", "?health=Alive", "?gates=waiting", "?network=unknown&sort=-age", "?columns=images"],
)
def test_a_page_of_many_pods_asks_no_more_than_one_of_few(place: Cluster, query: str) -> None:
    """Gated Pods that wait, Pods without a gate, targets of all kinds: what costs most."""
    client = pages.visitor(Role.OPERATOR)

    def put(number: int) -> None:
        waits, bare = put_gated_pod(place, f"w-{number}"), put_pod(place, f"b-{number}")
        register(place, waits, ("Alive", "Unknown")[number % 2])
        register(place, bare, ("Alive", "Dead")[number % 2], port=81)

    def asked() -> int:
        cache.clear()  # what can be filtered by is kept for seconds: asked each time here
        with CaptureQueriesContext(connection) as found:
            assert client.get(PODS + query).status_code == 200
        return len(found)

    for number in range(2):
        put(number)
    asked()
    few = asked()
    for number in range(2, 22):
        put(number)
    assert asked() <= few <= 16


def test_few_pods_that_a_filter_leaves_come_in_the_order_and_pages_asked_for(
    place: Cluster,
) -> None:
    client = pages.visitor()
    for number in range(60):
        put_pod(place, f"p-{number:02d}")
    Pod.objects.filter(name__lt="p-55").update(network_mode="host")
    assert names(client, "?network=host&sort=-name")[:2] == ["p-54", "p-53"]
    assert names(client, "?network=host&page=2") == [f"p-{n}" for n in range(50, 55)]
    assert client.get(f"{PODS}?network=host").context["page"].paginator.count == 55
    assert names(client, "?network=overlay") == []


def test_a_pod_that_no_service_binds_says_so_whether_or_not_it_waits_for_one(
    place: Cluster,
) -> None:
    put_gated_pod(place, "waits")
    html = pages.visitor().get(PODS).content.decode()
    assert "No Service binds this Pod" in html
    Cluster.objects.update(binder="tke")
    assert "No Service binds this Pod" in pages.visitor(name="dan").get(PODS).content.decode()
