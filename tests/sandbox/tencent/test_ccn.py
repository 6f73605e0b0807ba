"""Cloud Connect Network: which container networks a load balancer can have as backends."""

from typing import Any

import pytest

from tests.sandbox.tencent.half import Document, Half, Refused
from tests.sandbox.tencent.pods import Pods, get
from tests.wait import until

CCN, VPC = "ccn-shop0001", "vpc-router01"
FAST: Document = {"IntervalTime": 5, "TimeOut": 2, "HealthNum": 2, "UnHealthNum": 2}


def routes(cloud: Half, vpc: str = VPC) -> list[Document]:
    of_vpc = [{"Name": "instance-id", "Values": [vpc]}]
    found: list[Document] = cloud.call("vpc", "DescribeCcnRoutes", CcnId=CCN, Filters=of_vpc)[
        "RouteSet"
    ]
    return found


def container(cloud: Half) -> str:
    return str(cloud.world.net.cidr("48.0/20"))


def register(cloud: Half) -> None:
    cloud.call("tke", "AddClusterCIDRToCcn", VpcId=VPC, ClusterCIDR=container(cloud))


def instance(vpc: str) -> list[Document]:
    return [{"InstanceId": vpc, "InstanceRegion": "ap-guangzhou", "InstanceType": "VPC"}]


def refusal(cloud: Half, service: str, action: str, **params: object) -> str:
    with pytest.raises(Refused) as refused:
        cloud.call(service, action, **params)
    return refused.value.code


def bind(cloud: Half, ip: str, **check: Any) -> tuple[str, str, list[str]]:
    """A load balancer beside the GlobalRouter cluster: its id, the listener's, who failed."""
    lb = cloud.control("POST", "lb", {"vpc": VPC})["id"]
    listener = cloud.listener(lb, **check)
    return lb, listener, cloud.register(lb, listener, {"EniIp": ip})["FailListenerIdSet"]


def test_a_vpc_joins_a_ccn_with_its_own_range_announced_and_no_container_range(cloud: Half) -> None:
    cloud.call("vpc", "AttachCcnInstances", CcnId=CCN, Instances=instance("vpc-cilium01"))
    attached = [{"Name": "instance-id", "Values": ["vpc-cilium01"]}]
    found = cloud.call("vpc", "DescribeCcnAttachedInstances", Filters=attached)["InstanceSet"]
    assert [each["State"] for each in found] == ["ACTIVE"]
    assert [route["Enabled"] for route in routes(cloud, "vpc-cilium01")] == [True]
    (ccn,) = cloud.call("vpc", "DescribeCcns")["CcnSet"]
    assert (ccn["State"], ccn["InstanceCount"]) == ("AVAILABLE", 3)


def test_a_vpc_is_in_one_ccn_at_most(cloud: Half) -> None:
    made = cloud.call("vpc", "CreateCcn", CcnName="second", QosLevel="AU")["Ccn"]
    attach = {"CcnId": made["CcnId"], "Instances": instance(VPC)}
    assert refusal(cloud, "vpc", "AttachCcnInstances", **attach) == (
        "UnsupportedOperation.CcnAttached"
    )
    cloud.call("vpc", "DetachCcnInstances", CcnId=CCN, Instances=instance(VPC))
    cloud.call("vpc", "AttachCcnInstances", **attach)
    deleted = refusal(cloud, "vpc", "DeleteCcn", CcnId=made["CcnId"])
    assert deleted == "UnsupportedOperation.ExistCcnInstancesNotSupportDeleteCcn"


def test_registering_the_container_range_makes_a_route_that_is_on(cloud: Half) -> None:
    assert [route["DestinationCidrBlock"] for route in routes(cloud)] == [
        str(cloud.world.net.cidr("32.0/20"))
    ]
    register(cloud)
    register(cloud)
    assert [route["Enabled"] for route in routes(cloud)] == [True, True]
    cloud.call("tke", "DeleteClusterCIDRFromCcn", VpcId=VPC, ClusterCIDR=container(cloud))
    assert len(routes(cloud)) == 1


