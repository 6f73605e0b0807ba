"""The ring of real processes: the whole product as `make run` starts it, killed and lied to."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from bench.fleet import Fleet
from bench.stack import running

# A sandbox twenty times as fast as the real thing, and no more threads than the work here needs.
SETTINGS = {
    "PODGATE_SANDBOX_TIME_SCALE": "0.05",
    "PODGATE_DRAIN_SECONDS": "1",
    "PODGATE_WORKER_THREADS": "4",
}


@pytest.fixture(scope="session")
def product() -> Iterator[Fleet]:
    with running(**SETTINGS) as started, closing(Fleet(started)) as one:
        yield one
