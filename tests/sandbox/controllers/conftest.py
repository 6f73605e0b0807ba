"""Tests here are coroutines; they run in the loop of their cluster."""

import inspect
from collections.abc import Iterator

import pytest

from tests.sandbox.controllers.live import Live


@pytest.fixture
def live(request: pytest.FixtureRequest) -> Iterator[Live]:
    """A cluster with three nodes and an empty namespace `shop`; `headless` by parameter."""
    cluster = Live(headless=getattr(request, "param", "") == "headless")
    with cluster.runner as runner:
        runner.run(cluster.start())
        yield cluster
        runner.run(cluster.stop())
    cluster.close()


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    names = inspect.signature(pyfuncitem.obj).parameters
    arguments = {name: pyfuncitem.funcargs[name] for name in names}
    live = pyfuncitem.funcargs["live"]
    assert isinstance(live, Live)
    live.runner.run(pyfuncitem.obj(**arguments))
    return True
