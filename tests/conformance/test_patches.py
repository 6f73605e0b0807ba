import pytest

from tests.conformance.api import Document
from tests.conformance.place import Place, config_map, deployment, service


def _containers(place: Place) -> list[Document]:
    found = place.api.get(place.path("apps/v1/deployments", "web")).body
    containers: list[Document] = found["spec"]["template"]["spec"]["containers"]
    return containers


def _template(**spec: object) -> Document:
    return {"spec": {"template": {"spec": spec}}}


def test_a_merge_patch_removes_with_null_and_replaces_lists(place: Place) -> None:
    place.made("configmaps", config_map(a="1", b="2"))
    answer = place.api.patch(place.path("configmaps", "settings"), {"data": {"a": None, "c": "3"}})
    assert answer.body["data"] == {"b": "2", "c": "3"}


def test_a_json_patch_is_tested_and_applied(place: Place) -> None:
    place.made("configmaps", config_map(a="1"))
    path = place.path("configmaps", "settings")
    steps = [
        {"op": "test", "path": "/data/a", "value": "1"},
        {"op": "add", "path": "/data/b", "value": "2"},
        {"op": "move", "from": "/data/a", "path": "/data/c"},
    ]
    assert place.api.patch(path, steps, "json").body["data"] == {"b": "2", "c": "1"}


@pytest.mark.parametrize(
    "step",
    [
        {"op": "test", "path": "/data/a", "value": "2"},
        {"op": "remove", "path": "/data/nothing"},
        {"op": "replace", "path": "/spec/x", "value": 1},
    ],
)
def test_a_json_patch_that_does_not_fit_is_a_422(place: Place, step: Document) -> None:
    place.made("configmaps", config_map(a="1"))
    answer = place.api.patch(place.path("configmaps", "settings"), [step], "json")
    assert (answer.code, answer.reason) == (422, "Invalid")


def test_a_strategic_patch_merges_containers_by_name(place: Place) -> None:
    place.made("apps/v1/deployments", deployment())
    path = place.path("apps/v1/deployments", "web")
    side = {"name": "side", "image": "busybox:1"}
    place.api.patch(path, _template(containers=[side]), "strategic")
    place.api.patch(
        path, _template(containers=[{"name": "web", "image": "nginx:1.26"}]), "strategic"
    )
    found = {each["name"]: each for each in _containers(place)}
    assert set(found) == {"web", "side"}
    assert found["web"]["image"] == "nginx:1.26"
    assert found["web"]["ports"][0]["containerPort"] == 8080
    removal = {"$patch": "delete", "name": "side"}
    place.api.patch(path, _template(containers=[removal]), "strategic")
    assert [each["name"] for each in _containers(place)] == ["web"]


def test_a_strategic_patch_merges_env_and_keeps_the_order_it_is_told(place: Place) -> None:
    place.made("apps/v1/deployments", deployment())
    path = place.path("apps/v1/deployments", "web")
    first = {"name": "web", "env": [{"name": "B", "value": "1"}]}
    place.api.patch(path, _template(containers=[first]), "strategic")
    second = {
        "name": "web",
        "$setElementOrder/env": [{"name": "A"}, {"name": "B"}],
        "env": [{"name": "A", "value": "2"}],
    }
    place.api.patch(path, _template(containers=[second]), "strategic")
    assert [each["name"] for each in _containers(place)[0]["env"]] == ["A", "B"]


def test_a_strategic_patch_replaces_lists_without_a_key(place: Place) -> None:
    place.made("apps/v1/deployments", deployment())
    path = place.path("apps/v1/deployments", "web")
    for args in (["a", "b"], ["c"]):
        place.api.patch(path, _template(containers=[{"name": "web", "args": args}]), "strategic")
    assert _containers(place)[0]["args"] == ["c"]


def test_a_strategic_patch_merges_service_ports_by_number(place: Place) -> None:
    two = [{"name": "a", "port": 80}, {"name": "b", "port": 81}]
    place.made("services", service(ports=two))
    patch = {"spec": {"ports": [{"port": 81, "targetPort": 9090}]}}
    ports = place.api.patch(place.path("services", "web"), patch, "strategic").body["spec"]["ports"]
    assert [(each["name"], each["port"], each["targetPort"]) for each in ports] == [
        ("a", 80, 80),
        ("b", 81, 9090),
    ]


def test_finalizers_merge_as_a_set(place: Place) -> None:
    place.made("configmaps", config_map())
    path = place.path("configmaps", "settings")
    for name in ("a.b/one", "a.b/two", "a.b/one"):
        place.api.patch(path, {"metadata": {"finalizers": [name]}}, "strategic")
    found = place.api.get(path).body["metadata"]["finalizers"]
    assert sorted(found) == ["a.b/one", "a.b/two"]
    removal = {"metadata": {"$deleteFromPrimitiveList/finalizers": ["a.b/one"]}}
    left = place.api.patch(path, removal, "strategic").body["metadata"]["finalizers"]
    assert left == ["a.b/two"]
    place.api.patch(path, {"metadata": {"finalizers": None}})


def test_a_patch_may_insist_on_a_version(place: Place) -> None:
    place.made("configmaps", config_map())
    path = place.path("configmaps", "settings")
    answer = place.api.patch(path, {"metadata": {"resourceVersion": "1"}, "data": {"a": "2"}})
    assert (answer.code, answer.reason) == (409, "Conflict")


def test_a_patch_may_insist_on_a_uid(place: Place) -> None:
    place.made("configmaps", config_map())
    path = place.path("configmaps", "settings")
    answer = place.api.patch(path, {"metadata": {"uid": "0-0-0"}, "data": {"a": "2"}})
    assert (answer.code, answer.reason) == (409, "Conflict")


def test_an_unknown_kind_of_patch_is_a_415(place: Place) -> None:
    place.made("configmaps", config_map())
    path = place.path("configmaps", "settings")
    answer = place.api.call("PATCH", path, {"data": {}}, content_type="application/json")
    assert (answer.code, answer.reason) == (415, "UnsupportedMediaType")