def test_a_route_that_conflicts_stays_off_until_the_other_is_off(cloud: Half) -> None:
    """SDK, EnableCcnRoutes: a route that conflicts with an enabled one cannot be enabled."""
    other = {"ccn": CCN, "cidr": str(cloud.world.net.cidr("48.0/24")), "instance": "dcg-office01"}
    there = cloud.control("POST", "ccn_route", other)["id"]
    register(cloud)
    (ours,) = [r for r in routes(cloud) if r["DestinationCidrBlock"] == container(cloud)]
    assert not ours["Enabled"]
    enable = {"CcnId": CCN, "RouteIds": [ours["RouteId"]]}
    assert refusal(cloud, "vpc", "EnableCcnRoutes", **enable) == (
        "UnsupportedOperation.CcnRouteCidrOverlap"
    )
    cloud.call("vpc", "DisableCcnRoutes", CcnId=CCN, RouteIds=[there])
    cloud.call("vpc", "EnableCcnRoutes", **enable)
    assert all(route["Enabled"] for route in routes(cloud))


def test_a_range_is_registered_only_for_a_global_router_in_a_vpc_with_a_ccn(cloud: Half) -> None:
    strange = {"VpcId": VPC, "ClusterCIDR": "10.0.0.0/16"}
    assert refusal(cloud, "tke", "AddClusterCIDRToCcn", **strange) == "InvalidParameter"
    old = {"VpcId": "vpc-oldk8s01", "ClusterCIDR": str(cloud.world.net.cidr("112.0/20"))}
    assert refusal(cloud, "tke", "AddClusterCIDRToCcn", **old) == "FailedOperation"


def test_an_endpoint_may_not_have_tkes_ccn_actions(cloud: Half) -> None:
    cloud.control("POST", "tke_ccn", {"offered": False})
    place = {"VpcId": VPC, "ClusterCIDR": container(cloud)}
    assert refusal(cloud, "tke", "AddClusterCIDRToCcn", **place) == "InvalidAction"


def test_a_container_address_is_a_backend_only_through_the_ccn(cloud: Half) -> None:
    """GlobalRouter Pods can be targets once their CIDR is registered to the CCN."""
    target = cloud.ip("48.10")
    lb, listener, failed = bind(cloud, target)
    assert failed == [listener]
    register(cloud)
    assert cloud.register(lb, listener, {"EniIp": target})["FailListenerIdSet"] == []


def test_a_legacy_account_binds_no_container_address(cloud: Half) -> None:
    register(cloud)
    cloud.control("POST", "account_type", {"type": "LEGACY"})
    _, listener, failed = bind(cloud, cloud.ip("48.10"))
    assert failed == [listener]


def test_a_route_by_ticket_comes_without_a_check_of_addresses(cloud: Half) -> None:
    cloud.control("POST", "ticket_route", {"vpc": VPC, "on": True})
    assert bind(cloud, cloud.ip("48.10"))[2] == []
    assert bind(cloud, "10.99.0.1")[2] == []


def test_a_target_whose_route_is_taken_away_is_dead_and_gets_silence(
    cloud: Half, pods: Pods
) -> None:
    """Packets without a route are dropped, not refused: the probe times out."""
    register(cloud)
    open_ = {"of": "cls-router01", "groups": ["sg-open0001"]}
    cloud.control("POST", "groups", open_)
    pod = pods.start(30, net=48)
    lb, _, _ = bind(cloud, pod.ip, **FAST)
    until(lambda: set(cloud.health(lb).values()) == {"Alive"}, every=0.1)
    assert get(cloud.vip(lb)) is not None
    cloud.call("tke", "DeleteClusterCIDRFromCcn", VpcId=VPC, ClusterCIDR=container(cloud))
    until(lambda: set(cloud.health(lb).values()) == {"Dead"}, every=0.1)
