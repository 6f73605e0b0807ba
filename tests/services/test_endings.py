"""Drains, a Service fully Dead, and Pods that stop too soon: what the pages say."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from console import secrets
from console.models import Account, Cluster
from services.models import Binding, Drain, Registration
from services.printed import endings
from workloads.history.notes import Note, note
from workloads.models import Service, Workload
from workloads.timeline import Stage

pytestmark = pytest.mark.django_db
NOW = timezone.now()


def after(seconds: float) -> Any:
    return NOW + timedelta(seconds=seconds)


@pytest.fixture
def binding() -> Binding:
    account = Account.objects.create(name="a", uin="1", region="r", secret_id="", secret_key="")
    cluster = Cluster.objects.create(
        cluster_id="cls-1",
        account=account,
        server="https://127.0.0.1:1",
        credentials=secrets.encrypt("{}"),
        binder="console",
    )
    Service.objects.create(
        cluster=cluster,
        uid="s1",
        namespace="shop",
        name="web",
        type="LoadBalancer",
        load_balancer_class="podgate.dev/clb",
        selector={"app": "web"},
        ports=[{"protocol": "TCP", "port": 80, "targetPort": 8080}],
        resource_version="1",
        created_at=NOW,
    )
    return Binding.objects.create(
        cluster=cluster,
        service_uid="s1",
        namespace="shop",
        name="web",
        phase="Ready",
        phase_since=NOW,
        lb_id="lb-1",
        lb_status="running",
    )


def drain(binding: Binding, **times: Any) -> Drain:
    known: dict[str, Any] = {"deleted_at": NOW, "closes_at": after(10), "began_at": NOW}
    return Drain.objects.create(
        binding=binding,
        pod_uid="p",
        pod_name="web-1",
        target="TCP:80 10.0.0.7:8080",
        **known | times,
    )


@pytest.mark.parametrize(
    ("times", "word", "tone"),
    [
        ({}, "Waiting for weight 0", "info"),
        ({"weight_zero_at": after(1.5)}, "8.5 s before its sockets may close", "success"),
        ({"weight_zero_at": after(11)}, "1.0 s after its sockets may have closed", "warning"),
        ({"weight_zero_at": after(15)}, "5.0 s after its sockets may have closed", "error"),
        ({"deregistered_at": after(3)}, "It had stopped before: requests may be lost", "error"),
        ({"closes_at": None, "weight_zero_at": after(1)}, "Draining", "info"),
        (
            {"closes_at": None, "weight_zero_at": after(1), "stopped_at": after(3)},
            "2.0 s before its sockets may close",
            "success",
        ),
    ],
    ids=["waits", "in-time", "late-within-clocks", "late", "never", "unclear", "unclear-ended"],
)
def test_a_drain_says_whether_weight_zero_came_in_time(
    binding: Binding, times: dict[str, Any], word: str, tone: str
) -> None:
    target(binding, 9, "Alive")
    drain(binding, **times)
    (row,) = endings.drains(binding)
    assert (row.word, row.tone) == (word, tone)


def test_the_last_targets_of_a_workload_scaled_to_nothing_are_told_as_such(
    binding: Binding,
) -> None:
    """When podgate looked they were gone: the timeline knows when they were told to go."""
    note(binding.cluster.pk, [Note("p", Stage.TERMINATING, after(-12))])
    drain(binding, deleted_at=None, closes_at=None, stopped_at=NOW, deregistered_at=after(0.5))
    (row,) = endings.drains(binding)
    assert row.deleted_at == after(-12)
    assert (row.stopped, row.deregistered) == ("after 12.0 s", "after 12.5 s")
    assert row.word == "It was among the last: it kept its weight until it stopped"


def target(binding: Binding, number: int, health: str, **more: Any) -> None:
    known: dict[str, Any] = {"weight": 10, "registered_at": NOW, "listener_port": 80}
    Registration.objects.create(
        binding=binding,
        lb_id="lb-1",
        listener_id=f"lbl-{(known | more)['listener_port']}",
        protocol="TCP",
        ip=f"10.0.0.{number}",
        port=8080,
        pod_uid=f"p{number}",
        pod_name=f"web-{number}",
        intended_at=NOW,
        health=health,
        **known | more,
    )


def test_a_listener_with_nothing_but_dead_targets_sends_to_all_of_them(binding: Binding) -> None:
    target(binding, 1, "Dead")
    target(binding, 2, "Dead")
    # What drains does not count, nor does another listener that is well.
    target(binding, 3, "Alive", weight=0)
    target(binding, 4, "Alive", listener_port=81)
    assert endings.fails_open(binding) == "TCP:80"
    target(binding, 5, "Unknown")
    assert endings.fails_open(binding) == ""


def test_a_service_without_targets_sends_to_nobody(binding: Binding) -> None:
    assert endings.fails_open(binding) == ""
    assert endings.fails_open(None) == ""


@pytest.fixture
def client(binding: Binding) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("ada"))
    return client


ROOT = "/clusters/cls-1/services/shop/web/"


def test_the_services_page_says_it_in_red(binding: Binding, client: Client) -> None:
    target(binding, 1, "Dead")
    for page in (ROOT, f"{ROOT}outage"):
        html = client.get(page).text
        assert "All targets of TCP:80 are unhealthy: the CLB sends traffic to all of them." in html
        assert 'data-tone="error" role="alert"' in html
    Registration.objects.update(health="Alive")
    assert "are unhealthy" not in client.get(f"{ROOT}outage").text


def test_the_services_page_shows_the_order_of_a_drain(binding: Binding, client: Client) -> None:
    assert "hidden" in client.get(f"{ROOT}drains").text
    drain(binding, weight_zero_at=after(1.5), stopped_at=after(11), deregistered_at=after(12))
    for page in (ROOT, f"{ROOT}drains"):
        html = client.get(page).text
        for word in ("after 1.5 s", "after 10.0 s", "after 11.0 s", "after 12.0 s", "8.5 s before"):
            assert word in html, (page, word)


def test_regions_want_a_login(binding: Binding) -> None:
    for page in ("outage", "drains"):
        assert Client().get(f"{ROOT}{page}").status_code == 302


@pytest.mark.parametrize(("pre_stop", "is_told"), [(0.0, True), (10.0, False), (None, False)])
def test_a_workload_that_stops_too_soon_is_warned_of(
    binding: Binding, client: Client, pre_stop: float | None, is_told: bool
) -> None:
    Workload.objects.create(
        cluster=binding.cluster,
        kind="Deployment",
        uid="d1",
        namespace="shop",
        name="web",
        resource_version="1",
        created_at=NOW,
        template_labels={"app": "web"},
        rollout="complete",
        containers=[
            {
                "name": "web",
                "image": "web:1",
                "ports": [{"name": "", "port": 8080, "protocol": "TCP"}],
                "pre_stop": pre_stop,
                "grace": 30,
            }
        ],
    )
    html = client.get("/clusters/cls-1/workloads/deployment/shop/web/").text
    assert ("A rollout of this workload can lose requests." in html) is is_told
    assert ("preStop 0 s, grace 30 s" in html) is is_told
