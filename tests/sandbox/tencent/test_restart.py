"""A second start continues the same cloud, whatever moment the first one ended at."""

from pathlib import Path

from tests.sandbox.tencent.half import Half
from tests.sandbox.tencent.pods import Pods, get
from tests.wait import until


def test_everything_is_there_again_and_served(tmp_path: Path) -> None:
    first = Half(tmp_path)
    pods = Pods(first)
    pod = pods.start(10)
    lb = first.load_balancer()
    # So slow a check that none finds the Pod missing before it is there again.
    listener = first.listener(lb, 80, IntervalTime=300, HealthNum=2)
    first.register(lb, listener, {"EniIp": pod.ip, "Weight": 33})

    def is_alive() -> bool:
        first.pass_time(300)
        return list(first.health(lb).values()) == ["Alive"]

    until(is_alive, every=0.1)
    vip = first.vip(lb)
    first.control("POST", "quota", {"TOTAL_TARGET_BIND_QUOTA": 7})
    first.control("POST", "account_type", {"type": "LEGACY"})
    pods.stop()
    first.stop()

    second = Half(tmp_path)
    pods = Pods(second)
    pods.start(10)
    assert second.vip(lb) == vip
    assert list(second.health(lb).values()) == ["Alive"]
    assert get(vip) == f"{pod.ip} 127.0.0.1"
    (shown,) = second.clb("DescribeTargets", LoadBalancerId=lb)["Listeners"]
    assert [target["Weight"] for target in shown["Targets"]] == [33]
    account = second.call("vpc", "DescribeNetworkAccountType")
    assert account["NetworkAccountType"] == "LEGACY"
    quotas = {
        each["QuotaId"]: each["QuotaLimit"] for each in second.clb("DescribeQuota")["QuotaSet"]
    }
    assert quotas["TOTAL_TARGET_BIND_QUOTA"] == 7
    pods.stop()
    second.stop()


def test_a_task_under_way_is_finished_after_the_restart(tmp_path: Path) -> None:
    first = Half(tmp_path)
    created = first.clb("CreateLoadBalancer", LoadBalancerType="OPEN", ClientToken="uid-1")
    first.stop()

    second = Half(tmp_path)
    assert second.finished(created)["Status"] == 0
    again = second.clb("CreateLoadBalancer", LoadBalancerType="OPEN", ClientToken="uid-1")
    assert again["LoadBalancerIds"] == created["LoadBalancerIds"]
    second.stop()


def test_assumed_health_is_alive_after_interval_times_threshold(tmp_path: Path) -> None:
    """For a data plane that is elsewhere: nothing listens, nothing is probed."""
    half = Half(tmp_path, health="assume")
    lb = half.load_balancer()
    listener = half.listener(lb, 80, IntervalTime=300, HealthNum=2)
    half.register(lb, listener, {"EniIp": half.ip("20.10")})
    assert list(half.health(lb).values()) == ["Unknown"]
    half.pass_time(300)
    half.pass_time(300)
    assert list(half.health(lb).values()) == ["Alive"]
    half.stop()
