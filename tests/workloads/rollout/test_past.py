"""Rollouts that are over: who began them, how they are listed, how long they are kept."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from console import activity
from console.models import Cluster
from tests.workloads.index import put_pod
from tests.workloads.rollout.world import ID, REGIONS, ROOT, begin, put, text, under_way
from workloads.history import ended, picture, retention
from workloads.models import Pod, PodTimeline, Rollout

pytestmark = pytest.mark.django_db


def test_who_asked_for_it_in_podgate_started_it(viewer: Client, cluster: Cluster) -> None:
    rollout = under_way(cluster)
    line = activity.record(
        "dora", "update-image", cluster=ID, kind="Deployment", namespace="shop", name="web"
    )
    type(line).objects.filter(pk=line.pk).update(at=rollout.started_at)
    assert "started by dora" in text(viewer.get(f"{ROOT}/rollout/"))


def test_neither_the_guard_that_stopped_it_nor_who_resumed_it_started_it(
    viewer: Client, cluster: Cluster
) -> None:
    rollout = under_way(cluster)
    for who, verb, passed in ((None, "guard-pause", 5), ("dora", "resume", 9)):
        line = activity.record(
            who, verb, cluster=ID, kind="Deployment", namespace="shop", name="web"
        )
        at = rollout.started_at + timedelta(seconds=passed)
        type(line).objects.filter(pk=line.pk).update(at=at)
    assert "started by kubectl-set" in text(viewer.get(f"{ROOT}/rollout/"))


def test_a_finished_rollout_is_listed_and_has_its_waterfall(
    viewer: Client, cluster: Cluster
) -> None:
    started = timezone.now() - timedelta(hours=2)
    for number in range(4):
        put(cluster, f"new-{number}", started + timedelta(seconds=20 * (number // 2)))
    over = begin(cluster, started, finished_at=started + timedelta(seconds=40), result="complete")
    ended.settle(cluster)
    over.refresh_from_db()
    assert over.figures["slowest"] == "first_healthy"
    assert over.figures["slowest_seconds"] == 15.0
    assert over.started_by == "kubectl-set"
    under_way(cluster)
    said = text(viewer.get(f"{ROOT}/rollout/finished"))
    assert "Healthy, 15 s" in said
    assert "40 s" in said
    page = viewer.get(f"{ROOT}/rollouts/{over.pk}/")
    assert page.content.decode().count('<tr id="r-new') == 4
    assert 'data-live="' + f"{ROOT}/rollout/waterfall" not in page.content.decode()
    assert "Took" in text(page)


def test_no_rollout_is_faster_than_its_physical_bound(viewer: Client, cluster: Cluster) -> None:
    """Two waves of two; one Pod of each was quicker than the other, and so was the next wave."""
    started = timezone.now() - timedelta(hours=2)
    quick: dict[str, Any] = {
        "containers_ready": 1.0,
        "registered": 1.3,
        "first_healthy": 16.0,
        "gate": 16.1,
    }
    for wave in range(2):
        begins = started + timedelta(seconds=16.4 * wave)
        put(cluster, f"new-{wave}-quick", begins, ready=16.4, **quick)
        put(cluster, f"new-{wave}-slow", begins)
    ended_at = started + timedelta(seconds=35.4)
    known = {"figures": {"check": 15.0}, "result": "complete"}
    over = begin(cluster, started, finished_at=ended_at, **known)
    said = text(viewer.get(f"{ROOT}/rollouts/{over.pk}/"))
    (share,) = re.findall(r"(\d+) % of the bound", said)
    assert 100 <= int(share) < 115
    assert "2 waves × 16 s" in said
    # Stamps of whole seconds may shorten what it took: then that is the bound.
    Rollout.objects.filter(pk=over.pk).update(finished_at=started + timedelta(seconds=31))
    assert "100 % of the bound" in text(viewer.get(f"{ROOT}/rollouts/{over.pk}/"))


@pytest.mark.parametrize("seconds", [0.0, -1.5])
@pytest.mark.parametrize("replicas", [0, 4])
@pytest.mark.parametrize("address", [f"{ROOT}/rollout/", *REGIONS])
def test_a_rollout_that_took_no_time_has_its_page(
    viewer: Client, cluster: Cluster, address: str, replicas: int, seconds: float
) -> None:
    started = timezone.now() - timedelta(seconds=5)
    over_at = started + timedelta(seconds=seconds)
    begin(cluster, started, finished_at=over_at, result="complete", replicas=replicas)
    put(cluster, "new-0", started)
    assert viewer.get(address).status_code == 200


def test_what_is_older_than_the_retention_goes_and_what_is_under_way_stays(
    cluster: Cluster, settings: Any
) -> None:
    settings.TIMELINE_DAYS = 7
    rollout = under_way(cluster)
    assert retention.sweep(cluster) == 0
    later = timezone.now() + timedelta(days=8)
    begin(cluster, rollout.started_at, finished_at=timezone.now(), result="complete")
    assert retention.sweep(cluster, later) == PodTimeline.objects.count() + 6
    assert list(Rollout.objects.all()) == [rollout]


def test_a_rollout_that_is_just_over_is_read_once_for_its_page(
    viewer: Client, cluster: Cluster
) -> None:
    """Until its figures are kept they are made of the picture the page has anyway."""
    started = timezone.now() - timedelta(seconds=50)
    for number in range(4):
        put(cluster, f"new-{number}", started)
    begin(cluster, started, finished_at=started + timedelta(seconds=40), result="complete")
    with CaptureQueriesContext(connection) as asked:
        page = viewer.get(f"{ROOT}/rollout/")
    assert "Healthy, 15 s" in text(page)
    timelines = [one for one in asked if 'FROM "workloads_podtimeline"' in one["sql"]]
    # New Pods, old Pods, and the card of times to Ready.
    assert len(timelines) == 3


def test_pods_that_ran_already_are_counted_by_when_they_were_made(
    viewer: Client, cluster: Cluster
) -> None:
    started = timezone.now() - timedelta(seconds=50)
    rollout = begin(cluster, started, replicas=2, revision="abc")
    for name, made in {"kept": -60, "new": 1}.items():
        pod = put_pod(cluster, name)
        at = started + timedelta(seconds=made)
        Pod.objects.filter(pk=pod.pk).update(
            created_at=at, revision="abc", workload_kind="Deployment", workload_name="web"
        )
    assert picture.picture(rollout).kept == 1
