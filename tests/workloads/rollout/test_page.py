"""A rollout under way: progress against the bound, the waterfall, what Pods wait for."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from console.models import Cluster
from tests.workloads.index import put_pod
from tests.workloads.rollout.world import ROOT, begin, put, text, under_way
from workloads.history import ended
from workloads.models import Pod, Rollout, Workload

pytestmark = pytest.mark.django_db


def test_without_a_rollout_the_page_says_what_will_make_one(viewer: Client) -> None:
    page = viewer.get(f"{ROOT}/rollout/")
    assert "No rollout yet" in page.content.decode()


def test_progress_is_told_against_the_physical_bound(viewer: Client, cluster: Cluster) -> None:
    under_way(cluster)
    said = text(viewer.get(f"{ROOT}/rollout/"))
    assert "Image old to new" in said
    assert "started by kubectl-set" in said
    assert "2 waves ×" in said
    assert "2 of 4" in said
    assert "2 more are on their way" in said
    assert "Wave 1, Ready" in said
    assert "Wave 2, Checking" in said


def test_a_row_per_pod_with_a_bar_per_stage(viewer: Client, cluster: Cluster) -> None:
    under_way(cluster)
    html = viewer.get(f"{ROOT}/rollout/waterfall?view=pods").content.decode()
    rows = re.findall(r'<tr id="r-(.*?)">(.*?)</tr>', html, re.DOTALL)
    assert [name for name, _ in rows] == ["new-0", "new-1", "new-2", "new-3", "old-0"]
    bars = re.findall(r'<rect class="(\w+)"', dict(rows)["new-0"])
    assert bars == ["scheduling", "networking", "starting", "binding", "checking", "gate", "ready"]
    assert re.findall(r'<rect class="(\w+)"', dict(rows)["new-2"])[-2:] == ["checking", "predicted"]
    assert re.findall(r'<rect class="(\w+)"', dict(rows)["old-0"]) == ["serving", "draining"]
    assert "Healthy\t15 s" in dict(rows)["new-0"]
    assert "style=" not in html


def test_what_a_pod_waits_for_is_named_with_what_was_expected(
    viewer: Client, cluster: Cluster
) -> None:
    rollout = under_way(cluster)
    Rollout.objects.filter(pk=rollout.pk).update(figures={"check": 1})
    put(cluster, "new-2", rollout.started_at, until="registered", because="HealthChecking: why")
    html = viewer.get(f"{ROOT}/rollout/waterfall?view=slowest").content.decode()
    assert "HealthChecking: why" in html
    assert "1.0 s expected" in html


def test_waves_that_are_over_are_folded_in_large_rollouts(viewer: Client, cluster: Cluster) -> None:
    started = timezone.now() - timedelta(seconds=30)
    for number in range(100):
        put(cluster, f"new-{number:03}", started, until="ready" if number < 50 else "registered")
    begin(cluster, started, replicas=100, surge=50)
    html = viewer.get(f"{ROOT}/rollout/").content.decode()
    assert "Show 50 Pods" in html
    assert html.count('<tr id="r-new') == 50
    html = viewer.get(f"{ROOT}/rollout/?wave=1").content.decode()
    assert html.count('<tr id="r-new') == 100


def test_a_pod_that_will_not_start_says_its_word(viewer: Client, cluster: Cluster) -> None:
    rollout = under_way(cluster)
    put(cluster, "new-3", rollout.started_at, until="ip", word="CrashLoopBackOff", restarts=3)
    said = text(viewer.get(f"{ROOT}/rollout/"))
    assert "CrashLoopBackOff" in said
    assert "3 restarts" in said


def test_of_a_pod_that_will_not_start_no_end_is_foretold(viewer: Client, cluster: Cluster) -> None:
    rollout = under_way(cluster)
    assert "~" in text(viewer.get(f"{ROOT}/rollout/progress"))
    put(cluster, "new-3", rollout.started_at, until="ip", word="ImagePullBackOff")
    said = text(viewer.get(f"{ROOT}/rollout/"))
    assert "no end in sight: 1 Pod does not start" in said
    assert "~" not in said
    assert "about" not in said
    html = viewer.get(f"{ROOT}/rollout/progress").content.decode()
    assert '<span class="status" data-tone="error">Rolling out</span>' in html
    assert 'aria-current="step" data-tone="error">Wave 2, ImagePullBackOff' in html


def test_a_wave_that_is_late_by_its_own_length_has_no_end_in_sight(
    viewer: Client, cluster: Cluster
) -> None:
    started = timezone.now() - timedelta(minutes=5)
    put(cluster, "new-0", started, until="registered")
    begin(cluster, started)
    assert "no end in sight: this wave is" in text(viewer.get(f"{ROOT}/rollout/progress"))


def test_a_paused_rollout_waits_for_a_person_and_a_resumed_one_does_not(
    viewer: Client, cluster: Cluster
) -> None:
    rollout = under_way(cluster)
    Rollout.objects.filter(pk=rollout.pk).update(paused=True)
    Workload.objects.update(paused=True)
    said = text(viewer.get(f"{ROOT}/rollout/progress"))
    assert "Paused" in said
    assert re.search(r"paused; (3[3-9]|[4-9]\d) s passed", said)
    Workload.objects.update(paused=False)
    said = text(viewer.get(f"{ROOT}/rollout/progress"))
    assert "Rolling out" in said
    assert "Paused" not in said


def test_a_rollback_to_pods_that_all_still_run_replaces_none(
    viewer: Client, cluster: Cluster
) -> None:
    for name in "abcd":
        put_pod(cluster, f"web-old-{name}")
    Pod.objects.update(revision="old")
    now = timezone.now()
    begin(cluster, now, revision="old", finished_at=now, result="complete")
    ended.settle(cluster, now + timedelta(minutes=1))
    Pod.objects.all().delete()
    page = text(viewer.get(f"{ROOT}/rollout/"))
    assert "All Pods of this revision ran already: none had to be made." in page
    assert "no Pod to replace" in page
    assert re.search(r"New Pods Ready 4 of 4 4 ran already", page)
    assert "Wave 1" not in page
