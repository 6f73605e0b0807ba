"""The timeline on a Pod's page: every stage with its time and whose clock; kept when it is gone."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from console.models import Cluster
from tests.console import pages
from tests.workloads.index import listed, put_pod
from tests.workloads.rollout.world import put, text
from workloads.models import Pod
from workloads.views import pod_life

pytestmark = pytest.mark.django_db
ID = "cls-vpccni01"
PAGE = f"/clusters/{ID}/pods/shop/web-1/"


@pytest.fixture
def cluster() -> Cluster:
    found = pages.cluster(ID, reachable=True)
    listed(found)
    return found


@pytest.fixture
def viewer(cluster: Cluster) -> Client:
    return pages.visitor()


def ago(seconds: float) -> datetime:
    return timezone.now() - timedelta(seconds=seconds)


def lived(cluster: Cluster, name: str, begins: datetime, **known: Any) -> None:
    """A Pod of the index, and what was noted of it."""
    put_pod(cluster, name)
    uid = Pod.objects.get(name=name).uid
    put(cluster, name, begins, **known)
    cluster.podtimeline_set.filter(pod_uid=name).update(pod_uid=uid)


def lines(cluster: Cluster, uid: str, *, now: datetime | None = None) -> list[tuple[str, str, str]]:
    found = pod_life.told(cluster, "shop", "web-1", uid, now=now)
    assert found is not None
    return [(line.word, line.tone, line.took) for line in found.lines]


def test_every_stage_has_its_time_and_whose_word_it_is(viewer: Client, cluster: Cluster) -> None:
    lived(cluster, "web-1", ago(60))
    said = text(viewer.get(PAGE))
    assert "Ready 19 s after it was created" in said
    for stage in ("Created", "Scheduled", "IP assigned", "Containers ready", "Registered"):
        assert stage in said
    assert "15 s CLB" in said or "15 s podgate" in said
    assert f'data-live="{PAGE}life?uid=' in viewer.get(PAGE).content.decode()


def test_what_it_does_now_and_what_is_yet_to_come_follow(cluster: Cluster) -> None:
    now = timezone.now()
    put(cluster, "web-1", now - timedelta(seconds=13.5), until="registered")
    found = lines(cluster, "web-1", now=now)
    words = [(word, tone) for word, tone, _took in found]
    assert words[-3:] == [("Checking", "info"), ("Gate True", "idle"), ("Ready", "idle")]
    assert found[-3][2].startswith("10 s so far")


def test_a_stage_that_takes_longer_than_the_last_pods_had_it_is_amber(cluster: Cluster) -> None:
    for number in range(3):
        put(cluster, f"web-old-{number}", ago(900))
    now = timezone.now()
    put(cluster, "web-1", now - timedelta(seconds=60), until="ip")
    word, tone, took = lines(cluster, "web-1", now=now)[3]
    assert (word, tone) == ("Starting", "warning")
    assert "59 s so far, 3.0 s expected" in took


def test_a_pod_without_a_gate_is_not_promised_a_load_balancer(cluster: Cluster) -> None:
    put(cluster, "web-1", ago(4), until="ip", gated=False)
    assert [word for word, _tone, _took in lines(cluster, "web-1")][-2:] == ["Starting", "Ready"]


def test_a_pod_that_is_gone_has_a_page_as_long_as_its_life_is_kept(
    viewer: Client, cluster: Cluster
) -> None:
    put(cluster, "web-1", ago(900), leaves=ago(60), word="Terminating")
    page = viewer.get(PAGE)
    said = text(page)
    assert "Pod shop/web-1 is gone." in said
    assert "Rollouts of Deployment web" in said
    for stage in ("Terminating", "Weight 0", "Deregistered", "Gone"):
        assert stage in said
    told = pod_life.told(cluster, "shop", "web-1", "web-1")
    assert told is not None
    last = [line.at for line in told.lines[-4:] if line.at]
    assert last == sorted(last)
    html = page.content.decode()
    assert "/logs/" not in html
    assert "data-live=" not in html[html.index('id="life"') :][:200]
    assert viewer.get(PAGE.replace("web-1", "web-9")).status_code == 404


def test_one_that_had_the_name_before_is_found_by_its_uid(viewer: Client, cluster: Cluster) -> None:
    lived(cluster, "web-1", ago(60))
    put(cluster, "web-1-before", ago(900), leaves=ago(80))
    cluster.podtimeline_set.filter(pod_uid="web-1-before").update(name="web-1", node="old-node")
    assert "is gone" not in text(viewer.get(PAGE))
    before = text(viewer.get(f"{PAGE}?uid=web-1-before"))
    assert "is gone" in before
    assert "old-node" in before
    assert viewer.get(f"{PAGE}?uid=nobody").status_code == 404


def test_of_a_pod_nothing_was_noted_of_that_is_said(viewer: Client, cluster: Cluster) -> None:
    put_pod(cluster, "web-1")
    assert "Nothing is kept of its start" in text(viewer.get(PAGE))
    assert "Nothing is kept of its start" in text(viewer.get(f"{PAGE}life"))


def test_the_region_needs_a_role(cluster: Cluster) -> None:
    assert pages.visitor(role=None, name="stranger").get(f"{PAGE}life").status_code == 403
    assert pages.visitor().post(f"{PAGE}life").status_code == 405
