from tests.conformance.place import Place, config_map, deployment, service


def _settings(**data: str) -> dict[str, object]:
    return {"apiVersion": "v1", "kind": "ConfigMap", **config_map(**data)}


def test_applying_creates_what_is_not_there(place: Place) -> None:
    answer = place.api.apply(place.path("configmaps", "settings"), _settings(a="1"), "one")
    assert answer.code == 201
    [line] = answer.body["metadata"]["managedFields"]
    assert (line["manager"], line["operation"]) == ("one", "Apply")
    assert line["fieldsV1"] == {"f:data": {"f:a": {}}}


def test_applying_the_same_again_changes_nothing(place: Place) -> None:
    path = place.path("configmaps", "settings")
    first = place.api.apply(path, _settings(a="1"), "one").body
    again = place.api.apply(path, _settings(a="1"), "one")
    assert again.code == 200
    assert again.body["metadata"]["resourceVersion"] == first["metadata"]["resourceVersion"]


def test_what_is_no_longer_applied_goes_away(place: Place) -> None:
    path = place.path("configmaps", "settings")
    place.api.apply(path, _settings(a="1", b="2"), "one")
    assert place.api.apply(path, _settings(b="2"), "one").body["data"] == {"b": "2"}


def test_managers_share_an_object_without_touching_each_others_fields(place: Place) -> None:
    path = place.path("configmaps", "settings")
    place.api.apply(path, _settings(a="1"), "one")
    assert place.api.apply(path, _settings(b="2"), "two").body["data"] == {"a": "1", "b": "2"}
    assert place.api.apply(path, _settings(c="3"), "one").body["data"] == {"b": "2", "c": "3"}


def test_changing_anothers_field_is_a_conflict_that_names_both(place: Place) -> None:
    path = place.path("configmaps", "settings")
    place.api.apply(path, _settings(a="1"), "one")
    answer = place.api.apply(path, _settings(a="2"), "two")
    assert (answer.code, answer.reason) == (409, "Conflict")
    assert answer.message == 'Apply failed with 1 conflict: conflict with "one": .data.a'
    [cause] = answer.body["details"]["causes"]
    assert (cause["reason"], cause["field"]) == ("FieldManagerConflict", ".data.a")


def test_the_same_value_is_shared_not_disputed(place: Place) -> None:
    path = place.path("configmaps", "settings")
    place.api.apply(path, _settings(a="1"), "one")
    assert place.api.apply(path, _settings(a="1"), "two").code == 200
    assert place.api.apply(path, _settings(b="1"), "one").body["data"] == {"a": "1", "b": "1"}


def test_force_takes_the_field(place: Place) -> None:
    path = place.path("configmaps", "settings")
    place.api.apply(path, _settings(a="1"), "one")
    answer = place.api.apply(path, _settings(a="2"), "two", force="true")
    assert answer.body["data"] == {"a": "2"}
    managers = [line["manager"] for line in answer.body["metadata"]["managedFields"]]
    assert managers == ["two"]


def test_an_update_takes_fields_without_asking(place: Place) -> None:
    path = place.path("configmaps", "settings")
    place.api.apply(path, _settings(a="1"), "one")
    place.api.patch(path, {"data": {"a": "2"}}, fieldManager="hand")
    answer = place.api.apply(path, _settings(a="1"), "one")
    assert answer.code == 409
    assert 'conflict with "hand" using v1' in answer.message


def test_a_field_manager_is_required(place: Place) -> None:
    answer = place.api.patch(place.path("configmaps", "settings"), _settings(a="1"), "apply")
    assert answer.code in (400, 422)
    assert "fieldManager" in answer.message


def test_lists_with_keys_are_owned_by_element(place: Place) -> None:
    path = place.path("services", "web")
    kind = {"apiVersion": "v1", "kind": "Service"}
    first = service(ports=[{"name": "a", "port": 80, "protocol": "TCP"}])
    second = service(ports=[{"name": "b", "port": 81, "protocol": "TCP"}])
    second["spec"].pop("selector")
    place.api.apply(path, {**kind, **first}, "one")
    both = place.api.apply(path, {**kind, **second}, "two")
    assert [each["port"] for each in both.body["spec"]["ports"]] == [80, 81]
    first["spec"]["ports"] = [{"name": "c", "port": 82, "protocol": "TCP"}]
    after = place.api.apply(path, {**kind, **first}, "one")
    assert sorted(each["port"] for each in after.body["spec"]["ports"]) == [81, 82]


def test_defaults_belong_to_nobody(place: Place) -> None:
    body = {"apiVersion": "apps/v1", "kind": "Deployment", **deployment()}
    made = place.api.apply(place.path("apps/v1/deployments", "web"), body, "one").body
    assert made["spec"]["revisionHistoryLimit"] == 10
    [line] = [each for each in made["metadata"]["managedFields"] if each["manager"] == "one"]
    assert "f:revisionHistoryLimit" not in line["fieldsV1"]["f:spec"]
    assert "f:replicas" in line["fieldsV1"]["f:spec"]
