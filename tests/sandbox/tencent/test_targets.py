"""Targets: Register, Deregister, weights, the batches of 500 and what they refuse."""

import pytest

from tests.sandbox.tencent.half import Document, Half, Refused


@pytest.fixture
def lb(cloud: Half) -> str:
    return cloud.load_balancer()


def bound(cloud: Half, lb: str) -> dict[str, int]:
    """Weight by address, over all listeners."""
    answer = cloud.clb("DescribeTargets", LoadBalancerId=lb)
    return {
        f"{target['PrivateIpAddresses'][0]}:{target['Port']}": target["Weight"]
        for listener in answer["Listeners"]
        for target in listener["Targets"]
    }


def pod(cloud: Half, last: int, **more: object) -> Document:
    return {"EniIp": cloud.ip(f"20.{last}"), "Port": 8080, **more}


def test_a_batch_is_in_effect_when_it_is_answered(cloud: Half, lb: str) -> None:
    listener = cloud.listener(lb)
    answer = cloud.register(lb, listener, pod(cloud, 10), pod(cloud, 11, Weight=50))
    assert answer["FailListenerIdSet"] == []
    assert bound(cloud, lb) == {cloud.ip("20.10:8080"): 10, cloud.ip("20.11:8080"): 50}


def test_a_single_registration_is_a_task(cloud: Half, lb: str) -> None:
    listener = cloud.listener(lb)
    call = {"LoadBalancerId": lb, "ListenerId": listener, "Targets": [pod(cloud, 10)]}
    cloud.hold("RegisterTargets")
    asked = cloud.clb("RegisterTargets", **call)
    assert bound(cloud, lb) == {}
    cloud.release()
    assert cloud.finished(asked)["Status"] == 0
    assert list(bound(cloud, lb)) == [cloud.ip("20.10:8080")]
    cloud.finished(cloud.clb("DeregisterTargets", **call))
    assert bound(cloud, lb) == {}


@pytest.mark.parametrize(
    ("action", "count"), [("RegisterTargets", 21), ("BatchRegisterTargets", 501)]
)
def test_too_many_targets_in_one_call_are_refused(
    cloud: Half, lb: str, action: str, count: int
) -> None:
    listener = cloud.listener(lb)
    targets = [pod(cloud, 10, Port=port) for port in range(1, count + 1)]
    params: Document = {"LoadBalancerId": lb, "Targets": targets}
    if action == "RegisterTargets":
        params["ListenerId"] = listener
    else:
        params["Targets"] = [{**target, "ListenerId": listener} for target in targets]
    with pytest.raises(Refused) as refused:
        cloud.clb(action, **params)
    assert refused.value.code == "InvalidParameterValue.Length"


def test_five_hundred_targets_go_into_one_batch(cloud: Half, lb: str) -> None:
    cloud.control("POST", "quota", {"TOTAL_TARGET_BIND_QUOTA": 500})
    listener = cloud.listener(lb)
    targets = [{"EniIp": cloud.ip(f"21.{n // 250}"), "Port": 1 + n % 250} for n in range(500)]
    assert cloud.register(lb, listener, *targets)["FailListenerIdSet"] == []
    assert len(bound(cloud, lb)) == 500


def test_the_quota_counts_targets_per_listener(cloud: Half, lb: str) -> None:
    cloud.control("POST", "quota", {"TOTAL_TARGET_BIND_QUOTA": 2})
    listener, other = cloud.listener(lb, 80), cloud.listener(lb, 81)
    cloud.register(lb, listener, pod(cloud, 10), pod(cloud, 11))
    cloud.register(lb, other, pod(cloud, 12))
    with pytest.raises(Refused) as refused:
        cloud.register(lb, listener, pod(cloud, 13))
    assert refused.value.code == "LimitExceeded"
    assert len(bound(cloud, lb)) == 3


def test_layer_4_knows_no_listener_port_so_a_target_is_bound_once(cloud: Half, lb: str) -> None:
    """VIP, protocol, RS IP and RS port must be unique; another protocol is another matter."""
    first, second, udp = (
        cloud.listener(lb, 80),
        cloud.listener(lb, 81),
        cloud.listener(lb, 80, "UDP"),
    )
    cloud.register(lb, first, pod(cloud, 10))
    refused = cloud.register(lb, second, pod(cloud, 10))
    assert refused["FailListenerIdSet"] == [second]
    assert first in refused["Message"]
    assert cloud.register(lb, udp, pod(cloud, 10))["FailListenerIdSet"] == []


