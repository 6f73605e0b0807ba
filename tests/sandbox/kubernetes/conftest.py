"""Fixtures of the API server's own tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conformance.api import Api
from tests.conformance.place import Place
from tests.sandbox.kubernetes.hooks import Gate, gates
from tests.webhook import Authority, serving
from tests.world import World


@pytest.fixture
def api(world: World) -> Iterator[Api]:
    """The VPC-CNI cluster's server, without faults."""
    world.heal()
    yield Api(Path(world.cluster()["kubeconfig"]))
    world.heal()


@pytest.fixture
def place(api: Api) -> Iterator[Place]:
    """A namespace of its own."""
    made = api.create("/api/v1/namespaces", {"metadata": {"generateName": "sandbox-"}}).body
    name = made["metadata"]["name"]
    yield Place(api, name)
    api.delete(f"/api/v1/namespaces/{name}")


@pytest.fixture(scope="session")
def authority() -> Authority:
    return Authority()


@pytest.fixture
def gate(
    place: Place, authority: Authority, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Gate]:
    """A webhook with a good certificate; its registrations are taken away afterwards."""
    pair = authority.issue(tmp_path_factory.mktemp("webhook"), "127.0.0.1")
    with serving(pair) as webhook:
        yield from gates(place, authority, webhook)
