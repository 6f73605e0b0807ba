"""Which API server is asked, and a namespace of its own for every test."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conformance.api import Api
from tests.conformance.place import Place


@pytest.fixture(scope="session")
def api(request: pytest.FixtureRequest) -> Api:
    """The sandbox's, or the one PODGATE_CONFORMANCE_KUBECONFIG names."""
    given = os.environ.get("PODGATE_CONFORMANCE_KUBECONFIG")
    if given:
        return Api(Path(given))
    world = request.getfixturevalue("world")
    return Api(Path(world.cluster()["kubeconfig"]))


@pytest.fixture
def place(api: Api) -> Iterator[Place]:
    """A fresh namespace, deleted afterwards."""
    made = api.create("/api/v1/namespaces", {"metadata": {"generateName": "conformance-"}})
    assert made.code == 201, made.body
    name = made.body["metadata"]["name"]
    yield Place(api, name)
    api.delete(f"/api/v1/namespaces/{name}")
