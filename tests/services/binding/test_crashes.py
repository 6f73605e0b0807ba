"""The process ends after any of its writes: the next one finishes what it began, once.

About the order of calls, not about the database: it runs on SQLite only.
"""

from collections.abc import Callable

import pytest

from console.kube import Kube, path
from console.models import Account, Cluster
from services.models import Binding
from tests.services.binding.driver import (
    Crash,
    crash_after,
    create,
    drive,
    is_gone,
    leases_end,
    pods,
    service,
)
from tests.services.binding.outcomes import bound, gone, is_ready, kube_delete
from tests.wait import until

pytestmark = [pytest.mark.sandbox, pytest.mark.django_db(transaction=True)]


def test_a_crash_after_any_write_leaves_no_trace(
    cluster: Cluster, kube: Kube, account: Account
) -> None:
    crashes, number = 2, 0
    while crashes:
        number += 1
        for pod in pods(kube):
            kube.delete(path("Pod", "shop", pod.metadata.name), {"gracePeriodSeconds": 0})
        until(lambda: len(pods(kube)) == 3)
        binding = create(kube, cluster, service())
        crashes = _crashed(binding, number, lambda: is_ready(kube))
        bound(kube, account)
        kube_delete(kube)
        crashes += _crashed(binding, number, lambda: is_gone(kube))
        gone(kube, account)
    assert number > 8


def _crashed(binding: Binding, number: int, outcome: Callable[[], bool]) -> int:
    """Drive to the outcome with a crash after the n-th write; answers 1 if there were so many."""
    crashed = 0
    try:
        with crash_after(number):
            drive(binding, until=outcome)
    except Crash:
        crashed = 1
        leases_end()
        drive(binding, until=outcome)
    return crashed
