"""Remedies against the sandbox: shown first, done once confirmed, written down, and verified."""

from urllib.parse import urlencode

import pytest
from django.test import Client
from django.utils.html import escape

from console import ccn, facts, tencent
from console.access import Role
from console.container_routes import Ccn
from console.kube import connect, path
from console.models import Activity, Cluster
from services.binding.routing import unrouted
from tests.conftest import register
from tests.console import pages
from tests.services.test_pages import put_binding
from tests.wait import until
from tests.world import World

pytestmark = [pytest.mark.sandbox, pytest.mark.django_db(transaction=True)]
ROOT = "/clusters/cls-router01"
OPEN = {"group": "sg-strict01", "source": "100.64.0.0/10", "protocol": "TCP", "port": "8080"}


@pytest.fixture
def router(sandbox: World, account: object) -> Cluster:
    found = register(sandbox, "cls-router01")
    facts.refresh(found)
    return found


@pytest.fixture
def operator(router: Cluster) -> Client:
    return pages.visitor(Role.OPERATOR)


def place(name: str, **parameters: str) -> str:
    return f"{ROOT}/remedies/{name}/?{urlencode(parameters)}"


def shown(client: Client, name: str, **parameters: str) -> str:
    answer = client.get(place(name, **parameters))
    assert answer.status_code == 200
    return answer.content.decode()


def confirmed(client: Client, name: str, **parameters: str) -> str:
    """Ask, then confirm what was shown; the page that comes back, empty for a redirect."""
    seen = client.get(place(name, **parameters)).context["prepared"].seen
    answer = client.post(place(name, **parameters), {"seen": seen})
    return "" if answer.status_code == 302 else answer.content.decode()


def rules(cluster: Cluster) -> list[tuple[str, str, str]]:
    asked = {"SecurityGroupId": "sg-strict01"}
    answer = tencent.call(cluster.account, "vpc", "DescribeSecurityGroupPolicies", asked)
    found = answer["SecurityGroupPolicySet"]["Ingress"]
    return [(rule["Action"], rule["Port"], rule["CidrBlock"]) for rule in found]


def routes(cluster: Cluster) -> Ccn:
    network = cluster.facts["network"]
    return ccn.read(cluster.account, network["vpc_id"], network["cluster_cidrs"])


def test_the_missing_rule_is_shown_then_added_before_the_one_that_drops(
    router: Cluster, operator: Client
) -> None:
    before = rules(router)
    page = shown(operator, "open-security-group", **OPEN)
    assert "CreateSecurityGroupPolicies" in page
    assert "<ins>- ACCEPT TCP:8080 100.64.0.0/10" in page
    assert rules(router) == before
    assert confirmed(operator, "open-security-group", **OPEN) == ""
    assert rules(router) == [*before[:-1], ("ACCEPT", "8080", "100.64.0.0/10"), before[-1]]
    row = Activity.objects.get(verb="open-security-group")
    assert (row.kind, row.name, row.ok, row.username) == (
        "SecurityGroup",
        "sg-strict01",
        True,
        "carol",
    )
    assert row.cloud_request_ids
    assert "It is open already." in shown(operator, "open-security-group", **OPEN)


def test_what_changed_between_question_and_confirmation_is_shown_again(
    router: Cluster, operator: Client
) -> None:
    before = rules(router)
    seen = operator.get(place("open-security-group", **OPEN)).context["prepared"].seen
    confirmed(operator, "open-security-group", **(OPEN | {"port": "9090"}))
    answer = operator.post(place("open-security-group", **OPEN), {"seen": seen})
    assert "Something changed meanwhile." in answer.content.decode()
    assert len(rules(router)) == len(before) + 1


@pytest.mark.parametrize(
    "spoilt",
    [{"group": "sg-'; drop"}, {"source": "everywhere"}, {"port": "0"}, {"protocol": "ALL"}],
)
def test_parameters_that_are_no_rule_are_refused(
    router: Cluster, operator: Client, spoilt: dict[str, str]
) -> None:
    assert "Nothing was changed." in shown(operator, "open-security-group", **(OPEN | spoilt))


def test_the_toggle_registers_the_container_network_and_takes_it_out(
    router: Cluster, operator: Client
) -> None:
    assert unrouted(router) is not None
    assert "AddClusterCIDRToCcn" in shown(operator, "register-ccn")
    assert confirmed(operator, "register-ccn") == ""
    assert routes(router).enabled
    router.refresh_from_db()
    assert unrouted(router) is None
    assert confirmed(operator, "unregister-ccn") == ""
    assert not routes(router).registered


def test_an_endpoint_without_tkes_action_is_explained(
    sandbox: World, router: Cluster, operator: Client
) -> None:
    sandbox.control("tencent", "POST", "tke_ccn", {"offered": False})
    page = confirmed(operator, "register-ccn")
    assert "does not offer AddClusterCIDRToCcn" in page
    row = Activity.objects.get(verb="register-ccn")
    assert not row.ok
    assert not routes(router).registered


def test_a_conflict_is_named_before_anything_is_called(
    sandbox: World, router: Cluster, operator: Client
) -> None:
    cidr = router.facts["network"]["cluster_cidrs"][0]
    other = {"ccn": "ccn-shop0001", "cidr": cidr, "instance": "dcg-office01"}
    sandbox.control("tencent", "POST", "ccn_route", other)
    assert "dcg-office01" in shown(operator, "register-ccn")


