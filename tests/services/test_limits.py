from dataclasses import replace

import pytest

from services.limits import (
    Facts,
    PodFacts,
    PortFacts,
    Severity,
    SubnetFacts,
    Unread,
    check,
    judge,
)
from services.spec import Access, ClaimBy, HealthCheck, Port, Protocol, ServiceSpec

SPEC = ServiceSpec(
    namespace="shop",
    name="bar",
    access=Access.PUBLIC,
    ports=(Port(Protocol.TCP, 80, 8080),),
    selector=(("app", "storefront"),),
    claim=ClaimBy.CLASS,
)
POD = PodFacts("storefront-1", "eni", gated=True, ports=(PortFacts("http", "TCP", 8080),))
FACTS = Facts(
    kubernetes=(1, 30),
    add_on="VPC_CNI_SHARED",
    gate_type="podgate.dev/clb-ready",
    pods=(POD, replace(POD, name="storefront-2")),
    subnets=(SubnetFacts("subnet-clb01", 250), SubnetFacts("subnet-full01", 0)),
    quotas={"TOTAL_TARGET_BIND_QUOTA": 200, "TOTAL_LISTENER_QUOTA": 50},
)


def found(spec: ServiceSpec = SPEC, facts: Facts = FACTS) -> dict[str, Severity]:
    return {problem.code: problem.severity for problem in check(spec, facts)}


def test_a_good_service_on_a_good_cluster_passes_every_check() -> None:
    verdict = judge(SPEC, FACTS)
    assert verdict.problems == ()
    assert "Kubernetes 1.30" in verdict.passed
    assert "Gate on 2 of 2 Pods" in verdict.passed


@pytest.mark.parametrize(
    ("version", "claim", "blocked"),
    [
        ((1, 11), ClaimBy.ANNOTATION, True),
        ((1, 14), ClaimBy.ANNOTATION, False),
        ((1, 23), ClaimBy.CLASS, True),
        ((1, 24), ClaimBy.CLASS, False),
    ],
)
def test_the_kubernetes_version_must_carry_the_claim(
    version: tuple[int, int], claim: ClaimBy, blocked: bool
) -> None:
    codes = found(replace(SPEC, claim=claim), replace(FACTS, kubernetes=version))
    assert ("KubernetesTooOld" in codes) is blocked


@pytest.mark.parametrize(
    ("add_on", "code"),
    [("CILIUM_OVERLAY", "CiliumOverlay"), ("UNKNOWN", "AddOnUnsupported")],
)
def test_addresses_outside_the_vpc_are_refused_with_the_reason(add_on: str, code: str) -> None:
    facts = replace(FACTS, add_on=add_on, add_on_word="CiliumBGP")
    assert found(facts=facts)[code] is Severity.BLOCKS


@pytest.mark.parametrize("access", [Access.CLUSTER_IP, Access.NODE_PORT])
@pytest.mark.parametrize("add_on", ["CILIUM_OVERLAY", "GLOBAL_ROUTER"])
def test_services_without_a_load_balancer_go_anywhere(access: Access, add_on: str) -> None:
    spec = replace(SPEC, access=access, claim=None)
    assert found(spec, replace(FACTS, add_on=add_on, kubernetes=(1, 10))) == {}


def test_what_could_not_be_read_is_said_to_be_unknown() -> None:
    facts = Facts(kubernetes=Unread(), add_on="UNKNOWN", pods=Unread())
    codes = found(facts=facts)
    assert set(codes) == {"KubernetesVersionUnknown", "AddOnUnknown", "PodsUnknown"}
    assert set(codes.values()) == {Severity.INFORMS}


def test_pods_on_container_network_addresses() -> None:
    overlay = replace(POD, network_mode="overlay")
    assert found(facts=replace(FACTS, pods=(overlay,)))["WrongNetworkMode"] is Severity.BLOCKS
    codes = found(facts=replace(FACTS, pods=(overlay, POD)))
    assert codes["SomeWrongNetworkMode"] is Severity.WARNS


