"""Rollouts that are over: who began them, how they are listed, how long they are kept."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from console import activity
from console.models import Cluster
from tests.workloads.rollout.world import ID, REGIONS, ROOT, begin, put, text, under_way
from workloads.history import ended, retention
from workloads.models import PodTimeline, Rollout

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
