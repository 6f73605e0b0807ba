"""What is read once for many: never older than what made one ask."""

import threading
import time
from collections.abc import Callable

import pytest

from console.live.sharing import Shared, answering
from tests.wait import PATIENCE, until


class Source:
    """Counts how often it is read; a reading may be made to wait."""

    def __init__(self) -> None:
        self.times = 0
        self.held = threading.Event()
        self.held.set()

    def read(self, before: int | None) -> int:
        self.times += 1
        number = self.times
        assert self.held.wait(PATIENCE)
        return number


@pytest.fixture
def shared() -> Shared[str, int]:
    return Shared[str, int](most=2)


@pytest.fixture
def source() -> Source:
    return Source()


def aside(work: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=work)
    thread.start()
    return thread


def test_all_who_ask_because_of_the_same_moment_share_a_reading(
    shared: Shared[str, int], source: Source
) -> None:
    moment = time.monotonic()
    for _ in range(3):
        with answering(moment):
            assert shared.get("web", source.read) == 1
    with answering(moment):
        assert shared.get("other", source.read) == 2


def test_nobody_gets_a_reading_that_began_before_he_had_to_ask(
    shared: Shared[str, int], source: Source
) -> None:
    assert shared.get("web", source.read) == 1
    assert shared.get("web", source.read) == 2
    with answering(time.monotonic()):
        assert shared.get("web", source.read) == 3


def test_who_asks_during_a_reading_waits_for_the_next_with_all_others(
    shared: Shared[str, int], source: Source
) -> None:
    source.held.clear()
    found: list[int] = []
    threads = [aside(lambda: found.append(shared.get("web", source.read)))]
    until(lambda: source.times == 1)
    moment = time.monotonic()

    def late() -> None:
        with answering(moment):
            found.append(shared.get("web", source.read))

    threads += [aside(late) for _ in range(5)]
    source.held.set()
    for thread in threads:
        thread.join(PATIENCE)
    assert sorted(found) == [1, 2, 2, 2, 2, 2]


def test_a_reading_is_made_of_the_one_before(shared: Shared[str, int]) -> None:
    seen: list[int | None] = []

    def read(before: int | None) -> int:
        seen.append(before)
        return len(seen)

    shared.get("web", read)
    shared.get("web", read)
    assert seen == [None, 1]


def test_a_reading_that_failed_is_nobodys(shared: Shared[str, int], source: Source) -> None:
    def fail(before: int | None) -> int:
        raise ConnectionError

    moment = time.monotonic()
    with answering(moment), pytest.raises(ConnectionError):
        shared.get("web", fail)
    with answering(moment):
        assert shared.get("web", source.read) == 1


def test_of_many_the_longest_unused_are_given_up(shared: Shared[str, int], source: Source) -> None:
    with answering(time.monotonic()):
        for key in ("a", "b", "a", "c"):
            shared.get(key, source.read)
        assert source.times == 3
        assert shared.get("a", source.read) == 1
        assert shared.get("b", source.read) == 4
