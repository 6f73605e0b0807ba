from tests.conformance.api import Document
from tests.conformance.place import Place, config_map


def _version(place: Place) -> str:
    listed = place.api.get(place.path("configmaps")).body
    return str(listed["metadata"]["resourceVersion"])


def _told(event: Document) -> tuple[str, str]:
    return event["type"], event["object"]["metadata"]["name"]


def test_a_watch_tells_every_change_in_order(place: Place) -> None:
    since = _version(place)
    path = place.path("configmaps", "settings")
    place.made("configmaps", config_map())
    place.api.patch(path, {"data": {"a": "2"}})
    place.api.delete(path)
    events = place.api.watch(
        place.path("configmaps"), resourceVersion=since, fieldSelector="metadata.name=settings"
    )
    told = [_told(next(events)) for _ in range(3)]
    assert told == [("ADDED", "settings"), ("MODIFIED", "settings"), ("DELETED", "settings")]


def test_a_watch_without_a_version_begins_with_what_exists(place: Place) -> None:
    place.made("configmaps", config_map())
    events = place.api.watch(place.path("configmaps"), fieldSelector="metadata.name=settings")
    assert _told(next(events)) == ("ADDED", "settings")


def test_entering_and_leaving_a_selector_are_an_addition_and_a_deletion(place: Place) -> None:
    since = _version(place)
    place.made("configmaps", config_map())
    path = place.path("configmaps", "settings")
    place.api.patch(path, {"metadata": {"labels": {"shown": "yes"}}})
    place.api.patch(path, {"metadata": {"labels": None}})
    events = place.api.watch(
        place.path("configmaps"), resourceVersion=since, labelSelector="shown=yes"
    )
    assert [next(events)["type"] for _ in range(2)] == ["ADDED", "DELETED"]


def test_a_watch_ends_when_its_time_is_over(place: Place) -> None:
    events = list(
        place.api.watch(place.path("configmaps"), resourceVersion=_version(place), timeoutSeconds=1)
    )
    assert all(event["type"] == "ADDED" for event in events)


def test_a_version_long_gone_is_a_410_inside_the_watch(place: Place) -> None:
    event = next(place.api.watch(place.path("configmaps"), resourceVersion="1"))
    assert event["type"] == "ERROR"
    assert event["object"]["code"] == 410
    assert event["object"]["reason"] == "Expired"


def test_a_deleted_object_is_told_with_a_newer_version(place: Place) -> None:
    made = place.made("configmaps", config_map())
    place.api.delete(place.path("configmaps", "settings"))
    events = place.api.watch(
        place.path("configmaps"), resourceVersion=made["metadata"]["resourceVersion"]
    )
    gone = next(events)
    assert gone["type"] == "DELETED"
    assert int(gone["object"]["metadata"]["resourceVersion"]) > int(
        made["metadata"]["resourceVersion"]
    )
