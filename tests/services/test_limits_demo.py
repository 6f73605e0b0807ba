"""The use limits in the demo world: each seen failing and, after its fix, passing."""

import json
from contextlib import suppress
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from console import ccn, kube, tencent
from console import facts as stored
from console.models import Account, Cluster
from services import facts
from services.limits import Facts, Mode, Severity, Verdict, judge, readiness
from services.spec import Access, ClaimBy, Port, Protocol, ServiceSpec
from tests.conftest import register
from tests.wait import until
from tests.world import World

pytestmark = [pytest.mark.django_db, pytest.mark.sandbox]
SPEC = ServiceSpec(
    namespace="shop",
    name="bar",
    access=Access.PUBLIC,
    ports=(Port(Protocol.TCP, 80, 8080),),
    selector=(("app", "storefront"),),
    claim=ClaimBy.ANNOTATION,
)
STATED = {Severity.BLOCKS, Severity.WARNS}


def registered(sandbox: World, cluster_id: str) -> Cluster:
    facts.forget()
    cluster = register(sandbox, cluster_id)
    stored.refresh(cluster)
    return cluster


@pytest.fixture
def router(sandbox: World, account: Account) -> Cluster:
    return registered(sandbox, "cls-router01")


@pytest.fixture
def vpccni(sandbox: World, account: Account) -> Cluster:
    return registered(sandbox, "cls-vpccni01")


def live(cluster: Cluster, spec: ServiceSpec = SPEC) -> Verdict:
    return judge(spec, facts.live(cluster, spec))


def codes(verdict: Verdict) -> set[str]:
    return {problem.code for problem in verdict.problems if problem.severity in STATED}


def running(cluster: Cluster, spec: ServiceSpec = SPEC) -> Facts:
    """The facts once the demo's Pods have their addresses."""
    found: Facts | None = None

    def ready() -> bool:
        nonlocal found
        found = facts.live(cluster, spec)
        runs = bool(found.pods) and all(pod.runs for pod in found.pods or ())
        return runs and "PodNotOnEni" not in codes(judge(spec, found))

    until(ready, seconds=30)
    assert found is not None
    return found


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


def test_a_registered_container_network_is_a_route(sandbox: World, router: Cluster) -> None:
    network = router.facts["network"]
    found = ccn.read(router.account, network["vpc_id"], network["cluster_cidrs"])
    ccn.register(router.account, found)
    verdict = live(router)
    assert not any(code.startswith("Ccn") for code in codes(verdict))
    assert any("routes" in text for text in verdict.passed)


def test_a_ticket_route_that_is_declared_is_warned_of(router: Cluster) -> None:
    router.ticket_route = True
    verdict = live(router)
    assert "TicketRoute" in codes(verdict)
    assert not any(code.startswith("Ccn") for code in codes(verdict))


def test_the_missing_rules_open_the_security_group(sandbox: World, router: Cluster) -> None:
    found = running(router)
    for problem in judge(SPEC, found).problems:
        if problem.remedy and problem.remedy.name == "open-security-group":
            asked = problem.remedy.parameters
            rule = {
                "Protocol": asked["protocol"],
                "Port": asked["port"],
                "CidrBlock": asked["source"],
                "Action": "ACCEPT",
                "PolicyIndex": 0,
            }
            body = {
                "SecurityGroupId": asked["group"],
                "SecurityGroupPolicySet": {"Ingress": [rule]},
            }
            tencent.call(router.account, "vpc", "CreateSecurityGroupPolicies", body)
    assert not {"ClientsSecurityGroup", "HealthCheckSecurityGroup"} & codes(live(router))


def test_the_switch_in_tkes_config_map(router: Cluster) -> None:
    where = kube.path("ConfigMap", "kube-system", "tke-service-controller-config")
    body = {"data": {"GlobalRouteDirectAccess": "false"}}
    kube.connect(router).patch(where, body, kind="merge")
    assert "GlobalRouteSwitchOffForTke" in codes(live(router))
    router.binder = "tke"
    blocked = next(one for one in live(router).problems if one.code == "GlobalRouteSwitchOff")
    assert blocked.severity is Severity.BLOCKS
    assert blocked.remedy
    assert blocked.remedy.name == "enable-global-route-direct-access"


