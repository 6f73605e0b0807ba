"""Listeners: CreateListener, ModifyListener, DescribeListeners, DeleteLoadBalancerListeners."""

import pytest

from tests.sandbox.tencent.half import Document, Half, Refused


def create(cloud: Half, lb: str, **params: object) -> Document:
    return cloud.clb("CreateListener", **{"LoadBalancerId": lb, "Protocol": "TCP", **params})


def listeners(cloud: Half, lb: str) -> list[Document]:
    found: list[Document] = cloud.clb("DescribeListeners", LoadBalancerId=lb)["Listeners"]
    return found


def test_one_call_makes_one_listener_per_port_when_its_task_has_ended(cloud: Half) -> None:
    lb = cloud.load_balancer()
    cloud.hold("CreateListener")
    created = create(cloud, lb, Ports=[80, 443], ListenerNames=["podgate-80", "podgate-443"])
    assert listeners(cloud, lb) == [], "not before the task has ended"
    cloud.release()
    assert cloud.finished(created)["Status"] == 0
    found = listeners(cloud, lb)
    assert [each["ListenerId"] for each in found] == created["ListenerIds"]
    assert [(each["Port"], each["ListenerName"]) for each in found] == [
        (80, "podgate-80"),
        (443, "podgate-443"),
    ]
    assert found[0]["HealthCheck"]["IntervalTime"] == 5, "what was not given has its default"
    assert found[0]["Certificate"] is None


def test_a_second_task_of_one_load_balancer_has_to_wait(cloud: Half) -> None:
    """CLB takes one change at a time per load balancer."""
    lb, other = cloud.load_balancer(), cloud.load_balancer()
    cloud.hold("CreateListener")
    create(cloud, lb, Ports=[80])
    with pytest.raises(Refused) as refused:
        create(cloud, lb, Ports=[81])
    assert refused.value.code == "FailedOperation.ResourceInOperating"
    create(cloud, other, Ports=[80])
    cloud.release()
    create(cloud, lb, Ports=[81])


def test_a_load_balancer_being_created_is_locked(cloud: Half) -> None:
    cloud.hold("CreateLoadBalancer")
    created = cloud.clb("CreateLoadBalancer", LoadBalancerType="OPEN")
    with pytest.raises(Refused) as refused:
        create(cloud, created["LoadBalancerIds"][0], Ports=[80])
    assert refused.value.code == "FailedOperation.ResourceInOperating"


def test_a_port_is_taken_once_per_protocol(cloud: Half) -> None:
    lb = cloud.load_balancer()
    cloud.listener(lb, 53, "UDP")
    cloud.finished(create(cloud, lb, Ports=[53]))
    with pytest.raises(Refused) as refused:
        create(cloud, lb, Ports=[53])
    assert refused.value.code == "InvalidParameter.PortCheckFailed"


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"Ports": []}, "InvalidParameterValue.Length"),
        ({"Ports": [0]}, "InvalidParameterValue.Range"),
        ({"Ports": [65536]}, "InvalidParameterValue.Range"),
        ({"Ports": list(range(1, 52))}, "InvalidParameterValue.Length"),
        ({"Ports": [80, 80]}, "InvalidParameter.PortCheckFailed"),
        ({"Ports": [80], "ListenerNames": ["a", "b"]}, "InvalidParameterValue.Length"),
        ({"Ports": [80], "SessionExpireTime": 29}, "InvalidParameterValue.Range"),
        ({"Ports": [80], "Scheduler": "IP_HASH"}, "InvalidParameterValue"),
        ({"Ports": [80], "Protocol": "HTTP"}, "UnsupportedOperation"),
        ({"Ports": [80], "Protocol": "ICMP"}, "InvalidParameter.ProtocolCheckFailed"),
        ({"Ports": [80], "HealthCheck": {"IntervalTime": 1}}, "InvalidParameterValue.Range"),
        (
            {"Ports": [80], "HealthCheck": {"IntervalTime": 5, "TimeOut": 5}},
            "InvalidParameterValue",
        ),
        ({"Ports": [80], "HealthCheck": {"HealthNum": 11}}, "InvalidParameterValue.Range"),
        ({"Ports": [80], "HealthCheck": {"CheckType": "PING"}}, "InvalidParameterValue"),
        ({"Ports": [80], "HealthCheck": {"CheckType": "HTTP"}}, "MissingParameter"),
        ({"Ports": [80], "HealthCheck": {"Every": 5}}, "UnknownParameter"),
    ],
)
def test_what_the_api_does_not_take_is_refused(cloud: Half, params: Document, code: str) -> None:
    lb = cloud.load_balancer()
    with pytest.raises(Refused) as refused:
        create(cloud, lb, **params)
    assert refused.value.code == code
    assert listeners(cloud, lb) == []


def test_the_quota_of_listeners_is_kept(cloud: Half) -> None:
    cloud.control("POST", "quota", {"TOTAL_LISTENER_QUOTA": 1})
    lb = cloud.load_balancer()
    with pytest.raises(Refused) as refused:
        create(cloud, lb, Ports=[80, 81])
    assert refused.value.code == "LimitExceeded"


def test_what_a_change_omits_stays_as_it_is(cloud: Half) -> None:
    lb = cloud.load_balancer()
    listener = cloud.listener(lb, 80, IntervalTime=10, HealthNum=2)
    changed = cloud.clb(
        "ModifyListener",
        LoadBalancerId=lb,
        ListenerId=listener,
        SessionExpireTime=60,
        HealthCheck={"UnHealthNum": 4},
    )
    assert cloud.finished(changed)["Status"] == 0
    (found,) = listeners(cloud, lb)
    check = found["HealthCheck"]
    assert (check["IntervalTime"], check["HealthNum"], check["UnHealthNum"]) == (10, 2, 4)
    assert (found["SessionExpireTime"], found["ListenerName"]) == (60, "by-hand")


def test_deleting_without_ids_deletes_all_listeners(cloud: Half) -> None:
    lb = cloud.load_balancer()
    ids = [cloud.listener(lb, port) for port in (80, 81, 82)]
    one = cloud.clb("DeleteLoadBalancerListeners", LoadBalancerId=lb, ListenerIds=ids[:1])
    cloud.finished(one)
    assert [each["ListenerId"] for each in listeners(cloud, lb)] == ids[1:]
    cloud.finished(cloud.clb("DeleteLoadBalancerListeners", LoadBalancerId=lb))
    assert listeners(cloud, lb) == []


def test_a_listener_that_is_gone_is_not_found(cloud: Half) -> None:
    lb = cloud.load_balancer()
    with pytest.raises(Refused) as refused:
        cloud.clb("DeleteListener", LoadBalancerId=lb, ListenerId="lbl-nothere")
    assert refused.value.code == "InvalidParameter.ListenerIdNotFound"
