"""The ticker: what is due by the rows and the clock is sent once."""

import threading
import time
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from services.binding import leases, ticking
from services.binding.ticking import Ticker
from services.models import Binding

pytestmark = pytest.mark.django_db(transaction=True)


def stand_still(ticker: Ticker) -> None:
    """Nothing that was sent becomes due again or counts as lost, however slow the machine."""
    ticker.sent = {key: at + 3600 for key, at in ticker.sent.items()}
    ticker.polled = {key: (due, at + 3600) for key, (due, at) in ticker.polled.items()}


def test_a_tick_sends_what_is_due_and_the_next_one_does_not(binding: Binding, queue: Any) -> None:
    ticker = Ticker()
    ticker.tick()
    stand_still(ticker)
    regular = queue()
    Binding.objects.update(due_at=timezone.now())
    ticker.tick()
    ticker.tick()
    assert queue() == regular + 1


def test_a_second_ticker_stands_by(binding: Binding, queue: Any) -> None:
    with leases.held("ticker"):
        ticking.run(threading.Event())
    assert queue() == 0


def test_a_look_that_is_due_is_sent_when_it_is_due_and_once(binding: Binding, queue: Any) -> None:
    ticker = Ticker()
    now = timezone.now()
    # Far enough away that no slow machine makes it due before its tick.
    soon = now + timedelta(seconds=60)
    Binding.objects.update(lb_status="running", health_due_at=soon)
    ticker.tick()
    stand_still(ticker)
    before = queue()
    assert ticking.pause(soon - timedelta(seconds=0.15)) == pytest.approx(0.15)
    assert ticking.pause(now) == ticking.EVERY
    Binding.objects.update(health_due_at=timezone.now())
    ticker.tick()
    stand_still(ticker)
    ticker.tick()
    assert queue() == before + 1


def test_use_limits_are_judged_later_while_targets_or_gates_wait(
    binding: Binding, queue: Any
) -> None:
    ticker = Ticker()
    ticker.tick()
    stand_still(ticker)
    now, before = timezone.now(), queue()
    ticker.polled[binding.cluster.account.pk] = (now, time.monotonic() + 3600)
    later = now + timedelta(hours=1)
    for waits in ({"wanted": 2, "sent_at": later}, {"wanted": 1, "gates_due_at": now}):
        ticker.sent["limits", 0] = time.monotonic() - ticking.LIMITS
        Binding.objects.update(**waits)
        ticker.tick()
        assert queue() == before
    Binding.objects.update(gates_due_at=None)
    ticker.tick()
    assert queue() == before + 1
