"""The layer-4 data plane on the VIPs: who gets traffic, and what becomes of connections."""

import http.client
from collections import Counter
from contextlib import closing
from typing import Any

from tests.sandbox.tencent.half import Document, Half
from tests.sandbox.tencent.pods import Pod, Pods, datagram, get
from tests.wait import PATIENCE, until

UNCHECKED: Document = {"HealthSwitch": 0}
FAST: Document = {"IntervalTime": 5, "TimeOut": 2, "HealthNum": 2, "UnHealthNum": 2}


def serving(cloud: Half, *targets: Document, **check: Any) -> tuple[str, str, str]:
    """A load balancer with one listener on port 80: its id, the listener's, the VIP."""
    lb = cloud.load_balancer()
    listener = cloud.listener(lb, **(check or UNCHECKED))
    cloud.register(lb, listener, *targets)
    return lb, listener, cloud.vip(lb)


def names(vip: str, times: int) -> Counter[str]:
    answers = [get(vip) for _ in range(times)]
    return Counter(answer.split()[0] if answer else "" for answer in answers)


def weigh(cloud: Half, lb: str, listener: str, pod: Pod, weight: int) -> None:
    target = {"EniIp": pod.ip, "Port": 8080, "Weight": weight}
    cloud.finished(
        cloud.clb("ModifyTargetWeight", LoadBalancerId=lb, ListenerId=listener, Targets=[target])
    )


def test_pods_see_the_clients_own_address(cloud: Half, pods: Pods) -> None:
    pod = pods.start(10)
    _, _, vip = serving(cloud, {"EniIp": pod.ip})
    client = cloud.ip("0.99")
    assert get(vip, source=client) == f"{pod.ip} {client}"


def test_connections_are_shared_by_weight(cloud: Half, pods: Pods) -> None:
    one, two = pods.start(10), pods.start(11)
    targets = {"EniIp": one.ip, "Weight": 10}, {"EniIp": two.ip, "Weight": 30}
    _, _, vip = serving(cloud, *targets)
    assert names(vip, 40) == {one.ip: 10, two.ip: 30}


def test_weight_zero_gets_nothing_new_but_keeps_what_it_has(cloud: Half, pods: Pods) -> None:
    one, two = pods.start(10), pods.start(11)
    lb, listener, vip = serving(cloud, {"EniIp": one.ip}, {"EniIp": two.ip, "Weight": 0})
    with closing(http.client.HTTPConnection(vip, 80, timeout=PATIENCE)) as established:
        assert ask(established).startswith(one.ip)
        weigh(cloud, lb, listener, two, 10)
        weigh(cloud, lb, listener, one, 0)
        assert names(vip, 6) == {two.ip: 6}
        assert ask(established).startswith(one.ip)


def ask(connection: http.client.HTTPConnection) -> str:
    connection.request("GET", "/")
    return connection.getresponse().read().decode()


def test_unknown_targets_get_no_traffic(cloud: Half, pods: Pods) -> None:
    pod = pods.start(10)
    lb, _, vip = serving(cloud, {"EniIp": pod.ip}, IntervalTime=300)
    assert cloud.health(lb) == {f"{pod.ip}:8080": "Unknown"}
    assert get(vip) is None


def test_dead_targets_get_no_traffic_while_another_is_alive(cloud: Half, pods: Pods) -> None:
    alive = pods.start(10)
    lb, _, vip = serving(cloud, {"EniIp": alive.ip}, {"EniIp": cloud.ip("20.11")}, **FAST)
    until(lambda: sorted(cloud.health(lb).values()) == ["Alive", "Dead"], every=0.1)
    assert names(vip, 6) == {alive.ip: 6}


def test_all_dead_means_all_alive(cloud: Half, pods: Pods) -> None:
    """When every target is unhealthy, CLB forwards to all of them."""
    pod = pods.start(10)
    pod.status = 503
    check = {"CheckType": "HTTP", "HttpCheckDomain": "shop", "HttpVersion": "HTTP/1.1"}
    lb, _, vip = serving(cloud, {"EniIp": pod.ip}, **FAST, **check, HttpCode=2)
    until(lambda: set(cloud.health(lb).values()) == {"Dead"}, every=0.1)
    assert get(vip) == f"{pod.ip} 127.0.0.1"


