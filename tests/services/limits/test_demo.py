"""Facts read from the demo world: what passes, what is unknown, how long a page waits."""

from dataclasses import replace

import pytest
from django.contrib.auth.models import User

from console.models import Cluster
from services import facts, remedies
from services.limits import Mode, Severity, judge, readiness
from services.spec import Access, Port, Protocol
from tests.services.limits.live import SPEC, codes, live, running
from tests.world import World

pytestmark = [pytest.mark.django_db, pytest.mark.sandbox]


def test_the_demos_vpc_cni_cluster_passes_every_check(vpccni: Cluster) -> None:
    found = running(vpccni)
    verdict = judge(SPEC, found)
    assert verdict.problems == ()
    for words in (
        "VPC-CNI is enabled and running",
        "The security groups of the Pods' network interfaces are open",
        "Pod addresses are on ENIs of the VPC",
        "The readiness probe looks at the target port",
        "The account is not in arrears",
        "load balancers",
    ):
        assert any(words in text for text in verdict.passed), (words, verdict.passed)


def test_nothing_that_a_service_needs_is_left_unasked(vpccni: Cluster) -> None:
    private = replace(SPEC, access=Access.PRIVATE, subnet_id="subnet-clb01")
    found = running(vpccni, private)
    asked = (
        *(found.pods, found.workloads, found.services, found.quotas, found.balancers),
        *(found.subnets, found.eni_subnets, found.ipamd, found.interfaces, found.groups),
        *(found.vpc_cidr, found.balance),
    )
    assert all(one is not None for one in asked), found
    assert found.kubernetes == (1, 30)
    assert codes(judge(private, found)) == set()


def test_the_demos_global_router_cluster_names_what_is_missing_with_evidence(
    router: Cluster,
) -> None:
    verdict = judge(SPEC, running(router))
    found = {problem.code: problem for problem in verdict.problems}
    route = found["CcnNotRegistered"] if "CcnNotRegistered" in found else found["CcnRouteDisabled"]
    assert route.severity is Severity.BLOCKS
    assert route.remedy
    assert route.remedy.name == "register-ccn"
    assert any("DescribeCcnRoutes" in one.source for one in route.evidence)
    closed = found["ClientsSecurityGroup"]
    assert closed.remedy
    assert dict(closed.remedy.parameters) == {
        "group": "sg-strict01",
        "source": "0.0.0.0/0",
        "protocol": "TCP",
        "port": "8080",
    }
    assert "HealthCheckSecurityGroup" in found
    assert verdict.is_blocked


def test_a_legacy_account_blocks_global_router_and_not_vpc_cni(
    sandbox: World, router: Cluster, vpccni: Cluster
) -> None:
    assert "LegacyAccount" not in codes(live(router))
    sandbox.control("tencent", "POST", "account_type", {"type": "LEGACY"})
    legacy = next(one for one in live(router).problems if one.code == "LegacyAccount")
    assert legacy.severity is Severity.BLOCKS
    assert legacy.evidence[0].value == "LEGACY"
    assert "LegacyAccount" not in codes(live(vpccni))


def test_what_may_not_be_read_is_unknown_and_never_passed(sandbox: World, vpccni: Cluster) -> None:
    running(vpccni)
    for action, code in (
        ("DescribeSecurityGroupPolicies", "SecurityGroupsUnknown"),
        ("DescribeNetworkInterfaces", "SecurityGroupsUnknown"),
        ("DescribeIPAMD", "VpcCniUnknown"),
        ("DescribeAccountBalance", "ArrearsUnknown"),
        ("DescribeQuota", "BalancerQuotaUnknown"),
    ):
        sandbox.fault("tencent", "forbidden", action=action)
        verdict = live(vpccni)
        sandbox.heal()
        found = next(problem for problem in verdict.problems if problem.code == code)
        assert found.severity is Severity.INFORMS
        assert "no permission for" in found.message
        assert f":{action}" in found.message


def test_what_may_not_be_read_of_a_router_cluster_is_unknown(
    sandbox: World, router: Cluster
) -> None:
    for action, code in (
        ("DescribeNetworkAccountType", "AccountTypeUnknown"),
        ("DescribeCcnRoutes", "CcnUnknown"),
    ):
        sandbox.fault("tencent", "forbidden", action=action)
        assert code in {problem.code for problem in live(router).problems}
        sandbox.heal()


def test_a_page_does_not_wait_for_a_cloud_that_hangs(sandbox: World, vpccni: Cluster) -> None:
    facts.forget()
    for action in ("DescribeIPAMD", "DescribeQuota"):
        sandbox.fault("tencent", "timeout_before", action=action, hang=4)
    found = facts.of_cluster(vpccni)
    verdict = readiness(found, Mode.VPC_CNI)
    unknown = next(problem for problem in verdict.problems if problem.code == "VpcCniUnknown")
    assert "tke:DescribeIPAMD has not answered within 0.8 s" in unknown.message


def test_facts_are_read_once_for_some_seconds(sandbox: World, vpccni: Cluster) -> None:
    facts.forget()
    facts.of_cluster(vpccni, seconds=facts.LIVE_SECONDS)
    first = len(sandbox.control("tencent", "GET", "calls"))
    again = facts.of_cluster(vpccni)
    assert len(sandbox.control("tencent", "GET", "calls")) == first
    assert again.age > 0


def test_a_rule_that_names_an_address_template_is_judged_by_its_addresses(
    sandbox: World, router: Cluster
) -> None:
    """Here it lets the health checks in, and nobody else."""
    running(router)
    named = {"protocol": "TCP", "port": "8080", "template": "ipm-probes01", "action": "ACCEPT"}
    sandbox.control("tencent", "POST", "rule", {"of": "sg-strict01", "at": 0, **named})
    found = codes(live(router))
    assert "ClientsSecurityGroup" in found
    assert "HealthCheckSecurityGroup" not in found


def test_a_closed_group_is_opened_for_the_pings_of_a_udp_port(
    sandbox: World, router: Cluster
) -> None:
    """The button beside the sentence is good for ICMP too."""
    udp = (Port(Protocol.UDP, 8125, 8125),)
    spec = replace(SPEC, ports=udp, selector=(("app", "telemetry"),))
    running(router, spec)
    closed = next(p for p in live(router, spec).problems if p.code == "HealthCheckSecurityGroup")
    assert closed.remedy
    assert closed.remedy.parameters["protocol"] == "ICMP"
    user = User(is_superuser=True)
    remedies.prepare(closed.remedy.name, router, closed.remedy.parameters, user).act()
    assert "HealthCheckSecurityGroup" not in codes(live(router, spec))
