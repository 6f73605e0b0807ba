"""What Services tell the first page."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from console.attention import Concern, worst_first
from services import attention
from services.models import Binding, Phase, Registration
from tests.console.pages import cluster, visitor

pytestmark = pytest.mark.django_db


def binding(name: str, phase: Phase, **fields: Any) -> Binding:
    return Binding.objects.create(
        cluster=fields.pop("cluster", None) or cluster(),
        service_uid=f"uid-{name}",
        namespace="shop",
        name=name,
        phase=phase,
        phase_since=timezone.now(),
        **fields,
    )


def test_services_and_targets_are_counted_per_cluster() -> None:
    ready = binding("storefront", Phase.READY)
    binding("catalog", Phase.CHECKING, cluster=ready.cluster)
    binding("gone", Phase.DELETING, cluster=ready.cluster)
    for number, health in enumerate(["Alive", "Close", "Dead", ""]):
        Registration.objects.create(
            binding=ready,
            lb_id="lb-1",
            listener_id="lbl-1",
            protocol="TCP",
            listener_port=80,
            ip=f"127.77.20.{number}",
            port=8080,
            health=health,
            intended_at=timezone.now(),
            pod_uid=f"pod-{number}",
            pod_name=f"storefront-{number}",
        )
    standing = attention.report().standings[ready.cluster.pk]
    assert (standing.services, standing.services_ready) == (2, 1)
    assert (standing.targets, standing.targets_healthy) == (4, 2)


def test_a_service_that_is_ready_but_closed_to_clients_is_named() -> None:
    closed = {"code": "ClientsSecurityGroup", "severity": "warns", "message": "Nobody comes in."}
    shut = binding("shut", Phase.READY, limits=[closed])
    quota = {"code": "TargetQuota", "severity": "warns", "message": "Nearly full."}
    binding("open", Phase.READY, cluster=shut.cluster, limits=[quota])
    (concern,) = attention.report().concerns
    assert concern.subject == "shop/shut"
    assert "Nobody comes in." in concern.note


def test_a_blocked_service_stands_before_a_degraded_one_and_says_why() -> None:
    first = binding("slow", Phase.DEGRADED)
    binding("stuck", Phase.BLOCKED, cluster=first.cluster, message="subnet-full01 has no free IP.")
    subjects = [concern.subject for concern in attention.report().concerns]
    assert subjects == ["shop/stuck", "shop/slow"]
    page = visitor().get("/").text
    assert "subnet-full01 has no free IP." in page
    assert "/clusters/cls-vpccni01/services/shop/stuck/" in page


def test_what_only_a_person_can_solve_stands_first_whoever_tells_it() -> None:
    told = [Concern("warning", "a", "/a/", "waits."), Concern("error", "b", "/b/", "is stuck.")]
    assert [one.subject for one in worst_first([*told, *told])] == ["b", "b", "a", "a"]


def test_a_service_that_waits_for_long_is_told_and_one_that_was_just_made_is_not() -> None:
    first = binding("new", Phase.PENDING)
    binding("old", Phase.PENDING, cluster=first.cluster, message="No target yet.")
    made = timezone.now() - timedelta(minutes=15)
    Binding.objects.filter(name="old").update(phase_since=made)
    (concern,) = attention.report().concerns
    assert (concern.subject, concern.text, concern.tone) == ("shop/old", "is Pending.", "warning")
    assert "No target yet." in concern.note
