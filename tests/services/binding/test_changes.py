"""What happens to Services and Pods in their lives, against the sandbox."""

from typing import Any

import pytest

from console.kube import Kube, path
from console.models import Account, Activity, Cluster
from services.binding import sweeping
from services.models import Binding
from tests.services.binding.driver import (
    GATE,
    all_ready,
    balancers,
    condition,
    create,
    drive,
    is_gone,
    pods,
    service,
    targets,
)

pytestmark = [pytest.mark.sandbox, pytest.mark.django_db(transaction=True)]

GATED_PORT = 8080


def scale(kube: Kube, replicas: int) -> None:
    where = path("Deployment", "shop", "storefront")
    kube.patch(where, {"spec": {"replicas": replicas}}, kind="merge")


def bound(kube: Kube, account: Account) -> bool:
    """Exactly the running Pods are targets, all of them with their weight."""
    alive = {p.status.pod_ip for p in pods(kube) if p.metadata.deletion_timestamp is None}
    has = targets(account)
    return {ip for _, ip, _, weight in has if weight} == alive and len(has) == len(alive)


def test_a_private_service_by_annotation_shows_its_address_there(
    cluster: Cluster, kube: Kube, account: Account
) -> None:
    subnet = {"service.kubernetes.io/qcloud-loadbalancer-internal-subnetid": "subnet-clb01"}
    binding = create(kube, cluster, service(by="annotation", annotations=subnet))
    drive(binding, until=lambda: all_ready(kube))
    (balancer,) = balancers(account)
    assert (balancer["LoadBalancerType"], balancer["SubnetId"]) == ("INTERNAL", "subnet-clb01")
    annotations = kube.get(path("Service", "shop", "bar"))["metadata"]["annotations"]
    assert annotations["podgate.dev/vip"] == balancer["LoadBalancerVips"][0]


def test_several_ports_named_and_udp_get_a_listener_each(
    cluster: Cluster, kube: Kube, account: Account
) -> None:
    name = pods(kube)[0].spec.containers[0].ports[0].name or 8080
    ports: list[tuple[str, int, int | str]] = [("TCP", 80, name), ("UDP", 53, 8080)]
    binding = create(kube, cluster, service(ports=ports))
    drive(binding, until=lambda: len(targets(account)) == 6)
    listeners = {(protocol, port) for (protocol, port), *_ in targets(account)}
    assert listeners == {("TCP", 80), ("UDP", 53)}


def test_a_pod_behind_two_services_waits_for_both(
    cluster: Cluster, kube: Kube, account: Account
) -> None:
    first = create(kube, cluster, service("bar"))
    second = create(kube, cluster, service("baz"))
    drive(first, until=lambda: Binding.objects.get(pk=first.pk).phase == "Ready")
    assert not any(condition(pod, GATE) == "True" for pod in pods(kube))
    drive(second, until=lambda: all_ready(kube))
    kube.delete(path("Service", "shop", "bar"))
    drive(first, until=lambda: is_gone(kube))
    assert all_ready(kube)
    assert len(balancers(account)) == 1


def test_scaling_a_deployment_moves_targets_with_its_pods(
    cluster: Cluster, kube: Kube, account: Account
) -> None:
    binding = create(kube, cluster, service())
    drive(binding, until=lambda: all_ready(kube))
    scale(kube, 5)
    drive(binding, until=lambda: len(pods(kube)) == 5 and all_ready(kube))
    scale(kube, 1)
    drive(binding, until=lambda: len(pods(kube)) == 1 and bound(kube, account))


def test_a_rolling_update_ends_with_the_new_pods_bound(
    cluster: Cluster, kube: Kube, account: Account
) -> None:
    binding = create(kube, cluster, service())
    drive(binding, until=lambda: all_ready(kube))
    before = {pod.metadata.uid for pod in pods(kube)}
    template = {"metadata": {"annotations": {"example.com/revision": "2"}}}
    where = path("Deployment", "shop", "storefront")
    kube.patch(where, {"spec": {"template": template}}, kind="merge")

    def rolled() -> bool:
        uids = {pod.metadata.uid for pod in pods(kube)}
        return not before & uids and len(uids) == 3 and all_ready(kube) and bound(kube, account)

    drive(binding, until=rolled)


def test_a_changed_selector_moves_the_targets(
    cluster: Cluster, kube: Kube, account: Account
) -> None:
    binding = create(kube, cluster, service())
    drive(binding, until=lambda: all_ready(kube))
    port = pods(kube, "reviews")[0].spec.containers[0].ports[0].container_port
    ports = [{"name": "p0", "port": 8080, "targetPort": port}]
    changed: dict[str, Any] = {"spec": {"selector": {"app": "reviews"}, "ports": ports}}
    kube.patch(path("Service", "shop", "bar"), changed, kind="merge")

    def reviews() -> set[str]:
        return {pod.status.pod_ip for pod in pods(kube, "reviews")}

    drive(binding, until=lambda: {ip for _, ip, _, _ in targets(account)} == reviews())


