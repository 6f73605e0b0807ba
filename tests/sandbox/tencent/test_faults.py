"""What goes wrong on request: each fault, and that it leaves when it is told to."""

import json
import urllib.error

import pytest

from tests.sandbox.tencent.half import Document, Half, Refused

PUBLIC = {"LoadBalancerType": "OPEN", "VpcId": "vpc-vpccni01"}


@pytest.fixture
def lb(cloud: Half) -> str:
    return cloud.load_balancer()


def code_of(cloud: Half, action: str, **params: object) -> str:
    with pytest.raises(Refused) as refused:
        cloud.clb(action, **params)
    return refused.value.code


def count(cloud: Half) -> int:
    found: int = cloud.clb("DescribeLoadBalancers")["TotalCount"]
    return found


def test_a_throttled_call_was_not_run_and_the_fault_counts_down(cloud: Half) -> None:
    cloud.fault("throttle", action="CreateLoadBalancer", times=2)
    for _ in range(2):
        assert code_of(cloud, "CreateLoadBalancer", **PUBLIC) == "RequestLimitExceeded"
    assert count(cloud) == 0
    assert cloud.control("GET", "faults") == []
    cloud.clb("CreateLoadBalancer", **PUBLIC)


def test_busy_hits_writes_of_the_matched_load_balancer_only(cloud: Half, lb: str) -> None:
    other = cloud.load_balancer()
    cloud.fault("busy", match={"LoadBalancerId": lb})
    listener = {"Ports": [80], "Protocol": "TCP"}
    code = code_of(cloud, "CreateListener", LoadBalancerId=lb, **listener)
    assert code == "FailedOperation.ResourceInOperating"
    cloud.clb("DescribeListeners", LoadBalancerId=lb)
    cloud.clb("CreateListener", LoadBalancerId=other, **listener)


@pytest.mark.parametrize(("fault", "made"), [("timeout_before", 0), ("timeout_after", 1)])
@pytest.mark.parametrize("details", [{}, {"hang": 0.2}])
def test_a_lost_answer_says_nothing_about_the_effect(
    cloud: Half, fault: str, made: int, details: Document
) -> None:
    cloud.fault(fault, action="CreateLoadBalancer", times=1, **details)
    assert code_of(cloud, "CreateLoadBalancer", **PUBLIC) == "ClientNetworkError"
    assert count(cloud) == made


def test_a_500_is_a_server_network_error(cloud: Half) -> None:
    cloud.fault("error_500", action="DescribeQuota", times=1)
    assert code_of(cloud, "DescribeQuota") == "ServerNetworkError"
    cloud.clb("DescribeQuota")


def test_a_failed_task_changed_nothing(cloud: Half, lb: str) -> None:
    cloud.fault("failed_task", action="CreateListener", times=1)
    params = {"LoadBalancerId": lb, "Ports": [80], "Protocol": "TCP"}
    task = cloud.finished(cloud.clb("CreateListener", **params))
    assert task["Status"] == 1
    assert task["Message"]
    assert cloud.clb("DescribeListeners", LoadBalancerId=lb)["Listeners"] == []
    assert cloud.finished(cloud.clb("CreateListener", **params))["Status"] == 0


def test_a_failed_creation_leaves_nothing_and_frees_its_token(cloud: Half) -> None:
    cloud.fault("failed_task", action="CreateLoadBalancer", times=1)
    created = cloud.clb("CreateLoadBalancer", **PUBLIC, ClientToken="uid-1")
    assert cloud.finished(created)["Status"] == 1
    assert count(cloud) == 0
    again = cloud.clb("CreateLoadBalancer", **PUBLIC, ClientToken="uid-1")
    assert again["LoadBalancerIds"] != created["LoadBalancerIds"]


def test_a_stuck_task_holds_the_lock_until_it_ends_after_all(cloud: Half, lb: str) -> None:
    cloud.hold("CreateListener")
    params = {"LoadBalancerId": lb, "Protocol": "TCP"}
    created = cloud.clb("CreateListener", **params, Ports=[80])
    assert code_of(cloud, "CreateListener", **params, Ports=[81]).endswith("ResourceInOperating")
    assert cloud.clb("DescribeTaskStatus", TaskId=created["RequestId"])["Status"] == 2
    cloud.release()
    assert cloud.clb("DescribeTaskStatus", TaskId=created["RequestId"])["Status"] == 0


def test_partial_failure_names_the_listener_that_failed(cloud: Half, lb: str) -> None:
    first, second = cloud.listener(lb, 80), cloud.listener(lb, 81)
    cloud.fault("partial", times=1)
    targets = [
        {"ListenerId": first, "EniIp": cloud.ip("20.10")},
        {"ListenerId": second, "EniIp": cloud.ip("20.11")},
    ]
    answer = cloud.register(lb, first, *targets)
    assert answer["FailListenerIdSet"] == [first]
    shown = cloud.clb("DescribeTargets", LoadBalancerId=lb)["Listeners"]
    assert [len(listener["Targets"]) for listener in shown] == [0, 1]


def test_silent_success_bound_nothing(cloud: Half, lb: str) -> None:
    listener = cloud.listener(lb)
    cloud.fault("silent", action="BatchRegisterTargets", times=1)
    answer = cloud.register(lb, listener, {"EniIp": cloud.ip("20.10")})
    assert answer["FailListenerIdSet"] == []
    (shown,) = cloud.clb("DescribeTargets", LoadBalancerId=lb)["Listeners"]
    assert shown["Targets"] == []


def test_the_ids_of_a_creation_may_be_missing_from_its_answer(cloud: Half) -> None:
    """DescribeTaskStatus by RequestId knows them then."""
    cloud.fault("no_ids", times=1)
    created = cloud.clb("CreateLoadBalancer", **PUBLIC)
    assert created["LoadBalancerIds"] == []
    (lb,) = cloud.finished(created)["LoadBalancerIds"]
    assert cloud.clb("DescribeLoadBalancers", LoadBalancerIds=[lb])["TotalCount"] == 1


def test_hands_may_change_things_behind_ones_back(cloud: Half, lb: str) -> None:
    listener = cloud.listener(lb)
    path = f"lb/{lb}/listeners/{listener}"
    foreign = [{"ip": cloud.ip("20.99"), "port": 80, "weight": 1}]
    cloud.control("POST", f"{path}/targets", foreign)
    assert [
        target["health"] for target in cloud.control("GET", f"lb/{lb}")["Listeners"][0]["Targets"]
    ]
    cloud.control("DELETE", f"{path}/targets", foreign)
    cloud.control("DELETE", path)
    assert cloud.clb("DescribeListeners", LoadBalancerId=lb)["TotalCount"] == 0
    cloud.control("DELETE", f"lb/{lb}")
    assert count(cloud) == 0


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "faults", {"fault": "gremlins"}, 400),
        ("POST", "quota", {"TOTAL_FUN_QUOTA": 1}, 400),
        ("POST", "account_type", {"type": "FREE"}, 400),
        ("DELETE", "lb/lb-nothere", None, 404),
        ("GET", "nothing", None, 404),
    ],
)
def test_the_control_api_says_what_it_does_not_understand(
    cloud: Half, method: str, path: str, body: object, status: int
) -> None:
    with pytest.raises(urllib.error.HTTPError) as error:
        cloud.control(method, path, body)
    with error.value as answer:
        assert answer.code == status
        assert json.loads(answer.read())["message"]
