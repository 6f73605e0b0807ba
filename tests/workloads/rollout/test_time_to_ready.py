"""Time to Ready of workloads and Services, and the pages that lead there."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from console.models import Cluster
from tests.workloads.rollout.world import ID, ROOT, WAY, put, text
from workloads.models import Service

pytestmark = pytest.mark.django_db


def test_time_to_ready_by_stage_and_what_moved(viewer: Client, cluster: Cluster) -> None:
    now = timezone.now()
    for number in range(10):
        put(cluster, f"a-{number}", now - timedelta(minutes=70, seconds=number))
        slow: dict[str, Any] = {
            stage: seconds + 5 for stage, seconds in WAY.items() if seconds >= 3
        }
        put(cluster, f"b-{number}", now - timedelta(minutes=5, seconds=number), **slow)
    for address in (ROOT, f"/clusters/{ID}/services/shop/web"):
        said = text(viewer.get(f"{address}/time-to-ready/?window=hour"))
        assert "Containers ready moved: p50 2.0 s to 7.0 s, against the hour before" in said
        assert "24 s p50" in said
    assert "20 Pods" in text(viewer.get(f"{ROOT}/time-to-ready/ready?window=day"))


def test_the_page_of_a_service_leads_to_the_rollouts_behind_it(viewer: Client) -> None:
    page = viewer.get(f"/clusters/{ID}/services/shop/web/time-to-ready/")
    assert f'href="{ROOT}/rollout/"' in page.content.decode()


def test_the_page_of_the_workload_leads_to_its_rollout(viewer: Client) -> None:
    page = viewer.get(f"{ROOT}/").content.decode()
    assert f'href="{ROOT}/rollout/"' in page
    assert f'href="{ROOT}/time-to-ready/"' in page


def test_a_service_without_a_selector_has_no_pods(viewer: Client, cluster: Cluster) -> None:
    Service.objects.update(selector={})
    put(cluster, "a", timezone.now() - timedelta(minutes=1))
    page = viewer.get(f"/clusters/{ID}/services/shop/web/time-to-ready/")
    assert "No Pod became Ready in this time." in page.content.decode()
