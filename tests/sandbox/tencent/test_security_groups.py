"""Security groups: rules in order, and what they do to probes and to callers of a VIP."""

import socket
from contextlib import closing
from typing import Any

import pytest

from tests.sandbox.tencent.half import Document, Half, Refused
from tests.sandbox.tencent.pods import Pods, get
from tests.wait import PATIENCE, until

FAST: Document = {"IntervalTime": 5, "TimeOut": 2, "HealthNum": 2, "UnHealthNum": 2}
STRICT = {"SecurityGroupId": "sg-strict01"}
ENI = "eni-eni01"


def rule(port: str = "8080", cidr: str = "0.0.0.0/0", action: str = "ACCEPT") -> Document:
    return {"Protocol": "TCP", "Port": port, "CidrBlock": cidr, "Action": action}


def add(cloud: Half, *rules: Document, index: int | None = 0, **more: Any) -> None:
    placed = [each | ({} if index is None else {"PolicyIndex": index}) for each in rules]
    policies = {"Ingress": placed, **more}
    cloud.call("vpc", "CreateSecurityGroupPolicies", **STRICT, SecurityGroupPolicySet=policies)


def policies(cloud: Half) -> Document:
    found: Document = cloud.call("vpc", "DescribeSecurityGroupPolicies", **STRICT)[
        "SecurityGroupPolicySet"
    ]
    return found


def refusal(cloud: Half, *rules: Document, **more: Any) -> str:
    with pytest.raises(Refused) as refused:
        add(cloud, *rules, **more)
    return refused.value.code


def is_silent(vip: str, port: int = 80) -> bool:
    """Whether a request is neither answered nor refused for a moment."""
    with closing(socket.create_connection((vip, port), timeout=PATIENCE)) as asking:
        asking.settimeout(0.3)
        asking.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        try:
            return asking.recv(1) == b"never"
        except TimeoutError:
            return True


def test_a_policy_goes_to_its_index_or_to_the_end(cloud: Half) -> None:
    """SDK: 0 is the front, without an index a policy is appended; the order decides."""
    add(cloud, rule("8080"))
    add(cloud, rule("9090"), index=None)
    found = policies(cloud)["Ingress"]
    assert (found[0]["PolicyIndex"], found[0]["Port"], found[0]["Action"]) == (0, "8080", "ACCEPT")
    assert found[-1]["Port"] == "9090"


def test_a_version_that_has_changed_is_refused(cloud: Half) -> None:
    """SDK: every change raises the version; an outdated one is refused."""
    version = policies(cloud)["Version"]
    add(cloud, rule(), Version=version)
    assert refusal(cloud, rule(), Version=version) == "UnsupportedOperation.VersionMismatch"


@pytest.mark.parametrize(
    ("broken", "code"),
    [
        ({"Protocol": "ALL", "Port": "80"}, "InvalidParameter"),
        ({"CidrBlock": "10.0.0.0/33"}, "InvalidParameterValue.Malformed"),
        ({"SecurityGroupId": "sg-open0001"}, "InvalidParameter"),
        ({"CidrBlock": "", "SecurityGroupId": "sg-nothere"}, "ResourceNotFound"),
        ({"Action": "REJECT"}, "InvalidParameterValue"),
    ],
)
def test_policies_are_checked(cloud: Half, broken: Document, code: str) -> None:
    assert refusal(cloud, rule() | broken) == code


def test_policies_are_deleted_by_index(cloud: Half) -> None:
    drops = len(policies(cloud)["Ingress"]) - 1
    cloud.call(
        "vpc",
        "DeleteSecurityGroupPolicies",
        **STRICT,
        SecurityGroupPolicySet={"Ingress": [{"PolicyIndex": drops}]},
    )
    assert "DROP" not in [each["Action"] for each in policies(cloud)["Ingress"]]


def served(cloud: Half, pods: Pods, last: int) -> tuple[str, str]:
    """A load balancer in front of one Pod that is Alive: its id and VIP."""
    pod = pods.start(last)
    lb = cloud.load_balancer()
    cloud.register(lb, cloud.listener(lb, **FAST), {"EniIp": pod.ip})
    until(lambda: set(cloud.health(lb).values()) == {"Alive"}, every=0.1)
    return lb, cloud.vip(lb)


def test_a_closed_group_of_the_backend_kills_the_target_and_answers_nobody(
    cloud: Half, pods: Pods
) -> None:
    """Dropped packets are a time-out, not a refusal; the first rule that matches decides."""
    lb, vip = served(cloud, pods, 70)
    assert get(vip) is not None
    cloud.control("POST", "groups", {"of": ENI, "groups": ["sg-strict01"]})
    assert is_silent(vip)
    until(lambda: set(cloud.health(lb).values()) == {"Dead"}, every=0.1)
    add(cloud, rule("8080"))
    until(lambda: set(cloud.health(lb).values()) == {"Alive"}, every=0.1)
    assert get(vip) is not None


def test_probes_need_a_rule_for_100_64_0_0_10_and_callers_one_for_themselves(
    cloud: Half, pods: Pods
) -> None:
    """doc 214/14733: the backend's group allows the client and the health check's source."""
    add(cloud, rule("8080", "100.64.0.0/10"))
    cloud.control("POST", "groups", {"of": ENI, "groups": ["sg-strict01"]})
    _, vip = served(cloud, pods, 71)
    assert is_silent(vip)


