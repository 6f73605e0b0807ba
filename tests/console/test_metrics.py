"""`/metrics`: who may read it, and that it says how the watches stand."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from console.models import Cluster
from tests.console import pages
from tests.workloads.index import listed, put_pod

pytestmark = pytest.mark.django_db

LINE = re.compile(r'[a-z_]+(\{([a-z]+="([^"\\]|\\.)*",?)+\})? -?[0-9.e+-]+')


@pytest.fixture(autouse=True)
def token(settings: Settings) -> str:
    settings.METRICS_TOKEN = "prometheus reads"
    return "prometheus reads"


def read(token: str = "prometheus reads") -> dict[str, float]:
    answer = Client().get("/metrics", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/plain; version=0.0.4")
    lines = answer.text.splitlines()
    assert all(line.startswith("# ") or LINE.fullmatch(line) for line in lines), lines
    said = [line.rsplit(" ", 1) for line in lines if not line.startswith("#")]
    return {name: float(value) for name, value in said}


def test_it_says_how_old_the_index_is_and_how_late_events_come() -> None:
    now = timezone.now()
    cluster = pages.cluster(
        reachable=True,
        seen_at=now - timedelta(seconds=3),
        event_at=now - timedelta(seconds=60),
        lag=0.25,
    )
    listed(cluster, "Pod")
    put_pod(cluster, "web-1")
    said = read()
    assert said['podgate_cluster_reachable{cluster="cls-vpccni01"}'] == 1
    assert 3 <= said['podgate_watch_age_seconds{cluster="cls-vpccni01"}'] < 60
    assert 60 <= said['podgate_watch_last_event_age_seconds{cluster="cls-vpccni01"}'] < 120
    assert said['podgate_watch_lag_seconds{cluster="cls-vpccni01"}'] == 0.25
    assert said['podgate_watch_failing{cluster="cls-vpccni01",kind="Pod"}'] == 0
    assert said['podgate_index_objects{cluster="cls-vpccni01",kind="Pod"}'] == 1
    assert said["podgate_watchers"] == 0


def test_what_is_not_known_is_not_said() -> None:
    pages.cluster(cluster_id="cls-new")
    assert not [name for name in read() if "age" in name and "cls-new" in name]


def test_a_label_cannot_break_out_of_its_line() -> None:
    Cluster.objects.filter(pk=pages.cluster().pk).update(cluster_id='a"b\\c\nd')
    assert r'podgate_cluster_reachable{cluster="a\"b\\c\nd"}' in read()


def test_nobody_reads_it_without_the_token_or_a_role(settings: Settings) -> None:
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "prometheus reads"}):
        answer = Client().get("/metrics", headers=headers)
        assert (answer.status_code, answer.headers["WWW-Authenticate"][:6]) == (401, "Bearer")
    assert pages.visitor(role=None, name="stranger").get("/metrics").status_code == 401
    assert pages.visitor().get("/metrics").status_code == 200
    settings.METRICS_TOKEN = ""
    assert Client().get("/metrics", headers={"Authorization": "Bearer "}).status_code == 401
    assert Client().post("/metrics").status_code == 405
