"""Binder = tke: the sandbox plays TKE's service-controller, podgate looks and writes nothing."""

from typing import Any

import pytest

from console import doors
from console.kube import Kube, connect, path
from console.models import Account, Cluster
from sandbox.service_controller.doors import Cloud
from sandbox.service_controller.doors import Cluster as Door
from sandbox.service_controller.run import GATE, REASON, Controller
from services.binding import health, sweeping
from services.binding.reconcile import reconcile
from services.creation import create
from services.models import Binding
from services.spec import Access, Port, Protocol, ServiceSpec
from tests.conftest import register
from tests.services.binding.driver import condition, pods, poll
from tests.wait import until
from tests.world import World

pytestmark = [pytest.mark.sandbox, pytest.mark.django_db(transaction=True)]
MARK = "service.kubernetes.io/loadbalance-id"


@pytest.fixture
def cluster(sandbox: World, account: Account) -> Cluster:
    return register(sandbox, "cls-vpccni01", binder="tke")


@pytest.fixture
def kube(cluster: Cluster) -> Kube:
    """`storefront` waits for TKE's gate, as where TKE's webhook injects it."""
    kube = connect(cluster)
    gates = [{"conditionType": GATE}]
    kube.patch(
        path("Deployment", "shop", "storefront"),
        {"spec": {"template": {"spec": {"readinessGates": gates}}}},
        kind="merge",
    )
    until(lambda: len([pod for pod in pods(kube) if is_gated(pod) and pod.status.pod_ip]) == 1)
    return kube


def is_gated(pod: Any) -> bool:
    return any(gate.condition_type == GATE for gate in pod.spec.readiness_gates)


@pytest.fixture
def tke(sandbox: World, cluster: Cluster) -> Controller:
    facts = sandbox.cluster(cluster.cluster_id)
    return Controller(cluster.cluster_id, Door(facts), Cloud(sandbox.tencent))


def is_rolled(kube: Kube) -> bool:
    """Every Pod waits for TKE's gate, and has it."""
    found = pods(kube)
    return len(found) == 3 and all(condition(pod, GATE) == "True" for pod in found)


def spec(name: str = "bar", *, app: str = "storefront", direct: bool = True) -> ServiceSpec:
    return ServiceSpec(
        namespace="shop",
        name=name,
        access=Access.PUBLIC,
        ports=(Port(Protocol.TCP, 80, 8080, "http"),),
        selector=(("app", app),),
        direct=direct,
    )


def made(cluster: Cluster, kube: Kube, **how: Any) -> Binding:
    """As the console's form makes it."""
    from django.contrib.auth.models import AnonymousUser

    create(AnonymousUser(), cluster, spec(**how), token="t1")
    sweeping.sweep(cluster)
    return Binding.objects.get()


def brought(tke: Controller, binding: Binding, phase: str) -> Binding:
    def is_there() -> bool:
        tke.look()
        reconcile(binding.pk)
        return Binding.objects.get(pk=binding.pk).phase == phase

    until(is_there)
    return Binding.objects.get(pk=binding.pk)


