"""VPC: networks, free addresses, security groups, account type and Cloud Connect Network."""

import pytest

from tests.sandbox.tencent.half import Half, Refused
from tests.sandbox.tencent.pods import Pods
from tests.wait import until


def vpc(cloud: Half, action: str, **params: object) -> dict[str, object]:
    return cloud.call("vpc", action, **params)


def test_container_ranges_are_assistant_ranges(cloud: Half) -> None:
    found = cloud.call("vpc", "DescribeVpcs", VpcIds=["vpc-router01"])["VpcSet"][0]
    (assistant,) = found["AssistantCidrSet"]
    assert assistant["AssistantType"] == 1
    assert assistant["CidrBlock"] == str(cloud.world.net.cidr("48.0/20"))


def subnet_size(cloud: Half) -> int:
    """Addresses of the first Pod subnet when nobody has one: the network takes three."""
    found = cloud.call("vpc", "DescribeSubnets", SubnetIds=["subnet-eni01"])
    total: int = found["SubnetSet"][0]["TotalIpAddressCount"]
    return total


def test_pods_take_addresses_from_their_subnet(cloud: Half, pods: Pods) -> None:
    def free() -> int:
        found = cloud.call("vpc", "DescribeSubnets", SubnetIds=["subnet-eni01"])
        count: int = found["SubnetSet"][0]["AvailableIpAddressCount"]
        return count

    # Two Pods, told apart by how many: those of earlier tests may only now be forgotten.
    pods.start(50)
    pods.start(51)
    until(lambda: free() == subnet_size(cloud) - 2, every=0.2)


def test_the_full_subnet_has_no_address_left(cloud: Half) -> None:
    by_zone = [{"Name": "subnet-id", "Values": ["subnet-full01"]}]
    (found,) = cloud.call("vpc", "DescribeSubnets", Filters=by_zone, Limit="10")["SubnetSet"]
    assert found["AvailableIpAddressCount"] == 0


def test_offset_and_limit_are_strings_here(cloud: Half) -> None:
    assert len(cloud.call("vpc", "DescribeVpcs", Offset="1", Limit="2")["VpcSet"]) == 2
    with pytest.raises(Refused) as refused:
        vpc(cloud, "DescribeVpcs", Limit=2)
    assert refused.value.code == "InvalidParameter"


def test_ids_and_filters_do_not_go_together(cloud: Half) -> None:
    with pytest.raises(Refused) as refused:
        vpc(cloud, "DescribeVpcs", VpcIds=["vpc-vpccni01"], Filters=[{"Name": "x", "Values": []}])
    assert refused.value.code == "InvalidParameter.Coexist"
    with pytest.raises(Refused) as refused:
        vpc(cloud, "DescribeVpcs", VpcIds=["vpc-nothere"])
    assert refused.value.code == "ResourceNotFound"


def test_the_account_type_can_be_set(cloud: Half) -> None:
    assert vpc(cloud, "DescribeNetworkAccountType")["NetworkAccountType"] == "STANDARD"
    cloud.control("POST", "account_type", {"type": "LEGACY"})
    assert vpc(cloud, "DescribeNetworkAccountType")["NetworkAccountType"] == "LEGACY"


def test_only_addresses_in_use_are_answered(cloud: Half, pods: Pods) -> None:
    pod = pods.start(60)
    asked = {"VpcId": "vpc-vpccni01", "PrivateIpAddresses": [pod.ip, cloud.ip("20.61")]}

    def found() -> list[str]:
        answer = cloud.call("vpc", "DescribeVpcPrivateIpAddresses", **asked)
        return [each["PrivateIpAddress"] for each in answer["VpcPrivateIpAddressSet"]]

    until(lambda: found() == [pod.ip], every=0.2)
    by_ip = [{"Name": "address-ip", "Values": [pod.ip]}]
    (eni,) = cloud.call("vpc", "DescribeNetworkInterfaces", Filters=by_ip)["NetworkInterfaceSet"]
    assert eni["GroupSet"] == ["sg-nodes001"]
