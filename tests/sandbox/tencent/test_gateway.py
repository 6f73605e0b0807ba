"""API 3.0 gateway: actions, versions, regions, parameters and the frequency limit."""

import pytest

from sandbox.tencent.api import RateLimit
from tests.sandbox.tencent.half import Half, Refused, send


def code_of(cloud: Half, service: str, action: str, **params: object) -> str:
    with pytest.raises(Refused) as refused:
        cloud.call(service, action, **params)
    assert refused.value.request_id
    return refused.value.code


@pytest.mark.parametrize("service", ["clb", "tke", "vpc", "sts"])
def test_an_action_the_service_does_not_have_is_invalid(cloud: Half, service: str) -> None:
    assert code_of(cloud, service, "DescribeClusterSecurity") == "InvalidAction"


def test_the_service_is_told_apart_by_the_credential_scope(cloud: Half) -> None:
    assert code_of(cloud, "vpc", "DescribeLoadBalancers") == "InvalidAction"


def test_another_version_does_not_exist(cloud: Half) -> None:
    client = cloud.client("clb")
    client._apiVersion = "2014-03-17"
    with pytest.raises(Refused) as refused:
        send(client, "DescribeLoadBalancers", {})
    assert refused.value.code == "NoSuchVersion"


def test_another_region_is_not_supported(cloud: Half) -> None:
    with pytest.raises(Refused) as refused:
        send(cloud.client("clb", region="ap-nowhere"), "DescribeQuota", {})
    assert refused.value.code == "UnsupportedRegion"


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({}, "MissingParameter"),
        ({"LoadBalancerId": None}, "MissingParameter"),
        ({"LoadBalancerId": 7}, "InvalidParameter"),
        ({"LoadBalancerId": "lb-1", "Colour": "red"}, "UnknownParameter"),
        ({"LoadBalancerId": "lb-1", "Port": 0}, "InvalidParameterValue.Range"),
        ({"LoadBalancerId": "lb-1", "Port": True}, "InvalidParameter"),
        ({"LoadBalancerId": "lb-1", "Protocol": "SCTP"}, "InvalidParameter.ProtocolCheckFailed"),
        ({"LoadBalancerId": "lb-1", "ListenerIds": ["x"] * 101}, "InvalidParameterValue.Length"),
        ({"LoadBalancerId": "lb-1"}, "InvalidParameter.LBIdNotFound"),
    ],
)
def test_parameters_are_checked_before_anything_else(
    cloud: Half, params: dict[str, object], code: str
) -> None:
    assert code_of(cloud, "clb", "DescribeListeners", **params) == code


def test_the_twenty_first_request_of_an_api_within_a_second_is_too_many(cloud: Half) -> None:
    now = [0.0]
    cloud.running.gateway.limit = RateLimit(lambda: now[0])
    client = cloud.client("clb")
    for _ in range(20):
        send(client, "DescribeQuota", {})
    with pytest.raises(Refused) as refused:
        send(client, "DescribeQuota", {})
    assert refused.value.code == "RequestLimitExceeded"
    assert cloud.clb("DescribeLoadBalancers")["TotalCount"] == 0, "other APIs have their own limit"
    now[0] = 0.99
    with pytest.raises(Refused):
        send(client, "DescribeQuota", {})
    now[0] = 1.0
    send(client, "DescribeQuota", {})


def test_every_call_is_in_the_log_with_its_parameters(cloud: Half) -> None:
    lb = cloud.load_balancer()
    cloud.clb("DescribeListeners", LoadBalancerId=lb)
    code_of(cloud, "clb", "DeleteListener", LoadBalancerId=lb, ListenerId="lbl-1")
    read, write = cloud.control("GET", "calls")
    assert (read["action"], read["write"], read["code"]) == ("DescribeListeners", False, "")
    assert read["params"] == {"LoadBalancerId": lb}
    assert (write["action"], write["write"]) == ("DeleteListener", True)
    assert write["code"] == "InvalidParameter.ListenerIdNotFound"
    assert cloud.control("GET", f"calls?since={write['time']}") == []
