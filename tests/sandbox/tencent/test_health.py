"""Health checks: real probes of the targets, and what DescribeTargetHealth says of them."""

from tests.sandbox.tencent.half import Document, Half
from tests.sandbox.tencent.pods import Pods
from tests.wait import until

SLOW: Document = {"IntervalTime": 300, "TimeOut": 2, "HealthNum": 2, "UnHealthNum": 2}
FAST: Document = {"IntervalTime": 5, "TimeOut": 2, "HealthNum": 2, "UnHealthNum": 2}


def verdict(cloud: Half, lb: str) -> str:
    """The only target's health; "" when there is none."""
    return next(iter(cloud.health(lb).values()), "")


def becomes(cloud: Half, lb: str, word: str) -> None:
    until(lambda: verdict(cloud, lb) == word, every=0.1)


def looks_until(cloud: Half, lb: str, word: str) -> None:
    """Let the slow check look, again and again."""

    def looked() -> bool:
        cloud.pass_time(300)
        return verdict(cloud, lb) == word

    until(looked, every=0.1)


def bind(cloud: Half, ip: str, *, protocol: str = "TCP", **check: object) -> tuple[str, str]:
    lb = cloud.load_balancer()
    listener = cloud.listener(lb, 80, protocol, **{**FAST, **check})
    cloud.register(lb, listener, {"EniIp": ip})
    return lb, listener


def test_a_target_is_unknown_for_interval_times_threshold_then_alive(
    cloud: Half, pods: Pods
) -> None:
    pod = pods.start(10)
    lb, _ = bind(cloud, pod.ip, **SLOW)
    cloud.pass_time(200)
    assert pod.looks == 0
    cloud.pass_time(200)
    until(lambda: pod.looks == 1)
    assert verdict(cloud, lb) == "Unknown"
    looks_until(cloud, lb, "Alive")
    shown = cloud.clb("DescribeTargetHealth", LoadBalancerIds=[lb])
    (target,) = shown["LoadBalancers"][0]["Listeners"][0]["Rules"][0]["Targets"]
    assert target["HealthStatus"] is True
    assert target["HealthStatusDetial"] == "Alive", "the misspelt field is there too"


def test_nothing_listening_is_dead_and_comes_back(cloud: Half, pods: Pods) -> None:
    lb, _ = bind(cloud, cloud.ip("20.10"))
    becomes(cloud, lb, "Dead")
    pods.start(10)
    becomes(cloud, lb, "Alive")


def test_a_pod_that_dies_is_found_dead(cloud: Half, pods: Pods) -> None:
    pod = pods.start(10)
    lb, _ = bind(cloud, pod.ip)
    becomes(cloud, lb, "Alive")
    pods.kill(pod)
    becomes(cloud, lb, "Dead")


def test_checks_go_on_at_weight_zero(cloud: Half, pods: Pods) -> None:
    pod = pods.start(10)
    lb = cloud.load_balancer()
    listener = cloud.listener(lb, **FAST)
    cloud.register(lb, listener, {"EniIp": pod.ip, "Weight": 0})
    becomes(cloud, lb, "Alive")


def test_the_switch_off_reads_close(cloud: Half) -> None:
    lb, _ = bind(cloud, cloud.ip("20.10"), HealthSwitch=0)
    assert verdict(cloud, lb) == "Close"


def test_an_http_check_wants_the_right_status(cloud: Half, pods: Pods) -> None:
    pod = pods.start(10)
    pod.status = 503
    check: Document = {
        "CheckType": "HTTP",
        "HttpCheckPath": "/healthz",
        "HttpCheckDomain": "shop",
        "HttpVersion": "HTTP/1.1",
        "HttpCheckMethod": "GET",
        "HttpCode": 2,
    }
    lb, _ = bind(cloud, pod.ip, **check)
    becomes(cloud, lb, "Dead")
    pod.status = 204
    becomes(cloud, lb, "Alive")
    assert (cloud.ip("0.64"), "GET /healthz HTTP/1.1") in pod.requests


def test_probes_come_from_the_range_or_from_the_vip(cloud: Half, pods: Pods) -> None:
    """SourceIpType 1 is the 100.64 range, 0 the VIP."""
    pod = pods.start(10, udp=True)
    custom: Document = {"CheckType": "CUSTOM", "ContextType": "TEXT", "SendContext": "ping"}
    lb, _ = bind(cloud, pod.ip, protocol="UDP", SourceIpType=0, **custom)
    becomes(cloud, lb, "Alive")
    assert {source for source, _ in pod.requests} == {cloud.vip(lb)}


def test_a_udp_check_that_expects_an_answer_gets_the_right_one(cloud: Half, pods: Pods) -> None:
    pod = pods.start(10, udp=True)
    custom: Document = {"CheckType": "CUSTOM", "ContextType": "TEXT", "SendContext": "ping"}
    good, _ = bind(cloud, pod.ip, protocol="UDP", RecvContext=pod.ip, **custom)
    bad, _ = bind(cloud, pod.ip, protocol="UDP", RecvContext="pong", **custom)
    becomes(cloud, good, "Alive")
    becomes(cloud, bad, "Dead")


def test_ping_only_says_that_the_network_is_up(cloud: Half, pods: Pods) -> None:
    """A UDP target with the wrong port is Alive all the same: podgate warns of it."""
    pods.start(10, port=9999, udp=True)
    up, _ = bind(cloud, cloud.ip("20.10"), protocol="UDP")
    down, _ = bind(cloud, cloud.ip("20.11"), protocol="UDP")
    becomes(cloud, up, "Alive")
    becomes(cloud, down, "Dead")


def test_a_new_registration_of_an_address_starts_as_unknown(cloud: Half, pods: Pods) -> None:
    pod = pods.start(10)
    lb, listener = bind(cloud, pod.ip, **SLOW)
    looks_until(cloud, lb, "Alive")
    target = {"ListenerId": listener, "EniIp": pod.ip, "Port": 8080}
    cloud.clb("BatchDeregisterTargets", LoadBalancerId=lb, Targets=[target])
    assert verdict(cloud, lb) == ""
    cloud.register(lb, listener, {"EniIp": pod.ip})
    assert verdict(cloud, lb) == "Unknown"


def test_stale_and_missing_health_are_faults(cloud: Half, pods: Pods) -> None:
    pod = pods.start(10)
    lb, _ = bind(cloud, pod.ip, **SLOW)
    assert verdict(cloud, lb) == "Unknown"
    cloud.fault("stale_health")

    def really_alive() -> bool:
        cloud.pass_time(300)
        return "Alive" in str(cloud.control("GET", f"lb/{lb}"))

    until(really_alive)
    assert verdict(cloud, lb) == "Unknown", "as old as the last answer before the fault"
    cloud.control("DELETE", "faults")
    becomes(cloud, lb, "Alive")
    cloud.fault("missing_health", times=1, ips=[pod.ip])
    assert verdict(cloud, lb) == ""
    assert verdict(cloud, lb) == "Alive"


def test_the_clock_can_be_moved_forward(cloud: Half, pods: Pods) -> None:
    pod = pods.start(10)
    lb, _ = bind(cloud, pod.ip, **SLOW)
    looks_until(cloud, lb, "Alive")
