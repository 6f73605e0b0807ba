"""One Tencent half for all tests of this folder, back in its demo state before each."""

from collections.abc import Iterator

import pytest

from tests.sandbox.tencent.half import Half
from tests.sandbox.tencent.pods import Pods


@pytest.fixture(scope="session")
def half(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Half]:
    started = Half(tmp_path_factory.mktemp("tencent"))
    yield started
    started.stop()


@pytest.fixture
def cloud(half: Half) -> Half:
    half.control("POST", "reset")
    return half


@pytest.fixture
def pods(half: Half) -> Iterator[Pods]:
    started = Pods(half)
    yield started
    started.stop()
