import re
import time
from collections.abc import Iterator

import pytest
import redis
from django.conf import settings
from django.core.management import CommandError, call_command

from console import alive, attention
from tests.console import pages


def test_a_role_that_never_beat_is_down() -> None:
    with pytest.raises(CommandError, match="watcher was not seen"):
        call_command("alive", "watcher")


def test_a_role_that_beat_is_alive(capsys: pytest.CaptureFixture[str]) -> None:
    alive.beat("ticker")
    call_command("alive", "ticker")
    assert "ticker was seen" in capsys.readouterr().out


@pytest.fixture
def heard() -> Iterator["redis.Redis"]:
    """Redis in which every process has just been heard of."""
    door = redis.Redis.from_url(settings.REDIS_URL)
    for role in alive.ROLES:
        alive.beat(role)
    yield door
    door.delete(*(alive.PREFIX + role for role in alive.ROLES))


@pytest.mark.django_db
def test_a_silent_process_is_named_with_what_stands_still(heard: "redis.Redis") -> None:
    assert list(attention.silent_processes()) == []
    seen_at = time.time() - 40
    heard.set(alive.PREFIX + "worker", str(seen_at))
    heard.delete(alive.PREFIX + "ticker")
    worker, ticker = attention.silent_processes()
    said = re.fullmatch(r"was last seen (\d+) s ago\.", worker.text)
    assert worker.subject == "podgate’s worker"
    assert said
    assert 40 <= int(said[1]) <= time.time() - seen_at
    assert (ticker.subject, ticker.text) == ("podgate’s ticker", "was not seen in the last hour.")
    pages.cluster()
    assert "Nothing is bound or unbound" in pages.visitor().get("/").text
