"""The real Python client."""

from typing import Any

import pytest
from kubernetes import client, config, watch

from tests.conformance.place import Place, config_map, service
from tests.wait import until
from tests.world import World


@pytest.fixture
def core(sandbox: World) -> Any:
    """Untyped: its models are Optional all the way down."""
    loader: Any = config
    return client.CoreV1Api(loader.new_client_from_config(sandbox.cluster()["kubeconfig"]))


def test_lists_come_as_models(core: Any) -> None:
    def three() -> Any:
        found = core.list_namespaced_pod("shop", label_selector="app=storefront").items
        return found if len(found) == 3 else None

    pods = until(three)
    assert pods[0].spec.readiness_gates[0].condition_type


def test_pages_are_followed(core: Any) -> None:
    until(lambda: len(core.list_namespaced_pod("shop").items) > 5)
    first = core.list_namespaced_pod("shop", limit=5)
    rest = core.list_namespaced_pod("shop", _continue=first.metadata._continue)
    assert len(first.items) == 5
    assert first.metadata.remaining_item_count == len(rest.items)


def test_a_watch_yields_what_happens(core: Any, place: Place) -> None:
    place.made("configmaps", config_map())
    watcher: Any = watch.Watch()  # type: ignore[no-untyped-call]
    stream = watcher.stream(core.list_namespaced_config_map, place.namespace, timeout_seconds=120)
    assert any(event["object"].metadata.name == "settings" for event in stream)


def test_a_refusal_is_an_exception_with_the_status(core: Any, place: Place) -> None:
    with pytest.raises(client.ApiException) as caught:
        core.create_namespaced_service(place.namespace, service(ports=[]))
    assert caught.value.status == 422
    assert "spec.ports: Required value" in str(caught.value.body)


def test_a_service_is_made_patched_and_deleted(core: Any, place: Place) -> None:
    made = core.create_namespaced_service(place.namespace, service())
    assert made.spec.cluster_ip
    patch = {"metadata": {"annotations": {"a": "b"}}}
    patched = core.patch_namespaced_service("web", place.namespace, patch)
    assert patched.metadata.annotations == {"a": "b"}
    core.delete_namespaced_service("web", place.namespace)
    assert core.list_namespaced_service(place.namespace).items == []
