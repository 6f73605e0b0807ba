import json
from typing import Any

import pytest
import redis
from django.db import transaction

from console import live
from console.live import regions, topics
from console.live.pace import stretch, turn
from console.live.topics import ancestors
from tests.wait import until


def test_an_announcement_wakes_everything_above_it() -> None:
    assert ancestors("a/b/c") == ["a/b/c", "a/b", "a"]
    assert ancestors("a/b/") == ["a/b", "a"]


@pytest.mark.django_db(transaction=True)
def test_what_is_announced_while_redis_is_away_is_told_later_and_more_coarsely(
    settings: Any,
) -> None:
    there = settings.REDIS_URL
    with redis.Redis.from_url(there) as client, client.pubsub() as listener:
        listener.subscribe(topics.CHANNEL)
        until(lambda: listener.get_message(timeout=0.1))
        publisher = topics._Publisher()
        settings.REDIS_URL = "redis://127.0.0.1:1/0"
        publisher.publish(["cls-1/pods/shop/web-0"])
        publisher.publish(["cls-2/pods/shop/web-1"])
        assert publisher.lost == {"cls-1/", "cls-2/"}
        settings.REDIS_URL = there
        publisher.client = client
        told = until(lambda: listener.get_message(timeout=0.1))
        # The listener may hear of it before the publisher has read its answer.
        with publisher.lock:
            assert json.loads(told["data"]) == ["cls-1/", "cls-2/"]


@pytest.mark.django_db(transaction=True)
def test_an_announcement_never_raises(settings: Any) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    live.announce("cls-1/pods")


@pytest.mark.django_db(transaction=True)
def test_what_is_rolled_back_is_never_announced(django_capture_on_commit_callbacks: Any) -> None:
    with django_capture_on_commit_callbacks() as callbacks, transaction.atomic():
        live.announce("cls-1/pods")
        assert callbacks == []


def test_a_view_says_itself_that_it_is_a_region() -> None:
    @live.region(topics=lambda cluster_id: [cluster_id])
    def rows(request: Any, cluster_id: str) -> Any: ...

    found = regions.region_of(rows)
    assert found is not None
    assert list(found.topics(cluster_id="cls-1")) == ["cls-1"]
    assert regions.region_of(print) is None


def test_regions_drawn_by_the_clock_come_round_less_often_the_more_there_are() -> None:
    assert stretch([]) == 1
    assert stretch([(0.01, 3.0)] * 10) == 1
    assert stretch([(0.015, 3.0)] * 1000) == pytest.approx(20)


def test_after_a_quiet_while_a_region_is_drawn_at_once() -> None:
    assert turn(100.0, 0.01, 100.3) == 100.3
    assert turn(0.0, 9.0, 100.3) == 100.3


def test_a_region_that_takes_long_is_drawn_less_often_but_news_never_waits_long() -> None:
    assert turn(100.0, 0.01, 100.1) == 100.25
    assert turn(100.0, 0.04, 100.1) == 100.5
    assert turn(100.0, 5.0, 100.1) == 100.5


def test_regions_that_are_drawn_again_and_again_are_drawn_together() -> None:
    turns = {turn(100.0 + number / 50, 0.02, 100.2) for number in range(10)}
    assert turns == {100.25, 100.5}
    assert len({turn(at, 0.02, at) for at in turns}) == 2