def test_allow_traffic_by_default_asks_only_the_load_balancers_group(
    cloud: Half, pods: Pods
) -> None:
    cloud.control("POST", "groups", {"of": ENI, "groups": ["sg-strict01"]})
    pod = pods.start(72)
    lb = cloud.load_balancer()
    change = {"LoadBalancerId": lb, "LoadBalancerPassToTarget": True}
    cloud.finished(cloud.clb("ModifyLoadBalancerAttributes", **change))
    cloud.register(lb, cloud.listener(lb, **FAST), {"EniIp": pod.ip})
    until(lambda: set(cloud.health(lb).values()) == {"Alive"}, every=0.1)
    assert get(cloud.vip(lb)) is not None
    groups = {"LoadBalancerId": lb, "SecurityGroups": ["sg-strict01"]}
    cloud.finished(cloud.clb("SetLoadBalancerSecurityGroups", **groups))
    assert is_silent(cloud.vip(lb))


def test_nodes_show_their_groups_as_instances_and_as_primary_interfaces(cloud: Half) -> None:
    ip = cloud.ip("32.10")
    by_ip = [{"Name": "private-ip-address", "Values": [ip]}]
    (node,) = cloud.call("cvm", "DescribeInstances", Filters=by_ip)["InstanceSet"]
    assert node["SecurityGroupIds"] == ["sg-strict01"]
    filters = [
        {"Name": "vpc-id", "Values": ["vpc-router01"]},
        {"Name": "address-ip", "Values": [ip]},
    ]
    answer = cloud.call("vpc", "DescribeNetworkInterfaces", Filters=filters)
    (eni,) = answer["NetworkInterfaceSet"]
    assert (eni["Primary"], eni["GroupSet"]) == (True, ["sg-strict01"])
    assert eni["Attachment"]["InstanceId"] == node["InstanceId"]


def test_a_group_as_a_source_means_its_members(cloud: Half, pods: Pods) -> None:
    members = {"CidrBlock": "", "SecurityGroupId": "sg-strict01"}
    add(cloud, rule("8080", "100.64.0.0/10"), rule("8080") | members)
    cloud.control("POST", "groups", {"of": ENI, "groups": ["sg-strict01"]})
    _, vip = served(cloud, pods, 73)
    assert get(vip, source=cloud.ip("20.99")) is not None
    assert is_silent(vip)


def test_an_address_template_as_a_source_means_its_addresses(cloud: Half, pods: Pods) -> None:
    """SDK: AddressTemplate instead of CidrBlock; its members may be ranges and blocks."""
    named = {"CidrBlock": "", "AddressTemplate": {"AddressId": "ipm-probes01"}}
    add(cloud, rule("8080") | named)
    assert policies(cloud)["Ingress"][0]["AddressTemplate"]["AddressId"] == "ipm-probes01"
    wanted = [{"Name": "address-template-id", "Values": ["ipm-probes01"]}]
    (found,) = cloud.call("vpc", "DescribeAddressTemplates", Filters=wanted)["AddressTemplateSet"]
    assert found["AddressSet"] == ["100.64.0.0/11", "100.96.0.0/11"]
    cloud.control("POST", "groups", {"of": ENI, "groups": ["sg-strict01"]})
    # The health checks come in, nobody else.
    _, vip = served(cloud, pods, 74)
    assert is_silent(vip)
    unknown = {"CidrBlock": "", "AddressTemplate": {"AddressId": "ipm-nothere"}}
    assert refusal(cloud, rule() | unknown) == "ResourceNotFound"


def test_an_account_in_arrears_creates_no_load_balancer(cloud: Half) -> None:
    cloud.control("POST", "arrears", {"on": True})
    with pytest.raises(Refused) as refused:
        cloud.clb("CreateLoadBalancer", LoadBalancerType="OPEN")
    assert refused.value.code == "FailedOperation.InsufficientBalance"
    owed = cloud.call("billing", "DescribeAccountBalance")
    assert owed["RealBalance"] < 0 < owed["OweAmount"]


def test_deletion_protection_is_taken_away_before_a_deletion(cloud: Half) -> None:
    lb = cloud.load_balancer()
    for protected in (True, False):
        change = {"LoadBalancerId": lb, "DeleteProtect": protected}
        cloud.finished(cloud.clb("ModifyLoadBalancerAttributes", **change))
        shown = cloud.clb("DescribeLoadBalancers", LoadBalancerIds=[lb])["LoadBalancerSet"][0]
        assert ("DeleteProtect" in shown["AttributeFlags"]) is protected
        if protected:
            with pytest.raises(Refused) as refused:
                cloud.clb("DeleteLoadBalancer", LoadBalancerIds=[lb])
            assert refused.value.code == "OperationDenied"
    cloud.finished(cloud.clb("DeleteLoadBalancer", LoadBalancerIds=[lb]))


def test_a_permission_can_be_taken_away(cloud: Half) -> None:
    cloud.fault("forbidden", action="DescribeSecurityGroupPolicies")
    with pytest.raises(Refused) as refused:
        policies(cloud)
    assert refused.value.code == "UnauthorizedOperation"
