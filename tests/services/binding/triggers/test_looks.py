"""When the health of which bindings is looked at."""

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from console.models import Cluster
from services.binding import health, leases, opening
from services.models import Binding, Registration
from tests.services.binding.triggers.rows import registration

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_first_look_is_when_a_good_target_can_be_alive(binding: Binding) -> None:
    binding.first_look = 15
    row = registration(binding, "", seconds_ago=5)
    assert row.registered_at is not None
    assert health.next_look(binding, timezone.now()) == row.registered_at + timedelta(seconds=15)


def more(cluster: Cluster) -> list[Binding]:
    return [
        Binding.objects.create(
            cluster=cluster,
            service_uid=f"uid-{n}",
            namespace="shop",
            name=f"bar-{n}",
            phase_since=timezone.now(),
        )
        for n in (2, 3, 4)
    ]


def test_health_is_asked_of_all_that_share_pods_also_through_others(
    binding: Binding, cluster: Cluster
) -> None:
    others = more(cluster)
    Binding.objects.update(lb_status="running", lb_id="lb")
    for one, pod in ((binding, "a"), (others[0], "a"), (others[0], "b"), (others[1], "b")):
        row = registration(one, "Alive", seconds_ago=60)
        Registration.objects.filter(pk=row.pk).update(pod_uid=pod)
    asked = health._with_partners([binding.pk])
    assert {one.pk for one in asked} == {binding.pk, others[0].pk, others[1].pk}


def test_what_is_still_unknown_is_looked_at_every_quarter_second(binding: Binding) -> None:
    binding.first_look = 15
    registration(binding, "Unknown", seconds_ago=60)
    now = timezone.now()
    assert health.next_look(binding, now) == now + health.EAGER


def test_what_is_alive_is_looked_at_rarely(binding: Binding) -> None:
    registration(binding, "Alive", seconds_ago=60)
    now = timezone.now()
    assert health.next_look(binding, now) == now + health.CALM


def test_who_serves_is_not_out_of_sight_until_new_targets_can_be_alive(binding: Binding) -> None:
    binding.first_look = 15
    registration(binding, "Alive", seconds_ago=60)
    registration(binding, "Unknown", seconds_ago=2)
    now = timezone.now()
    assert health.next_look(binding, now) == now + health.ROLLING


def test_where_a_target_just_died_the_others_are_looked_at_soon(binding: Binding) -> None:
    binding.first_look = 15
    dead = registration(binding, "Dead", seconds_ago=60)
    registration(binding, "Unknown", seconds_ago=2)
    now = timezone.now()
    assert health.next_look(binding, now) == now + health.TROUBLED
    Registration.objects.filter(pk=dead.pk).update(health_since=now - timedelta(seconds=3))
    assert health.next_look(binding, now) == now + health.FALLING


def test_what_follows_a_look_asks_the_database_no_oftener_for_many_bindings(
    binding: Binding, cluster: Cluster, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    many = [binding, *more(cluster)]
    Binding.objects.update(phase="Provisioning")
    for one in many:
        registration(one, "Alive", seconds_ago=60)
    with django_assert_num_queries(5):
        health._after([binding])
    with django_assert_num_queries(5):
        health._after(many)
    assert {one.health_due_at for one in Binding.objects.all()} != {None}


def test_gates_that_are_being_written_are_not_sent_again_until_their_writer_is_dead(
    binding: Binding,
) -> None:
    Binding.objects.update(gates_due_at=timezone.now())
    assert [*opening.groups([binding.pk], [])] == [[binding.pk]]
    assert [one.pk for one in opening._begun([binding.pk])] == [binding.pk]
    due = Binding.objects.get().gates_due_at
    assert due is not None
    assert due - timezone.now() > timedelta(seconds=leases.SECONDS - 1)
    assert [*opening.groups([binding.pk], [])] == []
