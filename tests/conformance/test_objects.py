from tests.conformance.api import Api
from tests.conformance.place import Place, config_map


def test_a_new_object_gets_its_identity_from_the_server(place: Place) -> None:
    metadata = place.made("configmaps", config_map())["metadata"]
    assert metadata["uid"]
    assert metadata["resourceVersion"]
    assert metadata["creationTimestamp"].endswith("Z")
    assert metadata["namespace"] == place.namespace


def test_an_object_cannot_be_made_twice(place: Place) -> None:
    place.made("configmaps", config_map())
    again = place.make("configmaps", config_map())
    assert (again.code, again.reason) == (409, "AlreadyExists")
    assert again.message == 'configmaps "settings" already exists'
    assert again.body["details"] == {"name": "settings", "kind": "configmaps"}


def test_what_is_not_there_is_a_404_that_says_what(place: Place) -> None:
    answer = place.api.get(place.path("configmaps", "nothing"))
    assert (answer.code, answer.reason) == (404, "NotFound")
    assert answer.message == 'configmaps "nothing" not found'
    assert answer.body["kind"] == "Status"


def test_a_path_that_is_not_served_is_a_404(api: Api) -> None:
    answer = api.get("/apis/nothing.example.com/v1/things")
    assert answer.code == 404


def test_a_namespace_must_exist(api: Api) -> None:
    answer = api.create("/api/v1/namespaces/no-such-place/configmaps", config_map())
    assert answer.code == 404
    assert 'namespaces "no-such-place" not found' in answer.message


def test_generate_name_adds_five_letters(place: Place) -> None:
    body = {"metadata": {"generateName": "job-"}, "data": {}}
    names = {place.made("configmaps", body)["metadata"]["name"] for _ in range(3)}
    assert len(names) == 3
    assert all(name.startswith("job-") and len(name) == 9 for name in names)


def test_a_name_is_required(place: Place) -> None:
    answer = place.make("configmaps", {"metadata": {}})
    assert (answer.code, answer.reason) == (422, "Invalid")
    assert answer.causes == ["metadata.name"]


def test_a_name_must_be_a_dns_name(place: Place) -> None:
    answer = place.make("configmaps", config_map("Not_A_Name"))
    assert (answer.code, answer.causes) == (422, ["metadata.name"])


def test_an_update_of_an_old_version_is_a_conflict(place: Place) -> None:
    first = place.made("configmaps", config_map())
    path = place.path("configmaps", "settings")
    assert place.api.replace(path, {**first, "data": {"a": "2"}}).code == 200
    late = place.api.replace(path, {**first, "data": {"a": "3"}})
    assert (late.code, late.reason) == (409, "Conflict")
    assert "the object has been modified" in late.message
    assert place.api.get(path).body["data"] == {"a": "2"}


def test_an_update_without_a_version_replaces_whatever_is_there(place: Place) -> None:
    place.made("configmaps", config_map())
    path = place.path("configmaps", "settings")
    assert place.api.replace(path, config_map(b="2")).body["data"] == {"b": "2"}


def test_an_update_that_changes_nothing_keeps_the_version(place: Place) -> None:
    first = place.made("configmaps", config_map())
    path = place.path("configmaps", "settings")
    again = place.api.replace(path, first).body
    assert again["metadata"]["resourceVersion"] == first["metadata"]["resourceVersion"]


def test_the_name_in_the_body_must_be_the_one_in_the_address(place: Place) -> None:
    place.made("configmaps", config_map())
    answer = place.api.replace(place.path("configmaps", "settings"), config_map("other"))
    assert (answer.code, answer.reason) == (400, "BadRequest")


def test_the_namespace_in_the_body_must_be_the_one_in_the_address(place: Place) -> None:
    body = {"metadata": {"name": "x", "namespace": "default"}}
    answer = place.make("configmaps", body)
    assert (answer.code, answer.reason) == (400, "BadRequest")


def test_a_dry_run_leaves_nothing_behind(place: Place) -> None:
    answer = place.make("configmaps", config_map(), dryRun="All")
    assert answer.code == 201
    assert answer.body["metadata"]["uid"]
    assert place.api.get(place.path("configmaps", "settings")).code == 404


def test_a_finalizer_holds_a_deletion_until_it_is_taken_away(place: Place) -> None:
    body = config_map()
    body["metadata"]["finalizers"] = ["podgate.dev/test"]
    place.made("configmaps", body)
    path = place.path("configmaps", "settings")
    assert place.api.delete(path).code == 200
    held = place.api.get(path).body
    assert held["metadata"]["deletionTimestamp"]
    refused = place.api.patch(path, {"metadata": {"finalizers": ["podgate.dev/test", "a.b/c"]}})
    assert refused.code == 422
    place.api.patch(path, {"metadata": {"finalizers": None}})
    assert place.api.get(path).code == 404


def test_a_deletion_may_insist_on_a_uid(place: Place) -> None:
    made = place.made("configmaps", config_map())
    path = place.path("configmaps", "settings")
    wrong = place.api.delete(path, {"preconditions": {"uid": "0-0-0"}})
    assert (wrong.code, wrong.reason) == (409, "Conflict")
    right = place.api.delete(path, {"preconditions": {"uid": made["metadata"]["uid"]}})
    assert (right.code, right.body["status"]) == (200, "Success")


def test_a_collection_is_deleted_by_label(place: Place) -> None:
    for name, tier in (("a", "x"), ("b", "x"), ("c", "y")):
        body = config_map(name)
        body["metadata"]["labels"] = {"tier": tier}
        place.made("configmaps", body)
    place.api.delete(place.path("configmaps"), labelSelector="tier=x")
    left = place.api.get(place.path("configmaps"), labelSelector="tier").body["items"]
    assert [each["metadata"]["name"] for each in left] == ["c"]


def test_an_unknown_field_is_refused_when_asked_to_be_strict(place: Place) -> None:
    body = {**config_map(), "dta": {}}
    strict = place.make("configmaps", body, fieldValidation="Strict")
    assert strict.code == 400
    assert 'unknown field "dta"' in strict.message
    warned = place.make("configmaps", body, fieldValidation="Warn")
    assert warned.code == 201
    assert "dta" not in warned.body
    assert "unknown field" in warned.headers["warning"]


def test_a_wrong_type_is_a_400(place: Place) -> None:
    answer = place.make("configmaps", {"metadata": {"name": "x"}, "data": "text"})
    assert (answer.code, answer.reason) == (400, "BadRequest")
    assert "cannot unmarshal" in answer.message


def test_every_answer_carries_an_audit_id(api: Api) -> None:
    assert api.get("/api/v1/namespaces").headers["audit-id"]


def test_a_terminating_namespace_takes_nothing_new(place: Place) -> None:
    body = config_map("holder")
    body["metadata"]["finalizers"] = ["podgate.dev/test"]
    place.made("configmaps", body)
    place.api.delete(f"/api/v1/namespaces/{place.namespace}")
    answer = place.make("configmaps", config_map())
    assert (answer.code, answer.reason) == (403, "Forbidden")
    assert "because it is being terminated" in answer.message
    place.api.patch(place.path("configmaps", "holder"), {"metadata": {"finalizers": None}})
