"""Real traffic through the VIP while Pods come and go: 0 lost with gate and drain, else some.

The two control runs are the meter: without them nobody knows that the traffic could be lost.
"""

import pytest

from console.kube import Kube, path
from console.models import Cluster
from services.models import Binding
from tests.services.binding import driver
from tests.services.binding.rolling import (
    APP,
    PRE_STOP,
    bind,
    is_rolled,
    roll,
    start,
    traffic_to,
)
from tests.wait import until

pytestmark = [pytest.mark.sandbox, pytest.mark.django_db(transaction=True)]


def serve(
    kube: Kube, cluster: Cluster, *, gate: bool = True, pre_stop: int = PRE_STOP, interval: int = 5
) -> Binding:
    start(kube, gate=gate, pre_stop=pre_stop)
    return bind(kube, cluster, interval=interval)


def test_with_gate_and_drain_nothing_is_lost(kube: Kube, cluster: Cluster) -> None:
    """Two rollouts, a Pod deleted, a scale-down."""
    binding = serve(kube, cluster)
    with traffic_to(kube, binding) as traffic:
        for number in ("1", "2"):
            roll(kube, number)
            until(lambda: is_rolled(kube, binding))
        kube.delete(path("Pod", "shop", driver.pods(kube, APP)[0].metadata.name))
        until(lambda: is_rolled(kube, binding))
        kube.patch(path("Deployment", "shop", APP), {"spec": {"replicas": 1}})
        until(lambda: is_rolled(kube, binding, replicas=1))
    assert traffic.lost == {}, traffic.losses
    assert traffic.ok == traffic.sent > 100


def loses(kube: Kube, binding: Binding) -> bool:
    """Within ten rollouts: a moment of one may pass while nobody asks."""
    with traffic_to(kube, binding) as traffic:
        for number in range(10):
            roll(kube, str(number))
            until(lambda: traffic.lost_count or is_rolled(kube, binding))
            if traffic.lost_count:
                return True
    return False


def test_without_a_gate_requests_are_lost(kube: Kube, cluster: Cluster) -> None:
    """New Pods are Ready at once, the old ones go, and the CLB still checks the new."""
    assert loses(kube, serve(kube, cluster, gate=False, pre_stop=20, interval=30))


def test_without_a_drain_requests_are_lost(kube: Kube, cluster: Cluster) -> None:
    """Sockets close with the deletion, and the CLB hears of it afterwards."""
    assert loses(kube, serve(kube, cluster, pre_stop=0))
