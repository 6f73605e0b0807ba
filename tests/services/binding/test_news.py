from typing import Any

import msgspec
import pytest

from console.kinds import Pod, Service
from console.models import Cluster
from services.binding.news import News

GATE = "podgate.dev/clb-ready"


class Told:
    def __init__(self) -> None:
        self.news: list[str] = []
        self.is_away = False

    def __call__(self, cluster: Cluster, kind: str, namespace: str, name: str, obj: Any) -> None:
        if self.is_away:
            raise ConnectionError
        self.news.append(f"{kind} {name}")


def pod(
    *, ip: str = "10.0.0.1", ready: str = "True", gate: str = "", uid: str = "u1", **metadata: Any
) -> Pod:
    conditions = [{"type": "ContainersReady", "status": ready}]
    if gate:
        conditions += [{"type": GATE, "status": gate}, {"type": "Ready", "status": gate}]
    document = {
        "metadata": {"uid": uid, "name": "bar-1", "namespace": "shop", **metadata},
        "status": {"podIP": ip, "phase": "Running", "conditions": conditions},
    }
    return msgspec.convert(document, Pod)


def events(*pods: Pod | None) -> int:
    """How many of these looks at one Pod, one after the other, are told."""
    told = Told()
    news = News(told)
    for each in pods:
        news(Cluster(pk=1, gate_type=GATE), "Pod", "shop", "bar-1", each)
    return len(told.news)


def test_a_pod_seen_for_the_first_time_is_news() -> None:
    assert events(pod()) == 1


def test_its_gate_being_written_and_opened_is_none() -> None:
    assert events(pod(), pod(gate="False"), pod(gate="True"), pod(gate="True")) == 1


def test_an_open_gate_that_somebody_closes_or_takes_away_is_news() -> None:
    assert events(pod(gate="True"), pod(gate="False")) == 2
    assert events(pod(gate="True"), pod()) == 2


@pytest.mark.parametrize(
    "after",
    [
        pod(ip="10.0.0.2"),
        pod(ready="False"),
        pod(uid="u2"),
        pod(labels={"app": "other"}),
        pod(annotations={"tke.cloud.tencent.com/networks": "tke-bridge"}),
        pod(deletionTimestamp="2026-01-01T00:00:00Z"),
        None,
    ],
)
def test_whatever_a_target_depends_on_is_news(after: Pod | None) -> None:
    assert events(pod(), after) == 2


def test_a_pod_that_came_back_is_news_again() -> None:
    assert events(pod(), None, pod()) == 3


def test_what_could_not_be_told_is_news_the_next_time() -> None:
    told = Told()
    news, cluster = News(told), Cluster(pk=1, gate_type=GATE)
    told.is_away = True
    with pytest.raises(ConnectionError):
        news(cluster, "Pod", "shop", "bar-1", pod())
    told.is_away = False
    news(cluster, "Pod", "shop", "bar-1", pod())
    assert told.news == ["Pod bar-1"]


def test_other_kinds_are_always_told() -> None:
    told = Told()
    news = News(told)
    for _ in range(2):
        news(Cluster(pk=1, gate_type=GATE), "Service", "shop", "bar", object())
    assert len(told.news) == 2


def service(*, ports: int = 80, **metadata: Any) -> Service:
    ingress = metadata.pop("ingress", [])
    document = {
        "metadata": {"uid": "s1", "name": "bar", "namespace": "shop", **metadata},
        "spec": {"selector": {"app": "bar"}, "ports": [{"port": ports}]},
        "status": {"loadBalancer": {"ingress": ingress}},
    }
    return msgspec.convert(document, Service)


def of_services(*services: Service | None) -> int:
    told = Told()
    news = News(told)
    for each in services:
        news(Cluster(pk=1, gate_type=GATE), "Service", "shop", "bar", each)
    return len(told.news)


OURS = ["podgate.dev/clb"]


def test_our_own_finalizer_and_address_are_no_news_of_a_service() -> None:
    address = [{"ip": "1.2.3.4"}]
    before = (service(), service(finalizers=OURS), service(finalizers=OURS, ingress=address))
    assert of_services(*before) == 1
    vip = service(finalizers=OURS, ingress=address, annotations={"podgate.dev/vip": "1.2.3.4"})
    assert of_services(*before, vip) == 1


@pytest.mark.parametrize(
    "after",
    [
        service(),
        service(finalizers=[*OURS, "service.k8s.tencent/resources"]),
        service(finalizers=OURS, annotations={"description": "other"}),
        service(finalizers=OURS, ports=81),
        service(finalizers=OURS, uid="s2"),
        service(finalizers=OURS, deletionTimestamp="2026-01-01T00:00:00Z"),
        None,
    ],
)
def test_whatever_else_happens_to_a_service_is_news(after: Service | None) -> None:
    assert of_services(service(finalizers=OURS), after) == 2


def test_an_address_that_somebody_takes_away_is_news() -> None:
    shown = service(finalizers=OURS, ingress=[{"ip": "1.2.3.4"}])
    assert of_services(shown, service(finalizers=OURS)) == 2
