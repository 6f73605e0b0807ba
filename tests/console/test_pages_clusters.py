"""The first page and Basic Information, from facts as the APIs give them."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from console import activity, facts
from console.access import Role
from console.models import Account, Activity, Cluster
from tests.console import pages
from tests.console.pages import visitor

pytestmark = pytest.mark.django_db


def test_what_failed_is_not_told_as_done() -> None:
    pages.cluster("cls-1")
    activity.record(None, "create", kind="Service", namespace="shop", name="web", ok=False)
    recent = visitor().get("/").text.partition('id="recent"')[2]
    said = recent.partition("Created Service shop/web")[2].partition("</tr>")[0]
    assert "Failed" in said
    Activity.objects.update(ok=True)
    assert "Failed" not in visitor(name="dora").get("/").text.partition('id="recent"')[2]


SUBNETS = [
    {"id": "subnet-eni01", "name": "pods-a", "zone": "z3", "cidr": "10.0.0.0/22"},
    {"id": "subnet-eni02", "name": "pods-b", "zone": "z4", "cidr": "10.0.4.0/22"},
]
GLOBAL_ROUTER = {"NetworkType": "GR"}
VPC_CNI = {"NetworkType": "VPC-CNI", "VpcCniType": "tke-route-eni"}
CILIUM = {"NetworkType": "CiliumOverlay"}


def told(
    property_: dict[str, str], *, free: int = 900, version: str = "1.30.0", **more: Any
) -> dict[str, Any]:
    """What the APIs said of a cluster, as `facts.refresh` stores it."""
    in_vpc = property_ == VPC_CNI
    answers: dict[str, Any] = {
        "DescribeClusters": {
            "ClusterName": "shop",
            "ClusterStatus": "Running",
            "ClusterVersion": version,
            "ClusterType": "MANAGED_CLUSTER",
            "ClusterLevel": "L20",
            "ClusterNodeNum": 6,
            "ContainerRuntime": "containerd",
            "RuntimeVersion": "1.6.28",
            "Property": json.dumps(property_),
            "ClusterNetworkSettings": {
                "VpcId": "vpc-1",
                "ClusterCIDR": "" if in_vpc else "10.244.0.0/16",
                "ServiceCIDR": "10.96.0.0/20",
                "MaxNodePodNum": 64,
                "MaxClusterServiceNum": 1024,
                "Ipvs": True,
                "Subnets": ["subnet-eni01", "subnet-eni02"] if in_vpc else [],
            },
            "TagSpecification": [{"Tags": [{"Key": "env", "Value": "prod"}]}],
        },
        "DescribeClusterStatus": {"ClusterStatusSet": [{"ClusterFailedNodeNum": 1}]},
        "DescribeClusterEndpoints": {"ClusterIntranetEndpoint": "https://10.20.0.6"},
        "private": {"Status": "Created"},
        "public": {"Status": "NotFound"},
        "DescribeNetworkAccountType": {"NetworkAccountType": "STANDARD"},
        "DescribeQuota": {"QuotaSet": [{"QuotaId": "TOTAL_TARGET_BIND_QUOTA", "QuotaLimit": 200}]},
        "kubernetes": {
            "version": version,
            "nodes": 6,
            "ready": 5,
            "cordoned": [],
            "pods": 312,
            "services": 38,
        },
        "DescribeSubnets": [{**each, "total": 1000, "free": free} for each in SUBNETS],
    }
    if not in_vpc:
        answers["DescribeSubnets"] = []
    return facts.describe(answers | more)


def known(
    cluster_id: str = "cls-vpccni01", property_: dict[str, str] = VPC_CNI, **fields: Any
) -> Cluster:
    """A cluster that answers, with its facts read."""
    facts_ = fields.pop("facts", None) or told(property_, version=fields.pop("version", "1.30.0"))
    common = {"reachable": True, "facts_at": timezone.now(), "seen_at": timezone.now()}
    return pages.cluster(cluster_id, facts=facts_, **(common | fields))


def test_without_clusters_the_page_says_how_to_add_one() -> None:
    text = visitor().get("/").text
    assert "No cluster is registered" in text
    assert "manage.py add_cluster" in text


def test_every_cluster_is_listed_with_its_add_on_in_words_and_its_verdict() -> None:
    known()
    known("cls-router01", GLOBAL_ROUTER)
    known("cls-cilium01", CILIUM)
    known("cls-oldk8s01", GLOBAL_ROUTER, version="1.10.5")
    text = visitor().get("/").text
    for words in ("VPC-CNI", "GlobalRouter", "Cilium-Overlay", "shared ENI", "5 / 6"):
        assert words in text
    assert "1,800 free IPs in 2 subnets" in text
    assert "Needs CCN" in text
    assert "Pods have overlay addresses" in text
    assert "Kubernetes 1.10.5, needs 1.14 or later" in text


def test_a_cluster_that_does_not_answer_is_named_with_its_reason_and_harms_no_other() -> None:
    known()
    pages.cluster("cls-dead01", reachable=False, unreachable_because="connection refused")
    text = visitor().get("/").text
    assert "Unreachable" in text
    assert text.count("connection refused") == 2
    assert "cls-vpccni01" in text


def test_full_subnets_are_no_ready_verdict() -> None:
    known(facts=told(VPC_CNI, free=0))
    text = visitor().get("/").text
    assert "No free IP" in text
    assert "Ready for direct access</dt><dd>0" in text


def test_the_list_is_searched_filtered_and_sorted() -> None:
    known("cls-a")
    known("cls-b", CILIUM)
    client = visitor()
    assert "cls-b" not in client.get("/", {"q": "LS-A"}).text
    assert "cls-a<" not in client.get("/", {"add_on": "Cilium-Overlay"}).text
    up, down = (client.get("/", {"sort": order}).text for order in ("id", "-id"))
    assert up.index("cls-a<") < up.index("cls-b<")
    assert down.index("cls-b<") < down.index("cls-a<")
    assert 'aria-sort="descending"' in down
    assert "No cluster matches" in client.get("/", {"q": "zzz"}).text


@pytest.mark.parametrize("query", [{"sort": "drop table"}, {"page": "x"}, {"add_on": "<b>"}])
def test_nonsense_in_the_address_changes_nothing(query: dict[str, str]) -> None:
    known()
    answer = visitor().get("/", query)
    assert answer.status_code == 200
    assert "<b>" not in answer.text


@pytest.mark.parametrize("region", ["glance", "cluster_rows", "attention_now"])
def test_a_live_region_is_itself_alone_and_holds_nothing_personal(region: str) -> None:
    known()
    text = visitor().get(f"/clusters/{region}").text.strip()
    assert f'id="{region}"' in text.split(">")[0]
    assert "csrf" not in text.lower()
    assert "<html" not in text


def test_basic_information_has_every_fact_the_apis_gave() -> None:
    known(kubernetes_version="v1.30.0-tke.1")
    text = visitor().get("/clusters/cls-vpccni01/").text
    for words in (
        "Container network add-on",
        "VPC-CNI, shared ENI with multiple IPs",
        "without passing a node port",
        "Managed cluster, level L20",
        "v1.30.0-tke.1",
        "containerd 1.6.28",
        "bill-by-IP (STANDARD)",
        "vpc-1",
        "10.96.0.0/20",
        "ipvs",
        "5 Ready",
        "TKE reports 1 failed",
        "https://10.20.0.6",
        "subnet-eni01",
        "900 of 1,000",
        "env: prod",
        "Targets per listener",
    ):
        assert words in text, words
    assert 'value="312"' in text
    assert 'data-copy="cls-vpccni01"' in text


def test_basic_information_before_anything_was_read_says_so() -> None:
    pages.cluster()
    text = visitor().get("/clusters/cls-vpccni01/").text
    assert "Not read yet" in text
    assert "Never read at Tencent Cloud" in text


def test_an_unreachable_cloud_is_a_card_and_the_last_facts_stay() -> None:
    old = timezone.now() - timedelta(minutes=6)
    known(facts_error="DescribeClusters timed out after 5 s.", facts_at=old)
    text = visitor().get("/clusters/cls-vpccni01/").text
    assert "Tencent Cloud cannot be reached." in text
    assert "DescribeClusters timed out after 5 s." in text
    assert "VPC-CNI, shared ENI" in text
    assert "6 min ago" in text


def test_one_call_that_failed_leaves_the_rest_standing() -> None:
    partial = told(VPC_CNI, kubernetes=None) | {"errors": {"kubernetes": "TimedOut: 5 s"}}
    known(facts=partial)
    text = visitor().get("/clusters/cls-vpccni01/").text
    assert "TimedOut: 5 s" in text
    assert "The API server was not read" in text
    assert "subnet-eni01" in text


def test_a_fake_cloud_puts_its_banner_on_every_page_of_the_cluster() -> None:
    known(fake_cloud=True)
    client = visitor()
    for page in ("", "activity/"):
        assert (
            "The cloud of this cluster is a fake."
            in client.get(f"/clusters/cls-vpccni01/{page}").text
        )
    assert "is a fake" not in client.get("/").text


def test_basic_information_of_no_cluster_is_not_found() -> None:
    client = visitor()
    assert client.get("/clusters/cls-nowhere/").status_code == 404
    assert client.get("/clusters/cls-nowhere/information").status_code == 404
    assert client.post("/clusters/cls-nowhere/refresh/").status_code == 404


def test_pages_are_read_and_refreshing_is_written() -> None:
    known()
    client = visitor()
    assert client.post("/").status_code == 405
    assert client.post("/clusters/cls-vpccni01/").status_code == 405
    assert client.get("/clusters/cls-vpccni01/refresh/").status_code == 405


def test_a_viewer_is_offered_nothing_that_is_refused_to_him() -> None:
    known()
    page = "/clusters/cls-vpccni01/"
    create = f"{page}services/create/"
    assert create not in visitor(Role.VIEWER, "vera").get(page).text
    assert create in visitor(Role.OPERATOR, "olga").get(page).text


def test_what_the_cloud_says_is_text_never_markup() -> None:
    evil = told(VPC_CNI) | {"name": "<img src=x>", "tags": [{"key": "<b>", "value": "&"}]}
    known(facts=evil)
    client = visitor()
    for page in ("/", "/clusters/cls-vpccni01/"):
        text = client.get(page).text
        assert "<img src=x>" not in text
        assert "<b>" not in text.replace("<b>200</b>", "")


def test_cordoned_nodes_are_named() -> None:
    cluster, client = known(), visitor()
    address = f"/clusters/{cluster.cluster_id}/"
    assert "Cordoned" not in client.get(address).text
    cluster.facts["kubernetes"]["cordoned"] = [f"10.0.0.{n}" for n in range(5)]
    cluster.save()
    words = "Cordoned: 10.0.0.0, 10.0.0.1, 10.0.0.2 and 2 more"
    assert words in client.get(address).text


def test_the_first_page_is_small() -> None:
    known()
    client = visitor()
    compressed = {"Accept-Encoding": "gzip"}
    weight = len(client.get("/", headers=compressed).content)
    files = set(re.findall(r"/static/[^\"'#?]+", client.get("/").text))
    assert {"/static/console.css", "/static/icons.svg", "/static/live.js"} <= files
    for name in files:
        answer = client.get(name, headers=compressed)
        assert answer.status_code == 200, name
        weight += len(answer.getvalue())
    assert weight <= 100 * 1024


@pytest.mark.sandbox
def test_refreshing_asks_the_cloud_and_the_api_server_anew(
    cluster: Cluster,
) -> None:
    Cluster.objects.update(facts={}, facts_at=None)
    client = visitor()
    answer = client.post(f"/clusters/{cluster.cluster_id}/refresh/", follow=True)
    assert "Read cls-vpccni01 again." in answer.text
    assert "VPC-CNI, shared ENI with multiple IPs" in answer.text
    assert "subnet-eni01" in answer.text
    assert "all Ready" in answer.text


@pytest.mark.sandbox
def test_refreshing_an_unreachable_cloud_says_so(cluster: Cluster) -> None:
    Account.objects.update(endpoint="http://127.0.0.1:1")
    answer = visitor().post(f"/clusters/{cluster.cluster_id}/refresh/", follow=True)
    assert answer.status_code == 200
    assert answer.text.count("Tencent Cloud cannot be reached.") == 2
