"""Healthy targets over a rollout, and the capacity it lost."""

from datetime import timedelta

import pytest
from django.test import Client

from console.models import Cluster
from tests.workloads.rollout.world import ROOT, under_way
from workloads.history import picture
from workloads.models import Rollout, TargetCount

pytestmark = pytest.mark.django_db


def test_healthy_targets_are_drawn_per_listener(viewer: Client, cluster: Cluster) -> None:
    rollout = under_way(cluster)
    Rollout.objects.filter(pk=rollout.pk).update(figures={"services": ["web"]})
    for passed, healthy in ((-60, 4), (5, 2), (20, 4)):
        TargetCount.objects.create(
            cluster=cluster,
            namespace="shop",
            service="web",
            listener="TCP:80",
            lb_id="lb-1",
            at=rollout.started_at + timedelta(seconds=passed),
            healthy=healthy,
            wanted=4,
        )
    html = viewer.get(f"{ROOT}/rollout/").content.decode()
    assert "between 2 and 4 since the start" in html
    assert "Lowest so far 2" in html
    found = picture.picture(Rollout.objects.get(), now=rollout.started_at + timedelta(seconds=33))
    # Two of four were missing for 15 of 33 seconds.
    assert found.lost == pytest.approx(0.5 * 15 / 33, rel=0.05)


def test_a_service_made_meanwhile_has_lost_nothing_by_the_rollout(
    viewer: Client, cluster: Cluster
) -> None:
    rollout = under_way(cluster)
    Rollout.objects.filter(pk=rollout.pk).update(figures={"services": ["web", "second"]})
    for service, passed, healthy in (("web", -60, 4), ("second", 9, 0), ("second", 25, 4)):
        TargetCount.objects.create(
            cluster=cluster,
            namespace="shop",
            service=service,
            listener="TCP:80",
            lb_id=f"lb-{service}",
            at=rollout.started_at + timedelta(seconds=passed),
            healthy=healthy,
            wanted=4,
        )
    found = picture.picture(Rollout.objects.get(), now=rollout.started_at + timedelta(seconds=33))
    assert (found.fewest, found.lost) == (4, 0)
    html = viewer.get(f"{ROOT}/rollout/").content.decode()
    assert "lb-second" in html
