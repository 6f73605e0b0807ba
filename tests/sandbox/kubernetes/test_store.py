import asyncio
from pathlib import Path

import pytest

from sandbox.kubernetes.errors import AlreadyExists, Conflict, Gone, NotFound
from sandbox.kubernetes.journal import Journal
from sandbox.kubernetes.kinds import KINDS, Object
from sandbox.kubernetes.store import Store

POD, CONFIG = KINDS["Pod"], KINDS["ConfigMap"]


@pytest.fixture
def store() -> Store:
    return Store("cls-test")


def _pod(name: str = "web", **spec: object) -> Object:
    return {"metadata": {"name": name, "namespace": "shop"}, "spec": dict(spec)}


def _config(name: str = "settings") -> Object:
    return {"metadata": {"name": name, "namespace": "shop"}, "data": {"a": "1"}}


def test_versions_grow_with_every_write(store: Store) -> None:
    first = store.create(CONFIG, _config("a"))["metadata"]["resourceVersion"]
    second = store.create(CONFIG, _config("b"))["metadata"]["resourceVersion"]
    assert int(second) == int(first) + 1


def test_nothing_is_made_twice_or_found_when_absent(store: Store) -> None:
    store.create(CONFIG, _config())
    with pytest.raises(AlreadyExists):
        store.create(CONFIG, _config())
    with pytest.raises(NotFound):
        store.get(CONFIG, "shop", "other")
    assert store.find(CONFIG, "shop", "other") is None


def test_a_change_that_changes_nothing_writes_nothing(store: Store) -> None:
    before = store.create(CONFIG, _config())
    after = store.change(CONFIG, "shop", "settings", lambda obj: None)
    assert after is before
    assert store.revision == int(before["metadata"]["resourceVersion"])


def test_an_old_version_loses(store: Store) -> None:
    old = store.create(CONFIG, _config())
    store.update(CONFIG, {**old, "data": {"a": "2"}})
    with pytest.raises(Conflict):
        store.update(CONFIG, {**old, "data": {"a": "3"}})


def test_a_running_pod_is_marked_first_and_gone_when_the_kubelet_says_so(store: Store) -> None:
    store.create(POD, _pod(nodeName="n1", terminationGracePeriodSeconds=5))
    marked = store.delete(POD, "shop", "web")
    assert marked["metadata"]["deletionGracePeriodSeconds"] == 5
    assert store.find(POD, "shop", "web") is not None
    store.delete(POD, "shop", "web", grace_seconds=0)
    assert store.find(POD, "shop", "web") is None


def test_a_second_deletion_only_shortens_the_wait(store: Store) -> None:
    store.create(POD, _pod(nodeName="n1"))
    store.delete(POD, "shop", "web")
    longer = store.delete(POD, "shop", "web", grace_seconds=60)
    assert longer["metadata"]["deletionGracePeriodSeconds"] == 30
    shorter = store.delete(POD, "shop", "web", grace_seconds=1)
    assert shorter["metadata"]["deletionGracePeriodSeconds"] == 1


def test_a_finalizer_outlives_the_grace_period(store: Store) -> None:
    pod = _pod(nodeName="n1")
    pod["metadata"]["finalizers"] = ["a.b/c"]
    store.create(POD, pod)
    store.delete(POD, "shop", "web", grace_seconds=0)
    assert store.find(POD, "shop", "web") is not None
    store.change(POD, "shop", "web", lambda obj: obj["metadata"].pop("finalizers"))
    assert store.find(POD, "shop", "web") is None


def test_the_status_and_the_rest_are_written_apart(store: Store) -> None:
    store.create(POD, _pod())

    def both(obj: Object) -> None:
        obj["spec"]["nodeName"] = "n1"
        obj["status"] = {"phase": "Running"}

    through_status = store.change(POD, "shop", "web", both, subresource="status")
    assert "nodeName" not in through_status["spec"]
    assert through_status["status"] == {"phase": "Running"}
    plain = store.change(POD, "shop", "web", both)
    assert plain["spec"]["nodeName"] == "n1"


def test_a_subscription_begins_with_what_exists_and_goes_on(store: Store) -> None:
    async def story() -> list[tuple[str, str]]:
        store.create(CONFIG, _config("a"))
        events = store.watch(CONFIG)
        store.create(CONFIG, _config("b"))
        store.delete(CONFIG, "shop", "a")
        told = [await events.next() for _ in range(3)]
        return [(event.type, event.obj["metadata"]["name"]) for event in told]

    assert asyncio.run(story()) == [("ADDED", "a"), ("ADDED", "b"), ("DELETED", "a")]


def test_what_was_forgotten_is_gone(store: Store) -> None:
    old = store.revision
    store.create(CONFIG, _config())
    store.hub.forget(store.revision)
    with pytest.raises(Gone, match="too old resource version"):
        store.watch_from(CONFIG, old)


def test_a_store_comes_back_from_its_journal(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "kubernetes.sqlite3")
    first = Store("cls-test", journal)
    kept = first.create(CONFIG, _config("kept"))
    first.create(CONFIG, _config("gone"))
    first.delete(CONFIG, "shop", "gone")
    again = Store("cls-test", journal)
    assert again.list(CONFIG) == [kept]
    assert again.revision == first.revision
    assert Store("cls-other", journal).is_empty
    journal.close()


def test_children_are_found_by_their_owner(store: Store) -> None:
    pod = _pod()
    pod["metadata"]["ownerReferences"] = [
        {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "rs", "uid": "u1"}
    ]
    made = store.create(POD, pod)
    assert store.owned("u1") == [(POD, made)]
    store.delete(POD, "shop", "web")
    assert store.owned("u1") == []