def test_a_vpc_without_a_ccn_is_led_to_one(sandbox: World, operator: Client) -> None:
    old = register(sandbox, "cls-oldk8s01")
    facts.refresh(old)
    at = "/clusters/cls-oldk8s01/remedies/attach-ccn/"
    page = operator.get(at).content.decode()
    assert "ccn-shop0001" in page
    assert "A new CCN" in page
    seen = operator.get(f"{at}?ccn=new").context["prepared"].seen
    assert operator.post(f"{at}?ccn=new", {"seen": seen}).status_code == 302
    found = routes(old)
    assert (found.attached, found.name) == (True, "podgate-cls-oldk8s01")


def test_tkes_switch_is_set_in_its_config_map(router: Cluster, operator: Client) -> None:
    door = connect(router)
    where = path("ConfigMap", "kube-system", facts.TKE_CONTROLLER)
    door.patch(where, {"data": {"GlobalRouteDirectAccess": "false"}}, kind="merge")
    assert confirmed(operator, "enable-global-route-direct-access") == ""
    assert door.get(where)["data"]["GlobalRouteDirectAccess"] == "true"
    assert door.get(where)["data"]["VERSION"]


def test_a_ticket_route_is_declared_with_its_warning_and_withdrawn(
    router: Cluster, operator: Client
) -> None:
    assert "does not verify addresses" in shown(operator, "declare-ticket-route")
    assert confirmed(operator, "declare-ticket-route") == ""
    router.refresh_from_db()
    assert (router.ticket_route, router.ticket_route_by) == (True, "carol")
    assert unrouted(router) is None
    assert "does not verify" in Activity.objects.get(verb="declare-ticket-route").message
    assert confirmed(operator, "withdraw-ticket-route") == ""
    router.refresh_from_db()
    assert not router.ticket_route


def test_only_podgates_own_load_balancers_are_changed(
    sandbox: World, router: Cluster, operator: Client
) -> None:
    lb = sandbox.control("tencent", "POST", "lb", {"name": "theirs"})["id"]
    assert "not a load balancer of podgate" in shown(operator, "pass-to-target", lb=lb)


def test_viewers_may_not_and_unknown_remedies_are_not_found(router: Cluster) -> None:
    assert pages.visitor(Role.VIEWER, "vera").get(place("register-ccn")).status_code == 403
    assert pages.visitor(Role.OPERATOR).get(place("nothing-such")).status_code == 404


def test_warnings_are_kept_in_english_and_read_in_the_readers_language(
    router: Cluster, operator: Client
) -> None:
    operator.cookies["django_language"] = "zh-hans"
    everybody = OPEN | {"source": "0.0.0.0/0"}
    assert "0.0.0.0/0 表示" in shown(operator, "open-security-group", **everybody)
    assert confirmed(operator, "open-security-group", **everybody) == ""
    assert "0.0.0.0/0 is everybody" in Activity.objects.get(verb="open-security-group").message
    activity = operator.get("/activity/").content.decode()
    assert "0.0.0.0/0 表示" in activity
    assert "is everybody" not in activity


@pytest.mark.parametrize(
    ("back", "here"),
    [
        (f"{ROOT}/services/shop/bar/", "shop/bar"),
        (f"{ROOT}/services/create/", "Create a Service"),
        (f"{ROOT}/pods/shop/web-1/", "shop/web-1"),
        (f"{ROOT}/workloads/deployment/shop/web/rollout/", "shop/web"),
        (f"{ROOT}/", "Basic Information"),
        ("/nowhere/", "Basic Information"),
    ],
)
def test_a_fix_stands_under_the_page_it_was_opened_from(
    operator: Client, back: str, here: str
) -> None:
    page = shown(operator, "open-security-group", **OPEN, next=back)
    assert f'<li><a href="{back}">{here}</a></li>' in page


def test_the_way_back_stays_within_podgate(router: Cluster, operator: Client) -> None:
    for back, wanted in (("https://evil.example/", f"{ROOT}/"), ("/activity/", "/activity/")):
        page = shown(operator, "register-ccn", next=back)
        assert f'href="{escape(wanted)}">Cancel' in page


def test_a_cloud_that_says_no_is_quoted(sandbox: World, operator: Client) -> None:
    sandbox.fault("tencent", "forbidden", action="DescribeSecurityGroupPolicies")
    assert "could not be read" in shown(operator, "open-security-group", **OPEN)


def test_the_deletion_protection_of_our_load_balancer_is_turned_off(
    sandbox: World, router: Cluster, operator: Client
) -> None:
    lb = sandbox.control("tencent", "POST", "lb", {"name": "ours"})["id"]
    put_binding(router, lb_id=lb)
    protect = {"LoadBalancerId": lb, "DeleteProtect": True}
    tencent.call(router.account, "clb", "ModifyLoadBalancerAttributes", protect)
    asked = {"LoadBalancerIds": [lb]}

    def flags() -> list[str]:
        answer = tencent.call(router.account, "clb", "DescribeLoadBalancers", asked)
        found: list[str] = answer["LoadBalancerSet"][0]["AttributeFlags"]
        return found

    until(lambda: flags() == ["DeleteProtect"])
    assert confirmed(operator, "turn-off-deletion-protection", lb=lb) == ""
    assert flags() == []
    assert "It is not protected." in shown(operator, "turn-off-deletion-protection", lb=lb)
