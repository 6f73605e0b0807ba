"""What comes with injection: Create waits for it, old Pods are rolled, lost gates are released."""

from typing import Any

import pytest

from console.kube import Kube, connect, path
from console.models import Activity, Cluster
from services import leaving
from services.admission import abandoned, rolling, scope
from tests.console.pages import person
from tests.services.admission.conftest import Webhook, layer
from tests.services.admission.test_integrity import names
from tests.services.admission.test_webhook import claim
from tests.services.binding.driver import GATE
from tests.wait import PATIENCE, until
from workloads.actions.changes import RESTARTED_AT

pytestmark = pytest.mark.sandbox


def test_create_waits_until_new_pods_of_the_namespace_are_injected(
    ready: Webhook, cluster: Cluster
) -> None:
    until(lambda: layer().probe_ok)
    claim(cluster)
    assert scope.reaches(cluster, "shop")
    assert "pods.podgate.dev" in names(connect(cluster))


def test_create_does_not_wait_for_a_webhook_that_does_not_run(cluster: Cluster) -> None:
    assert scope.reaches(cluster, "shop")


def test_a_gate_whose_service_is_gone_is_released(ready: Webhook, cluster: Cluster) -> None:
    kube = connect(cluster)
    claim(cluster)
    until(lambda: "pods.podgate.dev" in names(kube))
    body = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "by-hand", "labels": {"app": "storefront"}},
        "spec": {"containers": [{"name": "web", "image": "web:1"}]},
    }
    assert kube.create(path("Pod", "shop"), body)["spec"]["readinessGates"]
    assert abandoned.release(cluster) == 0
    kube.delete(path("Service", "shop", "bar"))
    assert abandoned.release(cluster) == 1
    assert abandoned.release(cluster) == 0
    assert condition(kube)["reason"] == "BindingRemoved"


def condition(kube: Kube) -> dict[str, Any]:
    pod = kube.get(path("Pod", "shop", "by-hand"))
    return next(dict(one) for one in pod["status"]["conditions"] if one["type"] == GATE)


def test_a_roll_is_kubectls_rollout_restart(cluster: Cluster) -> None:
    rolling.roll(person(), cluster, "Deployment", "shop", "reviews")
    found = connect(cluster).get(path("Deployment", "shop", "reviews"))
    assert RESTARTED_AT in found["spec"]["template"]["metadata"]["annotations"]
    assert Activity.objects.filter(verb="restart", name="reviews", ok=True).exists()


def test_a_cluster_that_leaves_takes_its_registration_along(
    ready: Webhook, cluster: Cluster
) -> None:
    kube = connect(cluster)
    until(lambda: names(kube))
    told: list[str] = []
    leaving.leave(cluster, with_load_balancers=False, patience=PATIENCE, tell=told.append)
    assert "podgate-cls-vpccni01 deleted" in told
    assert not names(kube)
