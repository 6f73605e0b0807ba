"""Leases and triggers: a binding has one worker, and no change is lost."""

from datetime import timedelta
from typing import Any

import pytest
import redis
from django.conf import settings
from django.utils import timezone

from services import tasks
from services.binding import leases, wanted
from services.models import Binding, Lease

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_lease_has_one_holder() -> None:
    with leases.held("lb-1") as first, leases.held("lb-1") as second:
        assert first is not None
        assert second is None
    with leases.held("lb-1") as third:
        assert third is not None


def test_a_message_that_comes_when_all_is_done_looks_at_nothing(binding: Binding) -> None:
    tasks.reconcile(binding.pk)
    binding.refresh_from_db()
    assert (binding.sent_at, binding.attempts) == (None, 0)


def test_a_message_that_is_wanted_or_due_is_worked_on(binding: Binding) -> None:
    now = timezone.now()
    for change in ({"wanted": 2}, {"due_at": now}):
        Binding.objects.update(done=1, attempts=0, due_at=None)
        Binding.objects.update(**change)
        tasks.reconcile(binding.pk)
        # Nobody is at the cluster's address.
        assert Binding.objects.get().attempts == 1


def test_a_lease_that_ran_out_is_free() -> None:
    with leases.held("lb-1"):
        Lease.objects.update(until=timezone.now() - timedelta(seconds=1))
        with leases.held("lb-1") as other:
            assert other is not None


def test_a_write_renews_a_lease_that_is_about_to_end() -> None:
    with leases.held("lb-1") as lease:
        assert lease is not None
        lease.until -= 3
        before = lease.until
        lease.ready_to_write()
        assert lease.until > before


def test_no_write_starts_on_a_lease_that_is_lost() -> None:
    with leases.held("lb-1") as lease:
        assert lease is not None
        Lease.objects.update(holder="another")
        lease.until -= 3
        with pytest.raises(leases.LeaseLost):
            lease.ready_to_write()


def test_triggers_are_coalesced(binding: Binding, queue: Any) -> None:
    for _ in range(5):
        wanted.raise_wanted(Binding.objects.all())
    assert queue() == 1
    binding.refresh_from_db()
    assert binding.wanted == 6


def test_a_trigger_during_a_run_is_not_lost(binding: Binding, queue: Any) -> None:
    wanted.raise_wanted(Binding.objects.all())
    running = wanted.begin(binding.pk)
    assert running is not None
    wanted.raise_wanted(Binding.objects.all())
    wanted.finish(running, due_at=None)
    assert queue() == 2
    later = wanted.begin(binding.pk)
    assert later is not None
    wanted.finish(later, due_at=None)
    assert not wanted.due().exists()


def test_a_message_lost_with_the_broker_is_sent_again(binding: Binding, queue: Any) -> None:
    wanted.raise_wanted(Binding.objects.all())
    redis.Redis.from_url(settings.REDIS_URL).delete("celery")
    assert not wanted.due().exists()
    Binding.objects.update(sent_at=timezone.now() - wanted.LOST_AFTER)
    wanted.send(wanted.due().values_list("pk", flat=True))
    assert queue() == 1


def test_a_change_ends_the_back_off(binding: Binding) -> None:
    later = timezone.now() + timedelta(seconds=30)
    Binding.objects.update(attempts=7, due_at=later)
    assert not wanted.due().exists()
    wanted.raise_wanted(Binding.objects.all())
    binding.refresh_from_db()
    assert (binding.attempts, binding.sent_at is None) == (0, False)
