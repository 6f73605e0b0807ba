"""The two demo clusters that most tests look at."""

import pytest

from console.models import Account, Cluster
from tests.services.limits.live import registered
from tests.world import World


@pytest.fixture
def router(sandbox: World, account: Account) -> Cluster:
    return registered(sandbox, "cls-router01")


@pytest.fixture
def vpccni(sandbox: World, account: Account) -> Cluster:
    return registered(sandbox, "cls-vpccni01")