def test_a_batch_over_two_listeners_can_fail_for_one(cloud: Half, lb: str) -> None:
    good, bad = cloud.listener(lb, 80), cloud.listener(lb, 81)
    foreign = {"EniIp": "10.9.9.9"}
    answer = cloud.register(lb, good, pod(cloud, 10), {**foreign, "ListenerId": bad})
    assert answer["FailListenerIdSet"] == [bad]
    assert list(bound(cloud, lb)) == [cloud.ip("20.10:8080")]


@pytest.mark.parametrize(
    ("target", "code"),
    [
        ({"Port": 80}, "MissingParameter"),
        ({"Port": 80, "InstanceId": "ins-1"}, "UnsupportedOperation"),
        ({"Port": 80, "EniIp": "300.1.1.1"}, "InvalidParameter.FormatError"),
        ({"Port": 0, "EniIp": "127.0.0.1"}, "InvalidParameterValue.Range"),
        ({"Port": 80, "EniIp": "127.0.0.1", "Weight": 101}, "InvalidParameterValue.Range"),
    ],
)
def test_targets_are_checked(cloud: Half, lb: str, target: Document, code: str) -> None:
    listener = cloud.listener(lb)
    with pytest.raises(Refused) as refused:
        cloud.clb(
            "BatchRegisterTargets",
            LoadBalancerId=lb,
            Targets=[{"ListenerId": listener, **target}],
        )
    assert refused.value.code == code


def test_binding_to_a_listener_that_is_gone_is_an_error(cloud: Half, lb: str) -> None:
    with pytest.raises(Refused) as refused:
        cloud.register(lb, "lbl-nothere", pod(cloud, 10))
    assert refused.value.code == "InvalidParameter.ListenerIdNotFound"


def test_weights_change_by_rule_and_a_targets_own_weight_wins(cloud: Half, lb: str) -> None:
    listener = cloud.listener(lb)
    cloud.register(lb, listener, pod(cloud, 10), pod(cloud, 11))
    rule = {
        "ListenerId": listener,
        "Weight": 0,
        "Targets": [pod(cloud, 10), pod(cloud, 11, Weight=7)],
    }
    changed = cloud.clb("BatchModifyTargetWeight", LoadBalancerId=lb, ModifyList=[rule])
    assert cloud.finished(changed)["Status"] == 0
    assert bound(cloud, lb) == {cloud.ip("20.10:8080"): 0, cloud.ip("20.11:8080"): 7}
    one = {"ListenerId": listener, "Targets": [pod(cloud, 10)], "Weight": 3}
    cloud.finished(cloud.clb("ModifyTargetWeight", LoadBalancerId=lb, **one))
    assert bound(cloud, lb)[cloud.ip("20.10:8080")] == 3


def test_what_is_not_bound_cannot_be_unbound_or_weighed(cloud: Half, lb: str) -> None:
    listener = cloud.listener(lb)
    targets = [{**pod(cloud, 10), "ListenerId": listener}]
    answer = cloud.clb("BatchDeregisterTargets", LoadBalancerId=lb, Targets=targets)
    assert answer["FailListenerIdSet"] == [listener]
    rule = {"ListenerId": listener, "Weight": 0, "Targets": [pod(cloud, 10)]}
    with pytest.raises(Refused) as refused:
        cloud.clb("BatchModifyTargetWeight", LoadBalancerId=lb, ModifyList=[rule])
    assert refused.value.code == "InvalidParameter"


def test_backends_lead_to_their_listeners(cloud: Half, lb: str) -> None:
    listener = cloud.listener(lb)
    cloud.register(lb, listener, pod(cloud, 10))
    asked = [{"VpcId": "vpc-vpccni01", "PrivateIp": cloud.ip("20.10")}]
    (found,) = cloud.clb("DescribeLBListeners", Backends=asked)["LoadBalancers"]
    assert found["LoadBalancerId"] == lb
    assert found["Listeners"][0]["ListenerId"] == listener