def test_quotas_and_arrears_are_the_accounts(sandbox: World, vpccni: Cluster) -> None:
    quota = {"TOTAL_TARGET_BIND_QUOTA": 2, "TOTAL_OPEN_CLB_QUOTA": 0}
    sandbox.control("tencent", "POST", "quota", quota)
    sandbox.control("tencent", "POST", "arrears", {"on": True})
    found = codes(live(vpccni))
    sandbox.control("tencent", "POST", "quota", {"TOTAL_OPEN_CLB_QUOTA": 100})
    assert {"TargetQuota", "BalancerQuota", "AccountInArrears"} <= found
    # What holds the replicas may not hold a rollout of them.
    sandbox.control("tencent", "POST", "quota", {"TOTAL_TARGET_BIND_QUOTA": 3})
    problem = next(p for p in live(vpccni).problems if p.code == "TargetQuotaInRollouts")
    assert "up to 4 Pods (3 and a maxSurge of 1)" in problem.message


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
    facts.of_cluster(vpccni)
    first = len(sandbox.control("tencent", "GET", "calls"))
    again = facts.of_cluster(vpccni)
    assert len(sandbox.control("tencent", "GET", "calls")) == first
    assert again.age > 0


# The command.


def preflight(*arguments: str) -> tuple[int, dict[str, Any]]:
    out, code = StringIO(), 0
    try:
        call_command("preflight", *arguments, "--json", stdout=out)
    except CommandError as error:
        code = error.returncode
    return code, json.loads(out.getvalue())


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    path = tmp_path / "service.yaml"
    path.write_text(
        """
apiVersion: v1
kind: Service
metadata: {name: bar, namespace: shop, annotations: {podgate.dev/claim: clb}}
spec:
  type: ClusterIP
  selector: {app: storefront}
  ports: [{port: 80, targetPort: 8080}]
"""
    )
    return path


def test_preflight_judges_the_four_demo_clusters_as_the_page_does(
    sandbox: World, account: Account
) -> None:
    for cluster_id, code in (
        ("cls-vpccni01", 0),
        ("cls-router01", 1),
        ("cls-cilium01", 1),
        ("cls-oldk8s01", 1),
    ):
        cluster = registered(sandbox, cluster_id)
        got, answer = preflight(cluster_id)
        assert got == code, answer
        facts.forget()
        cluster.kubernetes_version = facts.inside.live_version(cluster)
        shown = facts.of_cluster(cluster)
        for mode in Mode:
            on_page = {problem.code for problem in readiness(shown, mode).problems}
            printed = {problem["code"] for problem in answer["modes"][mode]["problems"]}
            assert on_page == printed


def test_preflight_of_a_manifest(
    sandbox: World, vpccni: Cluster, manifest: Path, router: Cluster
) -> None:
    running(vpccni)
    code, answer = preflight("cls-vpccni01", "-f", str(manifest))
    assert (code, answer["service"], answer["problems"]) == (0, "shop/bar", [])
    code, answer = preflight("cls-router01", "-f", str(manifest))
    assert code == 1, answer
    assert any(one["severity"] == "blocks" and one["evidence"] for one in answer["problems"])


def test_preflight_refuses_the_annotations_that_the_binding_would_refuse(
    vpccni: Cluster, manifest: Path
) -> None:
    share = "service.kubernetes.io/tke-existed-lbid: lb-1"
    manifest.write_text(
        manifest.read_text().replace("podgate.dev/claim: clb", f"podgate.dev/claim: clb, {share}")
    )
    code, answer = preflight("cls-vpccni01", "-f", str(manifest))
    assert code == 1
    assert answer["problems"][0]["code"] == "UnsupportedAnnotation"
    assert "tke-existed-lbid" in answer["problems"][0]["message"]


def test_preflight_for_people_says_what_to_do(router: Cluster) -> None:
    out = StringIO()
    with suppress(CommandError):
        call_command("preflight", "cls-router01", stdout=out)
    assert "GlobalRouter: blocked" in out.getvalue()
    assert "seen: vpc DescribeCcn" in out.getvalue()


def test_preflight_names_what_it_cannot_read(vpccni: Cluster, tmp_path: Path) -> None:
    with pytest.raises(CommandError) as caught:
        call_command("preflight", "cls-nowhere")
    assert caught.value.returncode == 2
    (tmp_path / "x.yaml").write_text("kind: Deployment")
    with pytest.raises(CommandError, match="0 Services in it") as caught:
        call_command("preflight", "cls-vpccni01", "-f", str(tmp_path / "x.yaml"))
    assert caught.value.returncode == 2
