"""Owners and what they leave behind; Namespaces are emptied before they go."""

from sandbox.kubernetes.demo.manifests import cluster_ip, config_map
from sandbox.kubernetes.kinds import KINDS
from tests.sandbox.controllers.live import Live


async def test_background_deletion_takes_the_whole_family(live: Live) -> None:
    live.deploy()
    await live.ready_pods(3)
    live.delete("Deployment", "web")
    assert live.find("Deployment", "web") is None
    await live.until(lambda: not live.all("ReplicaSet") and not live.all("Pod"))


async def test_foreground_deletion_keeps_the_owner_until_its_children_are_gone(
    live: Live,
) -> None:
    live.deploy()
    await live.ready_pods(3)
    live.delete("Deployment", "web", propagation="Foreground")
    assert live.get("Deployment", "web")["metadata"]["finalizers"] == ["foregroundDeletion"]

    def gone() -> bool:
        if live.all("Pod"):
            assert live.find("Deployment", "web") is not None
        return live.find("Deployment", "web") is None

    await live.until(gone)
    assert not live.all("ReplicaSet")
    assert not live.all("Pod")


async def test_orphans_live_on_without_their_owner(live: Live) -> None:
    live.deploy()
    await live.ready_pods(3)
    live.delete("Deployment", "web", propagation="Orphan")
    await live.until(lambda: live.find("Deployment", "web") is None)
    (replicaset,) = live.all("ReplicaSet")
    assert "ownerReferences" not in replicaset["metadata"]
    await live.settled()
    assert len(live.pods()) == 3


async def test_a_new_deployment_adopts_what_an_old_one_left(live: Live) -> None:
    live.deploy()
    before = {pod["metadata"]["uid"] for pod in await live.ready_pods(3)}
    live.delete("Deployment", "web", propagation="Orphan")
    await live.until(lambda: live.find("Deployment", "web") is None)
    live.deploy()
    await live.until(lambda: "ownerReferences" in live.all("ReplicaSet")[0]["metadata"])
    await live.settled()
    assert {pod["metadata"]["uid"] for pod in live.pods()} == before
    assert len(live.all("ReplicaSet")) == 1


async def test_an_object_of_an_owner_that_never_was_is_collected(live: Live) -> None:
    owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": "ghost", "uid": "no-such-uid"}
    manifest = config_map("child", "shop", {})
    manifest["metadata"]["ownerReferences"] = [owner]
    live.create("ConfigMap", manifest)
    await live.until(lambda: live.find("ConfigMap", "child") is None)


async def test_a_namespace_goes_when_everything_in_it_has_gone(live: Live) -> None:
    live.deploy()
    live.create("Service", cluster_ip("web", "shop", {80: "http"}))
    held = config_map("held", "shop", {})
    held["metadata"]["finalizers"] = ["example.com/hold"]
    live.create("ConfigMap", held)
    await live.ready_pods(3)
    live.store.delete(KINDS["Namespace"], None, "shop")
    await live.until(lambda: not live.all("Pod") and not live.all("Service"))
    assert live.store.get(KINDS["Namespace"], None, "shop")["status"]["phase"] == "Terminating"
    live.change("ConfigMap", "held", lambda obj: obj["metadata"].pop("finalizers"))
    await live.until(lambda: live.store.find(KINDS["Namespace"], None, "shop") is None)


async def test_every_namespace_has_a_default_service_account(live: Live) -> None:
    await live.until(lambda: live.find("ServiceAccount", "default"))


async def test_a_world_begun_afresh_under_running_controllers_comes_to_life_again(
    live: Live,
) -> None:
    live.deploy()
    before = {pod["metadata"]["uid"] for pod in await live.ready_pods(3)}
    live.store.clear()
    live.found()
    live.deploy()
    after = {pod["metadata"]["uid"] for pod in await live.ready_pods(3)}
    assert not before & after
    assert len(live.all("Pod")) == 3
