from datetime import UTC, datetime, timedelta

from services.admission.lately import Counts, added, hour

NOW = datetime(2026, 1, 1, 12, 0, 30, tzinfo=UTC)


def test_counts_of_one_minute_add_up() -> None:
    first = added([], {"injected": 2, "failed": 1}, NOW)
    second = added(first, {"injected": 3, "skipped": 4}, NOW + timedelta(seconds=20))
    assert len(second) == 1
    assert hour(second, NOW) == Counts(5, 4, 1)
    assert hour(second, NOW).all == 10


def test_what_is_older_than_an_hour_is_forgotten() -> None:
    known = added([], {"injected": 7}, NOW)
    later = NOW + timedelta(minutes=59)
    assert hour(known, later).injected == 7
    assert hour(known, NOW + timedelta(minutes=60)) == Counts()
    known = added(known, {"injected": 1}, NOW + timedelta(minutes=60))
    assert [found[1] for found in known] == [1]


def test_nothing_yet_is_nothing() -> None:
    assert hour([], NOW) == Counts()
