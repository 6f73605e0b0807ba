"""The rollout page, its live regions, and time to Ready: what they show of a durable timeline."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from console import activity
from console.access import Role
from console.models import Cluster
from tests.console import pages
from tests.workloads.index import listed, put_deployment, put_pod
from workloads.history import picture, retention
from workloads.history.notes import write
from workloads.models import Pod, PodTimeline, Rollout, Service, TargetCount, Workload

pytestmark = pytest.mark.django_db
ID = "cls-vpccni01"
ROOT = f"/clusters/{ID}/workloads/deployment/shop/web"
WAY = {
    "created": 0.0,
    "scheduled": 0.2,
    "ip": 1.0,
    "containers_ready": 3.0,
    "registered": 3.5,
    "first_healthy": 18.5,
    "gate": 18.7,
    "ready": 19.0,
}
STAGES = (*WAY, "terminating", "weight_zero", "drained", "gone")
REGIONS = [f"{ROOT}/rollout/{name}" for name in ("progress", "waterfall", "targets", "finished")]
ADDRESSES = [
    f"{ROOT}/rollout/",
    *REGIONS,
    f"{ROOT}/time-to-ready/",
    f"{ROOT}/time-to-ready/ready",
    f"/clusters/{ID}/services/shop/web/time-to-ready/",
    f"/clusters/{ID}/services/shop/web/time-to-ready/ready",
]


@pytest.fixture
def cluster() -> Cluster:
    found = pages.cluster(ID, reachable=True)
    listed(found)
    put_deployment(found)
    Service.objects.create(
        cluster=found,
        uid="svc",
        namespace="shop",
        name="web",
        resource_version="1",
        created_at=timezone.now(),
        type="ClusterIP",
        selector={"app": "web"},
    )
    return found


@pytest.fixture
def viewer(cluster: Cluster) -> Client:
    return pages.visitor()


def put(
    cluster: Cluster,
    name: str,
    begins: datetime,
    *,
    until: str = "ready",
    revision: str = "new",
    leaves: datetime | None = None,
    **changes: Any,
) -> None:
    """A Pod that went as far as `until`; `leaves`: when it was told to go."""
    moments: dict[str, datetime | None] = dict.fromkeys(STAGES)
    for stage, seconds in WAY.items():
        moments[stage] = begins + timedelta(seconds=changes.pop(stage, seconds))
        if stage == until:
            break
    if leaves is not None:
        moments["terminating"] = leaves
        moments["weight_zero"] = leaves + timedelta(seconds=0.5)
        moments["drained"] = leaves + timedelta(seconds=10.5)
        moments["gone"] = leaves + timedelta(seconds=11)
    row = {
        "pod_uid": name,
        "namespace": "shop",
        "name": name,
        "workload_kind": "Deployment",
        "workload_name": "web",
        "revision": revision,
        "node": "node-1",
        "image": f"web:{revision}",
        "gated": True,
        "word": "Running",
        "because": "",
        "restarts": 0,
        **{f"{stage}_at": at for stage, at in moments.items()},
    }
    write(cluster.pk, [row | changes])


def begin(cluster: Cluster, started: datetime, **fields: Any) -> Rollout:
    known = {
        "kind": "Deployment",
        "namespace": "shop",
        "name": "web",
        "workload_uid": "uid-web",
        "template": "7",
        "number": 7,
        "revision": "new",
        "manager": "kubectl-set",
        "images_before": {"web": "web:old"},
        "images": {"web": "web:new"},
        "replicas": 4,
        "surge": 2,
    }
    return Rollout.objects.create(cluster=cluster, started_at=started, **(known | fields))


def under_way(cluster: Cluster) -> Rollout:
    """Two waves of two: the first is Ready, the second is being checked since 10 s."""
    now = timezone.now()
    started = now - timedelta(seconds=33)
    for number in range(2):
        put(cluster, f"new-{number}", started)
    for number in range(2, 4):
        put(cluster, f"new-{number}", now - timedelta(seconds=13.5), until="registered")
    leaves = started + timedelta(seconds=19)
    put(cluster, "old-0", started - timedelta(days=1), revision="old", leaves=leaves)
    return begin(cluster, started)


def text(response: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


@pytest.mark.parametrize("address", ADDRESSES)
def test_every_page_and_region_answers(viewer: Client, cluster: Cluster, address: str) -> None:
    assert viewer.get(address).status_code == 200
    under_way(cluster)
    assert viewer.get(address).status_code == 200


@pytest.mark.parametrize("address", ADDRESSES)
def test_nothing_but_get_is_allowed(viewer: Client, address: str) -> None:
    assert viewer.post(address).status_code == 405


@pytest.mark.parametrize("address", ADDRESSES)
def test_it_is_for_who_is_logged_in_and_has_a_role(cluster: Cluster, address: str) -> None:
    assert Client().get(address).status_code == 302
    assert pages.visitor(role=None, name="nobody").get(address).status_code == 403


@pytest.mark.parametrize("address", ADDRESSES)
def test_what_is_not_there_is_not_found(viewer: Client, address: str) -> None:
    assert viewer.get(address.replace(ID, "cls-other")).status_code == 404
    if "/services/" in address:
        assert viewer.get(address.replace("shop/web", "shop/none")).status_code == 404
    else:
        assert viewer.get(address.replace("deployment", "job")).status_code == 404


def test_a_workload_nobody_knows_has_no_rollout_page(viewer: Client) -> None:
    assert viewer.get(f"{ROOT}x/rollout/").status_code == 404
    assert viewer.get(f"{ROOT}/rollouts/99/").status_code == 404


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


def test_unknown_views_and_waves_are_the_usual_page(viewer: Client, cluster: Cluster) -> None:
    under_way(cluster)
    for query in ("view=x", "wave=x", "view=pods&page=99", "past=99", "window=century"):
        assert viewer.get(f"{ROOT}/rollout/?{query}").status_code == 200


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
    assert "paused; 33 s passed" in re.sub(r"3[3-9] s", "33 s", said)
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
    picture.settle(cluster, now + timedelta(minutes=1))
    Pod.objects.all().delete()
    page = text(viewer.get(f"{ROOT}/rollout/"))
    assert "All Pods of this revision ran already: none had to be made." in page
    assert "no Pod to replace" in page
    assert re.search(r"New Pods Ready 4 of 4 4 ran already", page)
    assert "Wave 1" not in page


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


def test_a_finished_rollout_is_listed_and_has_its_waterfall(
    viewer: Client, cluster: Cluster
) -> None:
    started = timezone.now() - timedelta(hours=2)
    for number in range(4):
        put(cluster, f"new-{number}", started + timedelta(seconds=20 * (number // 2)))
    over = begin(cluster, started, finished_at=started + timedelta(seconds=40), result="complete")
    picture.settle(cluster)
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
    ended = started + timedelta(seconds=seconds)
    begin(cluster, started, finished_at=ended, result="complete", replicas=replicas)
    put(cluster, "new-0", started)
    assert viewer.get(address).status_code == 200


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


def test_only_operators_are_offered_actions(viewer: Client, cluster: Cluster) -> None:
    under_way(cluster)
    operator = pages.visitor(role=Role.OPERATOR, name="otto")
    assert "/actions/deployment/restart/" in operator.get(f"{ROOT}/rollout/").content.decode()
    assert "/actions/deployment/restart/" not in viewer.get(f"{ROOT}/rollout/").content.decode()


def test_a_service_without_a_selector_has_no_pods(viewer: Client, cluster: Cluster) -> None:
    Service.objects.update(selector={})
    put(cluster, "a", timezone.now() - timedelta(minutes=1))
    page = viewer.get(f"/clusters/{ID}/services/shop/web/time-to-ready/")
    assert "No Pod became Ready in this time." in page.content.decode()


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