def test_sessions_stay_with_their_target(cloud: Half, pods: Pods) -> None:
    """SessionExpireTime holds a source address to one target, as long as it takes traffic."""
    one, two = pods.start(10), pods.start(11)
    lb, listener, vip = serving(cloud, {"EniIp": one.ip}, {"EniIp": two.ip})
    cloud.finished(
        cloud.clb("ModifyListener", LoadBalancerId=lb, ListenerId=listener, SessionExpireTime=3600)
    )
    ((held, times),) = names(vip, 6).items()
    assert times == 6
    pod, other = (one, two) if held == one.ip else (two, one)
    weigh(cloud, lb, listener, pod, 0)
    assert names(vip, 4) == {other.ip: 4}


def test_deregistering_resets_connections_only_if_asked_to(cloud: Half, pods: Pods) -> None:
    """DeregisterTargetRst is off by default: established connections live on."""
    pod = pods.start(10)
    lb, listener, vip = serving(cloud, {"EniIp": pod.ip})
    target = {"ListenerId": listener, "EniIp": pod.ip, "Port": 8080}
    with closing(http.client.HTTPConnection(vip, 80, timeout=PATIENCE)) as established:
        ask(established)
        cloud.clb("BatchDeregisterTargets", LoadBalancerId=lb, Targets=[target])
        assert get(vip) is None
        assert ask(established).startswith(pod.ip)
    cloud.register(lb, listener, {"EniIp": pod.ip})
    switched = {"ListenerId": listener, "DeregisterTargetRst": True}
    cloud.finished(cloud.clb("ModifyListener", LoadBalancerId=lb, **switched))
    with closing(http.client.HTTPConnection(vip, 80, timeout=PATIENCE)) as established:
        ask(established)
        cloud.clb("BatchDeregisterTargets", LoadBalancerId=lb, Targets=[target])
        try:
            answered = ask(established)
        except (OSError, http.client.HTTPException):
            answered = ""
        assert answered == ""


def test_udp_is_forwarded_both_ways_with_the_clients_address(cloud: Half, pods: Pods) -> None:
    pod = pods.start(10, udp=True)
    lb = cloud.load_balancer()
    listener = cloud.listener(lb, 53, "UDP", HealthSwitch=0)
    cloud.register(lb, listener, {"EniIp": pod.ip})
    assert datagram(cloud.vip(lb), 53, "hello") == f"{pod.ip} 127.0.0.1 hello"


def test_a_deleted_listener_is_not_served_and_its_port_is_free_again(
    cloud: Half, pods: Pods
) -> None:
    pod = pods.start(10)
    lb, listener, vip = serving(cloud, {"EniIp": pod.ip})
    assert get(vip)
    cloud.finished(cloud.clb("DeleteListener", LoadBalancerId=lb, ListenerId=listener))
    assert get(vip) is None
    again = cloud.listener(lb, **UNCHECKED)
    cloud.register(lb, again, {"EniIp": pod.ip})
    assert get(vip)


def test_a_big_answer_to_a_slow_reader_arrives_whole(cloud: Half, pods: Pods) -> None:
    pod = pods.start(10)
    pod.filler = 8_000_000
    _, _, vip = serving(cloud, {"EniIp": pod.ip})
    with closing(http.client.HTTPConnection(vip, 80, timeout=PATIENCE)) as connection:
        connection.request("GET", "/")
        answer = connection.getresponse()
        size = sum(len(piece) for piece in iter(lambda: answer.read(50_000), b""))
    assert size > pod.filler


def test_a_pod_that_refuses_resets_the_caller(cloud: Half) -> None:
    _, _, vip = serving(cloud, {"EniIp": cloud.ip("20.10")})
    assert get(vip) is None
