"""From a change in a cluster to the bindings it concerns."""

from typing import Any

import pytest
from django.utils import timezone

from console import kinds
from console.models import Cluster
from services.binding import waking
from services.models import Binding
from tests.services.binding.triggers.rows import registration

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_pods_change_wakes_the_bindings_that_select_it(
    binding: Binding, cluster: Cluster, queue: Any
) -> None:
    from workloads.models import Service

    Service.objects.create(
        cluster=cluster,
        uid="uid-1",
        namespace="shop",
        name="bar",
        resource_version="1",
        created_at=timezone.now(),
        type="LoadBalancer",
        selector={"app": "bar"},
    )
    other = kinds.Pod(metadata=kinds.ObjectMeta(name="x", labels={"app": "other"}))
    waking.on_change(cluster, "Pod", "shop", "x", other)
    assert queue() == 0
    mine = kinds.Pod(metadata=kinds.ObjectMeta(name="bar-1", labels={"app": "bar"}))
    waking.on_change(cluster, "Pod", "shop", "bar-1", mine)
    assert queue() == 1


def test_what_a_pods_change_costs_does_not_grow_with_the_services_around(
    binding: Binding, cluster: Cluster, queue: Any, django_assert_num_queries: Any
) -> None:
    """Fifty thousand Pods are told of when a cluster is first listed."""
    from workloads.models import Service

    for number in range(50):
        Service.objects.create(
            cluster=cluster,
            uid=f"other-{number}",
            namespace="bulk",
            name=f"other-{number}",
            resource_version="1",
            created_at=timezone.now(),
            type="ClusterIP",
            selector={"app": "bar"},
        )
    pod = kinds.Pod(metadata=kinds.ObjectMeta(name="bar-1", uid="u", labels={"app": "bar"}))
    with django_assert_num_queries(1) as asked:
        waking.on_change(cluster, "Pod", "bulk", "bar-1", pod)
    assert "workloads_service" not in asked[0]["sql"]
    assert queue() == 0


def test_a_pod_that_no_selector_matches_any_more_wakes_what_it_is_registered_with(
    binding: Binding, cluster: Cluster, queue: Any
) -> None:
    registration(binding, "Alive", seconds_ago=60)
    other = kinds.Pod(metadata=kinds.ObjectMeta(name="x", uid="uid", labels={"app": "other"}))
    waking.on_change(cluster, "Pod", "shop", "x", other)
    assert queue() == 1


def test_a_pod_that_is_gone_wakes_the_bindings_it_was_registered_with(
    binding: Binding, cluster: Cluster, queue: Any
) -> None:
    registration(binding, "Alive", seconds_ago=60)
    waking.on_change(cluster, "Pod", "shop", "bar-1", None)
    assert queue() == 1


def test_a_service_made_anew_is_looked_at_though_the_old_binding_still_goes(
    binding: Binding, cluster: Cluster, queue: Any
) -> None:
    metadata = kinds.ObjectMeta(name="bar", namespace="shop", uid="another")
    spec = kinds.ServiceSpec(load_balancer_class="podgate.dev/clb")
    again = kinds.Service(metadata=metadata, spec=spec)
    waking.on_change(cluster, "Service", "shop", "bar", again)
    assert queue() == 2
