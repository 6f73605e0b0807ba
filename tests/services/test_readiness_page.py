"""Direct access on Basic Information and limits on a Service's page, from what is stored."""

import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from console.access import Role
from console.container_routes import Ccn, CcnRoute
from console.models import Cluster
from services.limits import Problem, Remedy, Severity, kept
from services.limits.problem import Evidence
from tests.console import pages
from tests.services.test_pages import put_binding, put_service
from tests.workloads.index import listed

pytestmark = pytest.mark.django_db
ID = "cls-router01"
REGION = f"/clusters/{ID}/direct_access"
CIDR = "10.244.0.0/16"
OWN = CcnRoute("ccnr-1", CIDR, "vpc-1", enabled=True)
OTHER = CcnRoute("ccnr-2", "10.244.8.0/24", "dcg-office", enabled=True)
ATTACHED = Ccn("vpc-1", (CIDR,), "ccn-1", "shop", "AVAILABLE", "ACTIVE")


@pytest.fixture
def cluster() -> Cluster:
    found = pages.cluster(ID, reachable=True)
    listed(found)
    return found


def stand(cluster: Cluster, ccn: Ccn | None, **facts: Any) -> None:
    network = {
        "add_on": "GLOBAL_ROUTER",
        "direct_access": "needs-ccn",
        "vpc_id": "vpc-1",
        "cluster_cidrs": [CIDR],
    }
    stored = ccn.stored() if ccn else None
    cluster.facts = {"network": network, "ccn": stored, "account_type": "STANDARD", **facts}
    cluster.save()


def words(client: Client, address: str = REGION) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def test_a_vpc_in_no_ccn_is_led_there_step_by_step(cluster: Cluster) -> None:
    stand(cluster, Ccn("vpc-1", (CIDR,)))
    page = words(pages.visitor(Role.OPERATOR))
    assert "Not attached" in page
    assert "Attach VPC" in page
    assert "The switch opens when the VPC is attached" in page


def test_the_switch_says_whether_the_route_is_on(cluster: Cluster) -> None:
    operator = pages.visitor(Role.OPERATOR)
    for ccn, checked, word, leads_to in (
        (ATTACHED, "false", "Not registered", "register-ccn"),
        (Ccn(**{**vars(ATTACHED), "routes": (OWN,)}), "true", "its route is on", "unregister-ccn"),
    ):
        stand(cluster, ccn)
        page = operator.get(REGION).content.decode()
        assert f'aria-checked="{checked}"' in page
        assert f"/remedies/{leads_to}/" in page
        assert word in page


def test_conflicts_are_named_with_their_instance(cluster: Cluster) -> None:
    stand(cluster, Ccn(**{**vars(ATTACHED), "routes": (OTHER,)}))
    assert "10.244.8.0/24 (dcg-office)" in words(pages.visitor())


def test_a_ccn_that_cannot_be_read_is_not_called_missing(cluster: Cluster) -> None:
    errors = {"DescribeCcnRoutes": "no permission"}
    stand(cluster, None, errors=errors)
    page = words(pages.visitor())
    assert "The CCN could not be read. no permission" in page
    assert "Not attached" not in page


def test_a_declared_ticket_route_is_shown_with_who_and_its_risk(cluster: Cluster) -> None:
    stand(cluster, ATTACHED)
    Cluster.objects.update(ticket_route=True, ticket_route_at=timezone.now(), ticket_route_by="ola")
    page = words(pages.visitor(Role.OPERATOR))
    assert "A route made by ticket is declared. The CLB does not verify addresses" in page
    assert "ola" in page
    assert "Withdraw" in page


def test_viewers_see_the_state_and_no_switch_that_works(cluster: Cluster) -> None:
    stand(cluster, ATTACHED)
    page = pages.visitor().get(REGION).content.decode()
    assert "/remedies/" not in page
    assert "Switching needs the role operator." in page


def test_other_networks_have_no_ccn_card_and_both_modes_are_told(cluster: Cluster) -> None:
    stand(cluster, None)
    cluster.facts["network"]["add_on"] = "VPC_CNI_SHARED"
    cluster.save()
    page = words(pages.visitor())
    assert "Cloud Connect Network" not in page
    assert "VPC-CNI Pods" in page
    assert "GlobalRouter Pods Not on this cluster" in page


def test_the_first_page_says_which_way_a_global_router_is_reached(cluster: Cluster) -> None:
    viewer = pages.visitor()
    stand(cluster, Ccn(**{**vars(ATTACHED), "routes": (OWN,)}))
    assert "Over ccn-1" in words(viewer, "/")
    stand(cluster, ATTACHED, account_type="LEGACY")
    assert "Needs a bill-by-IP account" in words(viewer, "/")


CLOSED = Problem(
    "HealthCheckSecurityGroup",
    Severity.WARNS,
    "sg-1 drops TCP 8080.",
    "Let it in.",
    (Evidence("vpc DescribeSecurityGroupPolicies", "sg-1 Ingress[2]", "DROP ALL"),),
    Remedy("open-security-group", {"group": "sg-1", "port": "8080"}),
)


def test_a_limit_of_a_bound_service_shows_its_evidence_and_leads_to_its_fix(
    cluster: Cluster,
) -> None:
    put_service(cluster)
    binding = put_binding(cluster)
    type(binding).objects.update(limits=[kept(CLOSED)], limits_at=timezone.now())
    page = pages.visitor(Role.OPERATOR).get(f"/clusters/{ID}/services/shop/bar/limits")
    text = page.content.decode()
    assert "sg-1 drops TCP 8080." in text
    assert "sg-1 Ingress[2]" in text
    assert (
        f"/clusters/{ID}/remedies/open-security-group/?group=sg-1&amp;port=8080&amp;next=" in text
    )
    viewers = pages.visitor(name="vera").get(f"/clusters/{ID}/services/shop/bar/limits")
    assert "Fixing it needs the role operator." in viewers.content.decode()


def test_a_service_without_a_limit_in_its_way_says_so(cluster: Cluster) -> None:
    put_service(cluster)
    binding = put_binding(cluster)
    type(binding).objects.update(limits=[], limits_at=timezone.now())
    page = words(pages.visitor(), f"/clusters/{ID}/services/shop/bar/limits")
    assert "No use limit of direct access stands in the way." in page