def test_pods_of_the_host_network() -> None:
    host = replace(POD, network_mode="host", host_network=True)
    assert found(facts=replace(FACTS, pods=(host,)))["HostNetwork"] is Severity.BLOCKS
    assert found(facts=replace(FACTS, pods=(host, POD)))["SomeHostNetwork"] is Severity.WARNS


def test_no_selector_and_no_pods_are_warned_of() -> None:
    assert found(replace(SPEC, selector=()))["NoSelector"] is Severity.WARNS
    assert found(facts=replace(FACTS, pods=()))["NoPods"] is Severity.WARNS


def test_duplicate_ports_and_targets() -> None:
    twice = replace(SPEC, ports=(Port(Protocol.TCP, 80, 8080), Port(Protocol.TCP, 80, 8081)))
    assert found(twice)["DuplicatePort"] is Severity.BLOCKS
    shared = replace(SPEC, ports=(Port(Protocol.TCP, 80, 8080), Port(Protocol.TCP, 443, 8080)))
    assert found(shared)["DuplicateTarget"] is Severity.BLOCKS
    other = replace(SPEC, ports=(Port(Protocol.TCP, 80, 8080), Port(Protocol.UDP, 80, 8080)))
    assert "DuplicateTarget" not in found(other)


def test_a_named_target_must_exist_in_the_pods() -> None:
    named = replace(SPEC, ports=(Port(Protocol.TCP, 80, "http"),))
    assert "NoSuchPortName" not in found(named)
    wrong = replace(SPEC, ports=(Port(Protocol.TCP, 80, "abc"),))
    assert found(wrong)["NoSuchPortName"] is Severity.BLOCKS
    bare = replace(POD, ports=())
    assert found(named, replace(FACTS, pods=(POD, bare)))["PortNameMissing"] is Severity.WARNS


def test_a_private_load_balancer_needs_a_free_address() -> None:
    private = replace(SPEC, access=Access.PRIVATE, subnet_id="subnet-clb01")
    assert found(private) == {}
    assert found(replace(private, subnet_id="subnet-full01"))["SubnetFull"] is Severity.BLOCKS
    assert found(replace(private, subnet_id="subnet-x"))["NoSuchSubnet"] is Severity.BLOCKS
    assert "SubnetUnknown" in found(private, replace(FACTS, subnets=Unread()))


def test_quotas_come_from_the_account_never_from_a_constant() -> None:
    tight = replace(FACTS, quotas={"TOTAL_TARGET_BIND_QUOTA": 1, "TOTAL_LISTENER_QUOTA": 0})
    codes = found(facts=tight)
    assert codes["TargetQuota"] is Severity.WARNS
    assert codes["ListenerQuota"] is Severity.BLOCKS
    assert found(facts=replace(FACTS, quotas=Unread()))["QuotaUnknown"] is Severity.INFORMS


def test_pods_without_the_gate_are_counted() -> None:
    codes = check(SPEC, replace(FACTS, pods=(POD, replace(POD, gated=False))))
    assert [problem.message for problem in codes] == [
        "1 of 2 Pods carry no readiness gate: a rollout will not wait for the CLB."
    ]


def test_weak_health_checks_are_flagged() -> None:
    assert "HealthCheckOff" in found(replace(SPEC, health=HealthCheck(enabled=False)))
    assert "UdpPing" in found(replace(SPEC, ports=(Port(Protocol.UDP, 53, 53),)))


def test_a_class_claim_beside_tkes_controller_is_flagged() -> None:
    facts = replace(FACTS, controller={})
    assert "TkeControllerPresent" in found(facts=facts)
    assert "TkeControllerPresent" not in found(replace(SPEC, claim=ClaimBy.ANNOTATION), facts)


def test_the_worst_comes_first() -> None:
    facts = replace(
        FACTS, add_on="CILIUM_OVERLAY", pods=(replace(POD, gated=False),), quotas=Unread()
    )
    assert [p.severity for p in check(SPEC, facts)] == [
        Severity.BLOCKS,
        Severity.WARNS,
        Severity.INFORMS,
    ]