def test_a_claim_that_is_taken_back_leaves_the_service_and_takes_the_load_balancer(
    cluster: Cluster, kube: Kube, account: Account
) -> None:
    binding = create(kube, cluster, service(by="annotation"))
    drive(binding, until=lambda: all_ready(kube))
    where = path("Service", "shop", "bar")
    kube.patch(where, {"metadata": {"annotations": {"podgate.dev/claim": None}}}, kind="merge")
    drive(binding, until=lambda: not Binding.objects.exists())
    metadata = kube.get(where)["metadata"]
    assert not metadata.get("finalizers")
    assert "podgate.dev/vip" not in (metadata.get("annotations") or {})
    assert balancers(account) == []
    # Claimed again it gets a new one, though its uid is the old one.
    kube.patch(where, {"metadata": {"annotations": {"podgate.dev/claim": "clb"}}}, kind="merge")
    sweeping.adopt(cluster, "shop", "bar")
    again = Binding.objects.get()
    drive(again, until=lambda: Binding.objects.get().phase == "Ready")
    assert len(balancers(account)) == 1


def test_a_deleted_service_may_come_again(cluster: Cluster, kube: Kube, account: Account) -> None:
    for _ in range(2):
        binding = create(kube, cluster, service())
        drive(binding, until=lambda: all_ready(kube))
        assert len(balancers(account)) == 1
        kube.delete(path("Service", "shop", "bar"))
        drive(binding, until=lambda: is_gone(kube))
        assert balancers(account) == []
    assert Activity.objects.filter(kind="LoadBalancer", verb="delete").count() == 2
    made = Activity.objects.filter(kind="LoadBalancer", verb__in=["create", "adopt"])
    assert len({row.name for row in made}) == 2


def test_a_service_that_only_asks_for_direct_access_is_left_alone(
    cluster: Cluster, kube: Kube
) -> None:
    body = service(annotations={"service.cloud.tencent.com/direct-access": "true"})
    del body["spec"]["loadBalancerClass"]
    kube.create(path("Service", "shop"), body)
    sweeping.sweep(cluster)
    assert not Binding.objects.exists()


def test_an_annotation_podgate_would_ignore_blocks_before_anything_is_made(
    cluster: Cluster, kube: Kube, account: Account
) -> None:
    refused = {"service.kubernetes.io/tke-existed-lbid": "lb-12345678"}
    binding = create(kube, cluster, service(annotations=refused))
    drive_blocked(binding, "UnsupportedAnnotation")
    assert balancers(account) == []


def test_a_service_tke_works_on_is_blocked(cluster: Cluster, kube: Kube, account: Account) -> None:
    mark = {"service.kubernetes.io/loadbalance-id": "lb-87654321"}
    binding = create(kube, cluster, service(annotations=mark))
    drive_blocked(binding, "TkeBinds")
    assert balancers(account) == []


def test_a_second_installation_only_reads(cluster: Cluster, kube: Kube, account: Account) -> None:
    kube.create(path("Namespace"), {"metadata": {"name": "podgate-system"}})
    owner = {"metadata": {"name": "podgate-owner"}, "data": {"installation": "another"}}
    kube.create(path("ConfigMap", "podgate-system"), owner)
    binding = create(kube, cluster, service())
    drive_blocked(binding, "AnotherInstallation")
    assert "finalizers" not in kube.get(path("Service", "shop", "bar"))["metadata"]


def test_where_tke_binds_nothing_is_written(cluster: Cluster, kube: Kube) -> None:
    binding = create(kube, cluster, service())
    Cluster.objects.update(binder="tke")
    drive_blocked(binding, "TkeIsBinder")
    assert "finalizers" not in kube.get(path("Service", "shop", "bar"))["metadata"]


def test_an_account_that_became_another_one_never_means_gone(
    cluster: Cluster, kube: Kube, account: Account
) -> None:
    binding = create(kube, cluster, service())
    drive(binding, until=lambda: all_ready(kube))
    Account.objects.update(uin="100099999999")
    drive_blocked(binding, "AccountChanged")
    Account.objects.update(uin=account.uin)
    drive(binding, until=lambda: Binding.objects.get().phase == "Ready")
    assert len(balancers(account)) == 1


def test_without_a_health_check_the_gate_opens_and_says_so(cluster: Cluster, kube: Kube) -> None:
    listener = {"protocol": "TCP", "port": 8080, "healthCheck": {"enable": False}}
    config = {
        "apiVersion": "cloud.tencent.com/v1alpha1",
        "kind": "TkeServiceConfig",
        "metadata": {"name": "bar-config", "namespace": "shop"},
        "spec": {"loadBalancer": {"l4Listeners": [listener]}},
    }
    kube.create(path("TkeServiceConfig", "shop"), config)
    named = {"service.cloud.tencent.com/tke-service-config": "bar-config"}
    binding = create(kube, cluster, service(annotations=named))
    drive(binding, until=lambda: all_ready(kube))
    gate = next(c for c in pods(kube)[0].status.conditions if c.type == GATE)
    assert gate.reason == "HealthCheckDisabled"


def test_a_settled_binding_writes_nothing(cluster: Cluster, kube: Kube) -> None:
    from console.doors import recording
    from services.binding.reconcile import reconcile

    binding = create(kube, cluster, service())
    drive(binding, until=lambda: Binding.objects.get().phase == "Ready")
    with recording() as calls:
        reconcile(binding.pk)
    assert [call.action for call in calls if call.write] == []


def drive_blocked(binding: Binding, code: str) -> None:
    from services.binding.reconcile import reconcile

    reconcile(binding.pk)
    row = Binding.objects.get(pk=binding.pk)
    assert (row.phase, [problem["code"] for problem in row.problems]) == ("Blocked", [code])
