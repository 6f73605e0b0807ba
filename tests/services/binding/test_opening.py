"""Whose gates are written together, and that what is open never closes."""

from datetime import UTC, datetime
from functools import partial

import pytest
from django.utils import timezone

from console import doors
from console.kinds import Condition
from console.kube import Kube
from console.models import Cluster
from services.binding import conditions, opening
from services.binding.conditions import Change
from services.binding.rows import Row
from services.models import Binding
from tests.services.binding.driver import (
    GATE,
    all_ready,
    condition,
    create,
    drive,
    pods,
    service,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def row(binding: int, pod: str) -> Row:
    return Row(
        0, binding, "lb", "lbl", "TCP", 80, "10.0.0.1", 80, pod, NOW, NOW, 10, None, "Alive", ""
    )


def test_bindings_that_share_no_pod_are_apart() -> None:
    rows = [row(1, "a"), row(1, "b"), row(2, "c")]
    assert opening.together([1, 2, 3], rows) == [[1], [2], [3]]


def test_bindings_that_share_pods_through_others_are_one_group() -> None:
    rows = [row(1, "a"), row(2, "a"), row(2, "b"), row(3, "b"), row(4, "d")]
    assert opening.together([1, 2, 3, 4], rows) == [[1, 2, 3], [4]]
    # The one between them has nothing to say.
    assert opening.together([1, 3], rows) == [[1, 3]]


@pytest.mark.sandbox
@pytest.mark.django_db(transaction=True)
def test_an_explanation_that_comes_late_does_not_close_an_open_gate(
    cluster: Cluster, kube: Kube
) -> None:
    binding = create(kube, cluster, service())
    before = pods(kube)
    ready = partial(all_ready, kube)
    drive(binding, until=ready)
    late = Condition(type=GATE, status="False", reason="HealthChecking", message="It waits.")
    written = conditions.write(kube, "shop", [Change(pod, late) for pod in before])
    assert written == ([], True)
    assert {condition(pod, GATE) for pod in pods(kube)} == {"True"}


@pytest.mark.sandbox
@pytest.mark.django_db(transaction=True)
def test_news_that_come_while_gates_are_written_are_not_forgotten(
    cluster: Cluster, kube: Kube
) -> None:
    binding = create(kube, cluster, service())
    drive(binding, until=partial(all_ready, kube))
    sent = timezone.now()
    Binding.objects.update(gates_due_at=sent)
    stale = Binding.objects.select_related("cluster__account").get()
    news = timezone.now()
    Binding.objects.update(gates_due_at=news)
    opening._settle(stale.cluster, [stale])
    due = Binding.objects.get().gates_due_at
    assert due is not None
    assert due <= timezone.now()


@pytest.mark.sandbox
@pytest.mark.django_db(transaction=True)
def test_a_message_that_comes_a_second_time_asks_nobody(cluster: Cluster, kube: Kube) -> None:
    binding = create(kube, cluster, service())
    drive(binding, until=partial(all_ready, kube))
    Binding.objects.update(gates_due_at=None)
    with doors.recording() as calls:
        opening.settle([binding.pk])
    assert not calls
