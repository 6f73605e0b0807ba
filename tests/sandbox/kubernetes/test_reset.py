"""A new beginning: the demo world is there again; what nobody wrote to was never gone."""

from pathlib import Path

from tests.conformance.api import Api
from tests.conformance.place import config_map
from tests.world import World

PATH = "/api/v1/namespaces/default/configmaps"
DEPLOYMENTS = "/apis/apps/v1/namespaces/shop/deployments"


def _api(world: World, cluster_id: str) -> Api:
    return Api(Path(world.cluster(cluster_id)["kubeconfig"]))


def _uids(api: Api) -> dict[str, str]:
    found = api.get(DEPLOYMENTS).body["items"]
    return {item["metadata"]["name"]: item["metadata"]["uid"] for item in found}


def test_what_was_written_is_gone_and_the_demo_is_there_again(world: World) -> None:
    world.control("kubernetes", "POST", "reset")
    api = _api(world, "cls-vpccni01")
    before = _uids(api)
    api.create(PATH, config_map("written"))
    api.delete(f"{DEPLOYMENTS}/reviews")
    world.control("kubernetes", "POST", "reset")
    assert api.get(f"{PATH}/written").code == 404
    after = _uids(api)
    assert after.keys() == before.keys()
    assert after["reviews"] != before["reviews"]


def test_a_cluster_that_nobody_wrote_to_lives_on(world: World) -> None:
    world.control("kubernetes", "POST", "reset")
    written, untouched = _api(world, "cls-vpccni01"), _api(world, "cls-router01")
    before = _uids(written), _uids(untouched)
    written.create(PATH, config_map("written"))
    world.control("kubernetes", "POST", "reset")
    assert _uids(untouched) == before[1]
    assert _uids(written)["storefront"] != before[0]["storefront"]
