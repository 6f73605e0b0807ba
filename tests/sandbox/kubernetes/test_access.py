from pathlib import Path

import urllib3

from tests.conformance.api import Api
from tests.world import World


def _reader(world: World) -> Api:
    return Api(Path(world.cluster()["readonly_kubeconfig"]))


def test_the_reader_reads_but_never_secrets(world: World) -> None:
    reader = _reader(world)
    assert reader.get("/api/v1/namespaces/shop/pods").code == 200
    refused = reader.get("/api/v1/namespaces/shop/secrets")
    assert (refused.code, refused.reason) == (403, "Forbidden")


def test_the_reader_cannot_write_and_is_told_so_in_rbacs_words(world: World) -> None:
    answer = _reader(world).create("/api/v1/namespaces/shop/services", {"metadata": {"name": "x"}})
    assert answer.code == 403
    assert answer.message == (
        'services is forbidden: User "podgate-readonly" cannot create resource "services" '
        'in API group "" in the namespace "shop"'
    )
    status = _reader(world).patch("/api/v1/namespaces/shop/pods/cart-0/status", {"status": {}})
    assert 'cannot patch resource "pods/status"' in status.message


def test_a_wrong_token_is_unauthorized(world: World) -> None:
    answer = _call(world, "/api/v1/pods", {"Authorization": "Bearer wrong"})
    assert answer.status == 401


def test_without_a_token_only_health_and_version_answer(world: World) -> None:
    assert _call(world, "/version", {}).status == 200
    assert _call(world, "/healthz", {}).status == 200
    assert _call(world, "/api/v1/pods", {}).status == 403


def test_the_old_cluster_answers_reads_only(world: World) -> None:
    old = Api(Path(world.cluster("cls-oldk8s01")["kubeconfig"]))
    assert old.get("/version").body["minor"] == "10"
    assert old.get("/api/v1/nodes").body["items"]
    refused = old.create("/api/v1/namespaces/default/configmaps", {"metadata": {"name": "x"}})
    assert (refused.code, refused.reason) == (403, "Forbidden")
    assert "answers reads only" in refused.message


def test_the_old_cluster_lacks_what_came_later(world: World) -> None:
    old = Api(Path(world.cluster("cls-oldk8s01")["kubeconfig"]))
    groups = {group["name"] for group in old.get("/apis").body["groups"]}
    assert "apps" in groups
    assert not groups & {"discovery.k8s.io", "admissionregistration.k8s.io", "events.k8s.io"}
    assert old.get("/openapi/v3").code == 404


def _call(world: World, path: str, headers: dict[str, str]) -> urllib3.BaseHTTPResponse:
    facts = world.cluster()
    authority = Path(facts["kubeconfig"]).with_suffix(".ca.pem")
    authority.write_text(facts["ca"])
    pool = urllib3.PoolManager(ca_certs=str(authority))
    return pool.request("GET", facts["server"] + path, headers=headers, retries=False)


def test_only_tkes_custom_resource_is_served(api: Api) -> None:
    path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    found = api.get(f"{path}/tkeserviceconfigs.cloud.tencent.com").body
    assert {each["type"] for each in found["status"]["conditions"]} >= {"Established"}
    names = {"plural": "things", "kind": "Thing"}
    version = {"name": "v1", "served": True, "storage": True}
    spec = {"group": "a.example.com", "scope": "Cluster", "names": names, "versions": [version]}
    refused = api.create(path, {"metadata": {"name": "things.a.example.com"}, "spec": spec})
    assert refused.code == 422
    assert "the sandbox serves no other custom resources" in refused.message
