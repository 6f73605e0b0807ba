from tests.conformance.place import Place, config_map


def _names(items: list[dict[str, dict[str, str]]]) -> list[str]:
    return [item["metadata"]["name"] for item in items]


def _make_five(place: Place) -> None:
    for index in range(5):
        body = config_map(f"c{index}")
        body["metadata"]["labels"] = {"group": "paged", "parity": "odd" if index % 2 else "even"}
        place.made("configmaps", body)


def test_a_long_list_comes_in_pages(place: Place) -> None:
    _make_five(place)
    path, selected = place.path("configmaps"), {"labelSelector": "group=paged"}
    first = place.api.get(path, limit=2, **selected).body
    assert _names(first["items"]) == ["c0", "c1"]
    more = {"continue": first["metadata"]["continue"]}
    second = place.api.get(path, limit=2, **selected, **more).body
    last = place.api.get(path, limit=2, **selected, **{"continue": second["metadata"]["continue"]})
    assert _names(second["items"]) == ["c2", "c3"]
    assert _names(last.body["items"]) == ["c4"]
    assert not last.body["metadata"].get("continue")


def test_pages_show_the_state_the_list_began_with(place: Place) -> None:
    _make_five(place)
    path, selected = place.path("configmaps"), {"labelSelector": "group=paged"}
    first = place.api.get(path, limit=2, **selected).body
    place.api.delete(place.path("configmaps", "c3"))
    more = {"continue": first["metadata"]["continue"]}
    rest = place.api.get(path, **selected, **more).body
    assert _names(rest["items"]) == ["c2", "c3", "c4"]
    assert rest["metadata"]["resourceVersion"] == first["metadata"]["resourceVersion"]


def test_a_list_says_what_remains(place: Place) -> None:
    _make_five(place)
    listed = place.api.get(place.path("configmaps"), limit=1).body
    assert listed["kind"] == "ConfigMapList"
    assert listed["metadata"]["remainingItemCount"] >= 4


def test_a_broken_continue_token_is_a_400(place: Place) -> None:
    answer = place.api.get(place.path("configmaps"), limit=1, **{"continue": "nonsense"})
    assert (answer.code, answer.reason) == (400, "BadRequest")


def test_labels_select_by_equality_sets_and_existence(place: Place) -> None:
    _make_five(place)

    def selected(text: str) -> list[str]:
        found = place.api.get(place.path("configmaps"), labelSelector=text).body["items"]
        return [name for name in _names(found) if name.startswith("c") and len(name) == 2]

    assert selected("parity=odd") == ["c1", "c3"]
    assert selected("group=paged,parity!=odd") == ["c0", "c2", "c4"]
    assert selected("parity in (odd)") == ["c1", "c3"]
    assert selected("group,parity notin (odd, none)") == ["c0", "c2", "c4"]
    assert selected("!group") == []


def test_fields_select_by_name(place: Place) -> None:
    _make_five(place)
    found = place.api.get(place.path("configmaps"), fieldSelector="metadata.name=c2").body
    assert _names(found["items"]) == ["c2"]
    wrong = place.api.get(place.path("configmaps"), fieldSelector="data.a=1")
    assert (wrong.code, wrong.reason) == (400, "BadRequest")


def test_a_version_from_the_future_is_a_time_out(place: Place) -> None:
    answer = place.api.get(
        place.path("configmaps"),
        resourceVersion="999999999999",
        resourceVersionMatch="NotOlderThan",
    )
    assert answer.code == 504


def test_a_table_is_printed_on_demand(place: Place) -> None:
    _make_five(place)
    accept = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
    table = place.api.get(place.path("configmaps"), labelSelector="group=paged", accept=accept).body
    assert table["kind"] == "Table"
    assert [column["name"] for column in table["columnDefinitions"]] == ["Name", "Data", "Age"]
    assert [row["cells"][0] for row in table["rows"]] == ["c0", "c1", "c2", "c3", "c4"]
    assert table["rows"][0]["object"]["kind"] == "PartialObjectMetadata"