def test_what_tke_binds_is_shown_to_the_end_without_one_write(
    cluster: Cluster, kube: Kube, tke: Controller
) -> None:
    binding = made(cluster, kube)
    service = kube.get(path("Service", "shop", "bar"))
    assert service["spec"]["type"] == "LoadBalancer"
    assert "loadBalancerClass" not in service["spec"]
    assert service["metadata"]["annotations"]["service.cloud.tencent.com/direct-access"] == "true"
    with doors.recording() as calls:
        reconcile(binding.pk)
        assert "not named a load balancer yet" in Binding.objects.get().message
        until(lambda: brought(tke, binding, "Ready") and is_rolled(kube))
        row = brought(tke, binding, "Ready")
        poll(health.due())
        sweeping.sweep(cluster)
        sweeping.sweep_orphans(cluster.account)
    assert [call.action for call in calls if call.write] == []
    assert row.watched
    service = kube.get(path("Service", "shop", "bar"))
    assert service["metadata"]["annotations"][MARK] == row.lb_id
    assert service["metadata"]["finalizers"] == ["service.k8s.tencent/resources"]
    assert row.vip
    found = pods(kube)
    assert {c.reason for p in found for c in p.status.conditions if c.type == GATE} == {REASON}
    targets = row.registrations.values_list("pod_name", "health", "weight")
    assert set(targets) == {(pod.metadata.name, "Alive", 10) for pod in found}

    kube.delete(path("Service", "shop", "bar"))
    with doors.recording() as calls:

        def is_gone() -> bool:
            tke.look()
            if Binding.objects.exists():
                reconcile(binding.pk)
            return not Binding.objects.exists()

        until(is_gone)
    assert [call.action for call in calls if call.write] == []


def test_direct_access_may_be_left_to_tkes_node_ports(cluster: Cluster, kube: Kube) -> None:
    made(cluster, kube, direct=False)
    service = kube.get(path("Service", "shop", "bar"))
    said = service["metadata"].get("annotations") or {}
    assert "service.cloud.tencent.com/direct-access" not in said


def test_the_marks_of_both_controllers_are_a_loud_problem(
    cluster: Cluster, kube: Kube, tke: Controller
) -> None:
    binding = made(cluster, kube)
    brought(tke, binding, "Ready")
    ours = {"metadata": {"finalizers": ["service.k8s.tencent/resources", "podgate.dev/clb"]}}
    kube.patch(path("Service", "shop", "bar"), ours, kind="merge")
    reconcile(binding.pk)
    row = Binding.objects.get()
    assert (row.phase, [p["code"] for p in row.problems]) == ("Blocked", ["TwoControllers"])
    assert "Let one of the two bind it" in row.message
    alone = {"metadata": {"finalizers": ["service.k8s.tencent/resources"]}}
    kube.patch(path("Service", "shop", "bar"), alone, kind="merge")
    reconcile(binding.pk)
    assert Binding.objects.get().phase == "Ready"
    kube.delete(path("Service", "shop", "bar"))
    tke.look()


def test_pods_behind_services_of_both_kinds_are_a_loud_problem(
    cluster: Cluster, kube: Kube, tke: Controller
) -> None:
    binding = made(cluster, kube)
    brought(tke, binding, "Ready")
    body = {
        "metadata": {"name": "claimed", "annotations": {"podgate.dev/claim": "clb"}},
        "spec": {"selector": {"app": "storefront"}, "ports": [{"port": 80}]},
    }
    kube.create(path("Service", "shop"), body)
    reconcile(binding.pk)
    row = Binding.objects.get()
    assert [p["code"] for p in row.problems] == ["PodsOfBothKinds"]
    assert "claimed" in row.message


def test_a_load_balancer_that_is_gone_is_told(
    cluster: Cluster, kube: Kube, tke: Controller
) -> None:
    binding = made(cluster, kube)
    row = brought(tke, binding, "Ready")
    tke.cloud.call("DeleteLoadBalancer", LoadBalancerIds=[row.lb_id])

    def is_told() -> bool:
        reconcile(binding.pk)
        return Binding.objects.get().phase == "Blocked"

    until(is_told)
    row = Binding.objects.get()
    assert [p["code"] for p in row.problems] == ["LoadBalancerGone"]
    assert not row.registrations.exists()


def test_another_binder_forgets_what_was_only_watched(
    sandbox: World, cluster: Cluster, kube: Kube
) -> None:
    made(cluster, kube)
    again = register(sandbox, "cls-vpccni01")
    assert again.gate_type == "podgate.dev/clb-ready"
    with doors.recording() as calls:
        sweeping.sweep(again)
    assert not Binding.objects.exists()
    assert not [call for call in calls if call.write]
