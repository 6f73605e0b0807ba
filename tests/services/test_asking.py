"""Questions asked at once: what is known, what is waited for, who is told of what comes late."""

import threading
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.core.cache import cache

from services.facts.asking import Question, ask
from services.limits.facts import Unread
from tests.wait import PATIENCE, until


class Source:
    """Something to read; it answers once it may."""

    def __init__(self) -> None:
        self.value = "old"
        self.asked = 0
        self.may_answer = threading.Event()
        self.may_answer.set()
        self.question = Question("a test", self._read, (uuid4().hex,))

    def _read(self) -> str:
        self.asked += 1
        self.may_answer.wait(PATIENCE)
        return self.value

    def ask(self, *, seconds: float = PATIENCE, fresh: float = 60, **more: Any) -> Any:
        return ask({"it": self.question}, seconds=seconds, fresh=fresh, **more)["it"]


@pytest.fixture
def source() -> Iterator[Source]:
    cache.clear()
    one = Source()
    yield one
    one.may_answer.set()


def test_a_fresh_answer_is_not_asked_for_again(source: Source) -> None:
    assert [source.ask(), source.ask()] == ["old", "old"]
    assert source.asked == 1


def test_who_does_not_wait_is_told_when_the_answer_is_there(source: Source) -> None:
    told = threading.Event()
    source.may_answer.clear()
    assert isinstance(source.ask(seconds=0, late=told.set), Unread)
    assert not told.is_set()
    source.may_answer.set()
    assert told.wait(PATIENCE)
    assert until(lambda: source.ask(seconds=0)) == "old"


def test_a_stale_answer_is_given_until_there_is_another(source: Source) -> None:
    told = threading.Event()
    source.ask()
    source.value = "new"
    source.may_answer.clear()
    assert source.ask(fresh=1e-9, stale=60, late=told.set) == "old"
    source.may_answer.set()
    assert told.wait(PATIENCE)
    assert until(lambda: source.ask(seconds=0)) == "new"


def test_nobody_is_told_of_an_answer_that_is_as_it_was(source: Source) -> None:
    told = threading.Event()
    source.ask()
    assert source.ask(fresh=1e-9, stale=60, late=told.set) == "old"
    until(lambda: source.asked == 2)
    assert source.ask(fresh=0) == "old"
    assert not told.is_set()


def test_an_answer_beyond_its_time_is_none(source: Source) -> None:
    source.ask()
    source.value = "new"
    assert source.ask(fresh=1e-9, stale=1e-9) == "new"
