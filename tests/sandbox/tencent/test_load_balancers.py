"""CLB instances: CreateLoadBalancer, DescribeLoadBalancers, DeleteLoadBalancer and the rest."""

from ipaddress import IPv4Address

import pytest

from tests.sandbox.tencent.half import Document, Half, Refused

PUBLIC = {"LoadBalancerType": "OPEN", "VpcId": "vpc-vpccni01"}
PRIVATE = {"LoadBalancerType": "INTERNAL", "VpcId": "vpc-vpccni01", "SubnetId": "subnet-clb01"}


def described(cloud: Half, lb: str) -> Document:
    found: Document = cloud.clb("DescribeLoadBalancers", LoadBalancerIds=[lb])
    shown: Document = found["LoadBalancerSet"][0]
    return shown


def test_creation_is_asynchronous_and_the_task_is_known_by_its_request_id(cloud: Half) -> None:
    cloud.hold("CreateLoadBalancer")
    created = cloud.clb("CreateLoadBalancer", **PUBLIC, LoadBalancerName="shop")
    (lb,) = created["LoadBalancerIds"]
    assert described(cloud, lb)["Status"] == 0
    assert described(cloud, lb)["LoadBalancerVips"] == []
    cloud.release()
    task = cloud.finished(created)
    assert (task["Status"], task["LoadBalancerIds"]) == (0, [lb])
    shown = described(cloud, lb)
    assert (shown["Status"], shown["LoadBalancerName"]) == (1, "shop")
    assert IPv4Address(shown["LoadBalancerVips"][0]) in cloud.world.net.public_vips


def test_a_private_one_takes_its_vip_from_its_subnet(cloud: Half) -> None:
    before = free(cloud, "subnet-clb01")
    created = cloud.clb("CreateLoadBalancer", **PRIVATE)
    cloud.finished(created)
    vip = cloud.vip(created["LoadBalancerIds"][0])
    assert IPv4Address(vip) in cloud.world.net.cidr("17.0/24")
    assert free(cloud, "subnet-clb01") == before - 1


def free(cloud: Half, subnet: str) -> int:
    found = cloud.call("vpc", "DescribeSubnets", SubnetIds=[subnet])
    count: int = found["SubnetSet"][0]["AvailableIpAddressCount"]
    return count


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"LoadBalancerType": "INTERNAL", "VpcId": "vpc-vpccni01"}, "MissingParameter"),
        ({**PUBLIC, "SubnetId": "subnet-clb01"}, "InvalidParameter"),
        ({**PUBLIC, "VpcId": "vpc-nowhere"}, "InvalidParameterValue"),
        ({**PRIVATE, "SubnetId": "subnet-router-clb01"}, "InvalidParameterValue"),
        ({**PRIVATE, "SubnetId": "subnet-full01"}, "ResourceInsufficient"),
        ({**PUBLIC, "Number": 21}, "InvalidParameterValue.Range"),
        ({**PUBLIC, "ClientToken": "x" * 65}, "InvalidParameterValue.Length"),
        ({**PUBLIC, "LoadBalancerName": "x" * 81}, "InvalidParameterValue.Length"),
        ({**PUBLIC, "AddressIPVersion": "IPV6"}, "UnsupportedOperation"),
        ({**PUBLIC, "EipAddressId": "eip-1"}, "UnsupportedOperation"),
    ],
)
def test_what_the_api_does_not_take_is_refused(cloud: Half, params: Document, code: str) -> None:
    with pytest.raises(Refused) as refused:
        cloud.clb("CreateLoadBalancer", **params)
    assert refused.value.code == code
    assert cloud.clb("DescribeLoadBalancers")["TotalCount"] == 0


def test_the_same_client_token_never_makes_a_second_load_balancer(cloud: Half) -> None:
    first = cloud.clb("CreateLoadBalancer", **PUBLIC, ClientToken="uid-1")
    again = cloud.clb("CreateLoadBalancer", **PUBLIC, ClientToken="uid-1")
    assert again["LoadBalancerIds"] == first["LoadBalancerIds"]
    assert again["RequestId"] != first["RequestId"]
    other = cloud.clb("CreateLoadBalancer", **PUBLIC, ClientToken="uid-2")
    assert other["LoadBalancerIds"] != first["LoadBalancerIds"]
    assert cloud.clb("DescribeLoadBalancers")["TotalCount"] == 2


def test_a_client_token_expires_with_what_it_created(cloud: Half) -> None:
    created = cloud.clb("CreateLoadBalancer", **PUBLIC, ClientToken="uid-1")
    cloud.finished(created)
    cloud.finished(cloud.clb("DeleteLoadBalancer", LoadBalancerIds=created["LoadBalancerIds"]))
    with pytest.raises(Refused) as refused:
        cloud.clb("CreateLoadBalancer", **PUBLIC, ClientToken="uid-1")
    assert refused.value.code == "InvalidParameter.ClientTokenLimitExceeded"


