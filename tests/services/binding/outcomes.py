"""The states that a run ends in, with or without faults on its way."""

from console.kube import Kube, path
from console.models import Account
from services.models import Binding, Registration
from tests.services.binding.driver import all_ready, balancers, pods, targets


def bound(kube: Kube, account: Account) -> None:
    """What a run without faults ends in."""
    (balancer,) = balancers(account)
    found = kube.get(path("Service", "shop", "bar"))
    shown = found["status"]["loadBalancer"]["ingress"]
    assert shown == [{"ip": balancer["LoadBalancerVips"][0], "ipMode": "Proxy"}]
    assert found["metadata"]["finalizers"] == ["podgate.dev/clb"]
    alive = {pod.status.pod_ip for pod in pods(kube)}
    assert targets(account) == {(("TCP", 8080), ip, 8080, 10) for ip in alive}
    rows = Registration.objects.filter(binding__name="bar")
    uids = {pod.status.pod_ip: pod.metadata.uid for pod in pods(kube)}
    assert {row.ip: row.pod_uid for row in rows} == uids


def gone(kube: Kube, account: Account) -> None:
    assert balancers(account) == []
    assert not Binding.objects.exists()
    assert all_ready(kube)


def is_ready(kube: Kube) -> bool:
    return all_ready(kube) and Binding.objects.get(name="bar").phase == "Ready"


def kube_delete(kube: Kube) -> None:
    kube.delete(path("Service", "shop", "bar"))
