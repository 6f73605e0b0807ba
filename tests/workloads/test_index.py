"""The watcher against the sandbox's real HTTP, with its faults switched on."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from console import kube
from console.models import Cluster
from tests.conftest import register
from tests.wait import until
from tests.workloads.watching import PACE, watching
from tests.world import World
from workloads.index import Pace, leases, tables
from workloads.models import Pod, Service, Watch, Watcher, WatchLease, Workload

pytestmark = [pytest.mark.sandbox, pytest.mark.django_db(transaction=True)]


def names(**filters: Any) -> set[str]:
    return set(Pod.objects.filter(**filters).values_list("name", flat=True))


def live_names(cluster: Cluster) -> set[str]:
    found = kube.connect(cluster).get(kube.path("Pod"))
    return {item["metadata"]["name"] for item in found["items"]}


def scale(cluster: Cluster, name: str, replicas: int) -> None:
    path = kube.path("Deployment", "shop", name)
    kube.connect(cluster).patch(path, {"spec": {"replicas": replicas}}, kind="merge")


def is_in_step(cluster: Cluster) -> bool:
    try:
        return names(cluster=cluster) == live_names(cluster) != set()
    except kube.KubeError:
        # The fault hit the test's own question; it will ask again.
        return False


def test_the_index_is_what_the_cluster_has_and_follows_it(cluster: Cluster) -> None:
    with watching() as told:
        until(lambda: is_in_step(cluster))
        until(lambda: Workload.objects.filter(kind="Deployment", name="storefront").exists())
        until(lambda: Workload.objects.filter(kind="DaemonSet", name="node-agent").exists())
        pod = Pod.objects.filter(workload_name="storefront").first()
        assert pod is not None
        assert pod.workload_kind == "Deployment"
        assert [gate["type"] for gate in pod.gates] == ["podgate.dev/clb-ready"]
        agent = Pod.objects.filter(workload_name="node-agent").first()
        assert agent is not None
        assert agent.network_mode == "host"
        scale(cluster, "reviews", 5)
        until(lambda: Pod.objects.filter(workload_name="reviews", ip__isnull=False).count() == 5)
        scale(cluster, "reviews", 1)
        until(lambda: Pod.objects.filter(workload_name="reviews").count() == 1)
        until(lambda: ("Deployment", "shop", "reviews", False) in told.calls)
        until(lambda: any(kind == "Pod" and gone for kind, _, _, gone in told.calls))
        until(lambda: Cluster.objects.filter(event_at__isnull=False, lag__gt=0).exists())
    cluster.refresh_from_db()
    assert cluster.reachable
    assert cluster.seen_at
    assert cluster.kubernetes_version.startswith("v1.30")


def test_a_second_start_tells_only_of_what_changed_meanwhile(cluster: Cluster) -> None:
    with watching():
        until(lambda: is_in_step(cluster))
        read = Watch.objects.filter(cluster=cluster, synced_at__isnull=False)
        until(lambda: read.count() == len(tables.FOLLOWED))
    stale = Pod.objects.filter(workload_name="storefront").first()
    assert stale is not None
    Pod.objects.filter(pk=stale.pk).update(resource_version="1", status="Invented")
    other = Pod.objects.exclude(pk=stale.pk).first()
    assert other is not None
    Pod.objects.filter(pk=other.pk).update(uid="vanished", name="vanished")
    with watching() as told:
        until(lambda: is_in_step(cluster) and not names(status="Invented"))
        until(lambda: ("Pod", "shop", stale.name, False) in told.calls)
        until(lambda: any(name == "vanished" and gone for _, _, name, gone in told.calls))
        assert len([call for call in told.calls if call[0] == "Service"]) == 0


@pytest.mark.parametrize(
    "fault",
    [
        {"name": "gone_410", "action": "watch", "times": 3},
        {"name": "error_500", "action": "watch", "times": 4},
        {"name": "error_500", "action": "list", "times": 4},
        {"name": "dead_watch", "action": "watch", "times": 8},
    ],
    ids=lambda fault: f"{fault['name']}-{fault['action']}",
)
def test_after_trouble_with_the_api_server_the_index_is_true_again(
    sandbox: World, cluster: Cluster, fault: dict[str, Any]
) -> None:
    # Only where the list itself fails is it asked for early; a broken watch must be noticed.
    relist = 2 if fault["action"] == "list" else 600
    with watching(Pace(watch=1, relist=relist, back_off=1, lease=3, look=0.5)):
        until(lambda: is_in_step(cluster))
        sandbox.fault("kubernetes", fault["name"], action=fault["action"], times=fault["times"])
        scale(cluster, "reviews", 4)
        until(lambda: is_in_step(cluster) and len(names(workload_name="reviews")) == 4)


def test_a_lost_event_is_made_up_for_by_listing_again(cluster: Cluster) -> None:
    with watching(Pace(watch=3, relist=1, back_off=1, lease=3, look=0.5)):
        until(lambda: is_in_step(cluster))
        Pod.objects.filter(workload_name="storefront").delete()
        until(lambda: is_in_step(cluster))


def test_one_cluster_in_trouble_does_not_harm_another(sandbox: World, cluster: Cluster) -> None:
    other = register(sandbox, "cls-router01")
    Cluster.objects.filter(pk=other.pk).update(server="https://127.0.0.1:9")
    with watching():
        until(lambda: is_in_step(cluster))
        until(lambda: Cluster.objects.get(pk=other.pk).unreachable_because)
        found = Cluster.objects.get(pk=other.pk)
        assert not found.reachable
        assert "cannot be reached" in found.unreachable_because
        until(lambda: Cluster.objects.get(pk=cluster.pk).reachable)


def test_expired_credentials_are_said_to_be_so_and_new_ones_taken_up(
    sandbox: World, cluster: Cluster
) -> None:
    from console import secrets

    good = cluster.credentials
    bad = secrets.encrypt('{"token": "expired"}')
    Cluster.objects.filter(pk=cluster.pk).update(credentials=bad)
    with watching():
        until(lambda: "401" in Cluster.objects.get(pk=cluster.pk).unreachable_because)
        Cluster.objects.filter(pk=cluster.pk).update(credentials=good)
        until(lambda: Cluster.objects.get(pk=cluster.pk).reachable and is_in_step(cluster))


def test_what_the_credentials_may_not_read_is_an_error_of_that_kind_only(
    sandbox: World, cluster: Cluster
) -> None:
    sandbox.fault("kubernetes", "forbidden", action="list", match={"resource": "services"})
    with watching():
        until(lambda: is_in_step(cluster))
        until(lambda: Watch.objects.filter(kind="Service").exclude(error="").exists())
        until(lambda: Cluster.objects.get(pk=cluster.pk).reachable)
        assert not Service.objects.exists()


def test_clusters_are_taken_up_and_dropped_without_a_restart(
    sandbox: World, cluster: Cluster
) -> None:
    with watching():
        until(lambda: is_in_step(cluster))
        other = register(sandbox, "cls-router01")
        until(lambda: is_in_step(other))
        other.delete()
        until(lambda: not [t for t in threading.enumerate() if t.name.startswith("cls-router")])
        scale(cluster, "reviews", 3)
        until(lambda: len(names(workload_name="reviews")) == 3)


def test_two_watchers_share_the_clusters_and_one_takes_over_from_the_other(db: Any) -> None:
    from tests.console import pages

    clusters = [pages.cluster(f"cls-{number}").pk for number in range(4)]
    first = leases.share(clusters, set(), "a", watchers=leases.attend("a", 60), seconds=60)
    assert first == set(clusters)
    watchers = leases.attend("b", 60)
    assert leases.share(clusters, set(), "b", watchers=watchers, seconds=60) == set()
    first = leases.share(clusters, first, "a", watchers=watchers, seconds=60)
    second = leases.share(clusters, set(), "b", watchers=watchers, seconds=60)
    assert len(first) == len(second) == 2
    assert first | second == set(clusters)
    # The first one dies: its leases and its sign of life run out.
    gone = timezone.now() - timedelta(seconds=1)
    WatchLease.objects.filter(holder="a").update(until=gone)
    Watcher.objects.filter(name="a").update(until=gone)
    taken = leases.share(clusters, second, "b", watchers=leases.attend("b", 60), seconds=60)
    assert taken == set(clusters)


def test_what_a_dead_watcher_held_is_watched_when_its_lease_is_over(cluster: Cluster) -> None:
    leases.attend("dead", PACE.lease)
    assert leases.take(cluster.pk, "dead", PACE.lease)
    with watching():
        until(lambda: is_in_step(cluster))
        assert WatchLease.objects.get(cluster=cluster).holder != "dead"


def test_a_dead_watcher_is_replaced_within_ten_seconds() -> None:
    assert Pace().take_over <= 10
    # Two that come late to renew theirs keep them all the same.
    assert Pace().lease >= 4 * Pace().rest