def test_the_quota_of_load_balancers_is_kept(cloud: Half) -> None:
    cloud.control("POST", "quota", {"TOTAL_OPEN_CLB_QUOTA": 1})
    quotas = {quota["QuotaId"]: quota for quota in cloud.clb("DescribeQuota")["QuotaSet"]}
    assert quotas["TOTAL_OPEN_CLB_QUOTA"]["QuotaLimit"] == 1
    assert quotas["TOTAL_OPEN_CLB_QUOTA"]["QuotaCurrent"] is None
    cloud.clb("CreateLoadBalancer", **PUBLIC)
    with pytest.raises(Refused) as refused:
        cloud.clb("CreateLoadBalancer", **PUBLIC)
    assert refused.value.code == "LimitExceeded"


def test_tags_are_kept_and_can_be_filtered_by(cloud: Half) -> None:
    tags = [{"TagKey": "podgate-cluster", "TagValue": "cls-vpccni01"}]
    (lb,) = cloud.clb("CreateLoadBalancer", **PUBLIC, Tags=tags)["LoadBalancerIds"]
    cloud.load_balancer()
    assert described(cloud, lb)["Tags"] == tags
    by_tag = [{"Name": "tag:podgate-cluster", "Values": ["cls-vpccni01"]}]
    found = cloud.clb("DescribeLoadBalancers", Filters=by_tag)
    assert [each["LoadBalancerId"] for each in found["LoadBalancerSet"]] == [lb]
    with pytest.raises(Refused) as refused:
        cloud.clb("DescribeLoadBalancers", Filters=[{"Name": "colour", "Values": ["red"]}])
    assert refused.value.code == "InvalidParameter.InvalidFilter"


def test_pages_count_everything_and_show_what_was_asked_for(cloud: Half) -> None:
    made = {cloud.load_balancer() for _ in range(5)}
    pages = [cloud.clb("DescribeLoadBalancers", Offset=at, Limit=2) for at in (0, 2, 4)]
    assert [page["TotalCount"] for page in pages] == [5, 5, 5]
    assert {lb["LoadBalancerId"] for page in pages for lb in page["LoadBalancerSet"]} == made


def test_an_id_that_does_not_exist_is_simply_not_found(cloud: Half) -> None:
    found = cloud.clb("DescribeLoadBalancers", LoadBalancerIds=["lb-nothere"])
    assert (found["TotalCount"], found["LoadBalancerSet"]) == (0, [])


def test_attributes_and_security_groups_are_changed_by_tasks(cloud: Half) -> None:
    lb = cloud.load_balancer()
    renamed = cloud.clb(
        "ModifyLoadBalancerAttributes",
        LoadBalancerId=lb,
        LoadBalancerName="renamed",
        LoadBalancerPassToTarget=True,
    )
    assert cloud.finished(renamed)["Status"] == 0
    groups = ["sg-open0001", "sg-nodes001"]
    changed = cloud.clb("SetLoadBalancerSecurityGroups", LoadBalancerId=lb, SecurityGroups=groups)
    cloud.finished(changed)
    shown = described(cloud, lb)
    assert shown["LoadBalancerName"] == "renamed"
    assert shown["LoadBalancerPassToTarget"] is True
    assert shown["SecureGroups"] == groups


def test_a_protected_load_balancer_is_not_deleted(cloud: Half) -> None:
    lb = cloud.load_balancer()
    cloud.finished(cloud.clb("ModifyLoadBalancerAttributes", LoadBalancerId=lb, DeleteProtect=True))
    assert described(cloud, lb)["AttributeFlags"] == ["DeleteProtect"]
    with pytest.raises(Refused) as refused:
        cloud.clb("DeleteLoadBalancer", LoadBalancerIds=[lb])
    assert refused.value.code == "OperationDenied"


def test_deleting_one_with_twenty_targets_needs_force(cloud: Half) -> None:
    lb = cloud.load_balancer()
    listener = cloud.listener(lb)
    ips = [{"ip": cloud.ip(f"20.{last}"), "port": 80} for last in range(10, 30)]
    cloud.control("POST", f"lb/{lb}/listeners/{listener}/targets", ips)
    with pytest.raises(Refused) as refused:
        cloud.clb("DeleteLoadBalancer", LoadBalancerIds=[lb])
    assert refused.value.code == "FailedOperation.TargetNumCheckRisk"
    cloud.finished(cloud.clb("DeleteLoadBalancer", LoadBalancerIds=[lb], ForceDelete=True))
    assert cloud.clb("DescribeLoadBalancers")["TotalCount"] == 0
