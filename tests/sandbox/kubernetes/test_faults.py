import threading
import time
from collections.abc import Iterator

import pytest
from urllib3.exceptions import ReadTimeoutError

from tests.conformance.api import Document
from tests.conformance.place import Place, config_map
from tests.wait import PATIENCE, until
from tests.world import World


@pytest.fixture
def faults(world: World) -> Iterator[World]:
    yield world
    world.heal()


def _of(place: Place) -> dict[str, str]:
    """What a fault is to match: a watch another test left behind may be open still."""
    return {"kind": "ConfigMap", "namespace": place.namespace}


def _version(place: Place) -> str:
    return str(place.api.get(place.path("configmaps")).body["metadata"]["resourceVersion"])


def test_an_error_500_strikes_as_often_as_told(place: Place, faults: World) -> None:
    faults.fault("kubernetes", "error_500", action="list", times=2, match=_of(place))
    path = place.path("configmaps")
    assert [place.api.get(path).code for _ in range(3)] == [500, 500, 200]


def test_a_fault_matches_only_what_it_names(place: Place, faults: World) -> None:
    faults.fault("kubernetes", "error_500", match={"kind": "Secret"})
    assert place.api.get(place.path("configmaps")).code == 200
    assert place.api.get(place.path("secrets")).code == 500


def test_a_conflict_strikes_updates_and_patches_and_changes_nothing(
    place: Place, faults: World
) -> None:
    place.made("configmaps", config_map())
    path = place.path("configmaps", "settings")
    faults.fault("kubernetes", "conflict", times=1)
    answer = place.api.patch(path, {"data": {"a": "2"}})
    assert (answer.code, answer.reason) == (409, "Conflict")
    assert place.api.get(path).body["data"] == {"a": "1"}


def test_an_open_watch_gets_410_when_told(place: Place, faults: World) -> None:
    events = place.api.watch(place.path("configmaps"), resourceVersion=_version(place))
    told: list[Document] = []
    reader = threading.Thread(target=lambda: told.extend(events))
    reader.start()
    place.made("configmaps", config_map("is-watched"))
    until(lambda: told)
    faults.fault("kubernetes", "gone_410", times=1, match=_of(place))
    reader.join(PATIENCE)
    assert [event["type"] for event in told if event["type"] != "ADDED"] == ["ERROR"]
    assert told[-1]["object"]["code"] == 410


def test_a_dead_watch_stays_open_and_silent(place: Place, faults: World) -> None:
    faults.fault("kubernetes", "dead_watch", times=1, match=_of(place))
    events = place.api.watch(
        place.path("configmaps"), resourceVersion=_version(place), timeoutSeconds=1, patience=3
    )
    place.made("configmaps", config_map())
    with pytest.raises(ReadTimeoutError):
        next(events)
    alive = place.api.watch(place.path("configmaps"), fieldSelector="metadata.name=settings")
    assert next(alive)["type"] == "ADDED"


def test_a_lost_answer_has_done_its_work(place: Place, faults: World) -> None:
    faults.fault("kubernetes", "timeout_after", action="create", times=1, hang=0.2)
    assert place.make("configmaps", config_map()).code == 500
    assert place.make("configmaps", config_map()).code == 409


def test_a_lost_request_has_done_nothing(place: Place, faults: World) -> None:
    faults.fault("kubernetes", "timeout_before", action="create", times=1, hang=0.2)
    assert place.make("configmaps", config_map()).code == 500
    assert place.make("configmaps", config_map()).code == 201


def test_too_many_requests_say_when_to_come_back(place: Place, faults: World) -> None:
    faults.fault("kubernetes", "throttle", times=1)
    answer = place.api.get(place.path("configmaps"))
    assert (answer.code, answer.reason) == (429, "TooManyRequests")
    assert answer.headers["retry-after"] == "1"


def test_calls_are_logged_with_their_audit_id(place: Place, faults: World) -> None:
    since = time.time()
    answer = place.make("configmaps", config_map())
    [call] = [
        each
        for each in faults.control("kubernetes", "GET", f"calls?since={since}")
        if each["verb"] == "create" and each["namespace"] == place.namespace
    ]
    assert (call["resource"], call["code"]) == ("configmaps", 201)
    assert call["request_id"] == answer.headers["audit-id"]


def test_an_unknown_fault_is_refused(faults: World) -> None:
    with pytest.raises(OSError, match="400"):
        faults.fault("kubernetes", "earthquake")
