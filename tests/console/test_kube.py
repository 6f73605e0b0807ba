import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from console import doors, kinds, kube, secrets
from console.kube import Conflict, Gone, Kube, KubeError, NotFound
from console.models import Cluster
from tests.console.servers import (
    Answer,
    Server,
    certificate,
    drops,
    hangs_up,
    pem,
    says,
    serving,
    streams,
)
from tests.wait import PATIENCE

Serve = Callable[..., tuple[Server, Kube]]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    with ExitStack() as stack:

        def start(*answers: Answer, credentials: dict[str, str] | None = None) -> Any:
            server = stack.enter_context(serving(*answers, tls=tmp_path))
            return server, Kube(server.url, server.ca, credentials or {"token": "hush"})

        yield start


def status(code: int, reason: str, message: str = "no") -> Answer:
    return says({"kind": "Status", "code": code, "reason": reason, "message": message}, code)


PODS = kube.path("Pod", "shop")


def test_an_object_is_decoded_into_the_struct_asked_for(serve: Serve) -> None:
    server, door = serve(says({"metadata": {"name": "a"}, "status": {"podIP": "10.0.0.1"}}))
    pod = door.get(kube.path("Pod", "shop", "a"), kinds.Pod)
    assert (pod.metadata.name, pod.status.pod_ip) == ("a", "10.0.0.1")
    assert server.asked[0].path == "/api/v1/namespaces/shop/pods/a"
    assert server.asked[0].headers["Authorization"] == "Bearer hush"


def test_names_cannot_leave_their_place_in_the_path() -> None:
    assert kube.path("Pod", "../x", "a/b?c") == "/api/v1/namespaces/..%2Fx/pods/a%2Fb%3Fc"


def test_pages_follow_the_continue_token(serve: Serve) -> None:
    first = {"metadata": {"continue": "t 1"}, "items": [{"metadata": {"name": "a"}}]}
    last = {"metadata": {"resourceVersion": "7"}, "items": [{"metadata": {"name": "b"}}]}
    server, door = serve(says(first), says(last))
    pages = list(door.pages(PODS, kinds.PodList, limit=1, labelSelector="app=x"))
    assert [pod.metadata.name for page in pages for pod in page.items] == ["a", "b"]
    assert pages[-1].metadata.resource_version == "7"
    assert "continue=t+1" in server.asked[1].path
    assert "labelSelector=app%3Dx" in server.asked[1].path


@pytest.mark.parametrize(
    ("code", "reason", "error"),
    [
        (404, "NotFound", NotFound),
        (409, "AlreadyExists", Conflict),
        (410, "Expired", Gone),
        (403, "Forbidden", KubeError),
        (401, "Unauthorized", KubeError),
        (500, "InternalError", KubeError),
    ],
)
def test_errors_are_told_apart_by_code(
    serve: Serve, code: int, reason: str, error: type[KubeError]
) -> None:
    _, door = serve(status(code, reason, "because"))
    with pytest.raises(error) as caught:
        door.get(PODS)
    assert type(caught.value) is error
    found = caught.value
    assert (found.status, found.reason, found.message) == (code, reason, "because")


def test_an_error_that_is_no_status_is_still_an_error(serve: Serve) -> None:
    _, door = serve(says(b"<html>bad gateway</html>", 502))
    with pytest.raises(KubeError, match="bad gateway") as caught:
        door.get(PODS)
    assert caught.value.status == 502


def test_an_answer_that_is_no_json_is_an_error(serve: Serve) -> None:
    _, door = serve(says(b"{"))
    with pytest.raises(KubeError) as caught:
        door.get(PODS)
    assert caught.value.reason == "BadAnswer"


def test_a_redirect_is_not_followed(serve: Serve) -> None:
    server, door = serve(says({}, 302, Location="http://169.254.169.254/"))
    with pytest.raises(KubeError) as caught:
        door.get(PODS)
    assert caught.value.status == 302
    assert len(server.asked) == 1


def test_a_write_whose_answer_is_lost_is_not_sent_again(serve: Serve) -> None:
    server, door = serve(hangs_up)
    with pytest.raises(KubeError) as caught:
        door.create(PODS, {"kind": "Pod"})
    assert caught.value.status == 0
    assert len(server.asked) == 1


def test_patches_say_what_kind_they_are(serve: Serve) -> None:
    server, door = serve(says({}))
    door.patch(PODS, {"a": 1})
    door.patch(PODS, [{"op": "add"}], kind="json")
    door.patch(PODS, {"a": 1}, kind="apply", force=True, fieldManager="other")
    assert [request.headers["Content-Type"] for request in server.asked] == [
        "application/strategic-merge-patch+json",
        "application/json-patch+json",
        "application/apply-patch+yaml",
    ]
    assert "fieldManager=podgate" in server.asked[0].path
    assert "fieldManager=other&force=true" in server.asked[2].path


def test_delete_sends_its_preconditions(serve: Serve) -> None:
    server, door = serve(says({"kind": "Status"}))
    door.delete(kube.path("Pod", "shop", "a"), {"preconditions": {"uid": "u"}})
    assert server.asked[0].method == "DELETE"
    assert server.asked[0].json == {"preconditions": {"uid": "u"}}


def event(type_: str, **metadata: Any) -> dict[str, Any]:
    return {"type": type_, "object": {"kind": "Pod", "metadata": metadata}}


def test_a_watch_yields_events_and_bookmarks_until_its_end(serve: Serve) -> None:
    server, door = serve(
        streams(
            event("ADDED", name="a", resourceVersion="2"),
            event("BOOKMARK", resourceVersion="9"),
            event("DELETED", name="a", resourceVersion="10"),
        )
    )
    events = list(door.watch(PODS, kinds.Pod, resource_version="1", timeout=3))
    assert [(e.type, e.object.metadata.resource_version) for e in events] == [
        ("ADDED", "2"),
        ("BOOKMARK", "9"),
        ("DELETED", "10"),
    ]
    asked = server.asked[0].path
    for word in ("watch=true", "allowWatchBookmarks=true", "timeoutSeconds=3", "resourceVersion=1"):
        assert word in asked


def test_an_event_is_seen_before_the_next_one_comes(serve: Serve) -> None:
    _, door = serve(streams(event("ADDED", name="a"), then_silent=True))
    watching = door.watch(PODS, kinds.Pod, resource_version="1")
    assert next(watching).object.metadata.name == "a"
    watching.close()  # type: ignore[attr-defined]


def test_a_watch_that_is_too_old_is_gone(serve: Serve) -> None:
    error = {"type": "ERROR", "object": {"kind": "Status", "code": 410, "reason": "Expired"}}
    _, door = serve(streams(error))
    with pytest.raises(Gone):
        list(door.watch(PODS, kinds.Pod, resource_version="1"))


def test_a_silent_watch_ends_as_a_time_out(serve: Serve) -> None:
    _, door = serve(streams(event("ADDED", name="a"), then_silent=True))
    watching = door.watch(PODS, kinds.Pod, resource_version="1", timeout=-3)
    next(watching)
    with pytest.raises(KubeError) as caught:
        next(watching)
    assert caught.value.reason == "TimedOut"


def test_every_call_is_told_with_its_audit_id(serve: Serve) -> None:
    _, door = serve(says({}, Audit_Id="audit-1"), status(404, "NotFound"))
    with doors.recording() as calls:
        door.create(PODS, {})
        with pytest.raises(NotFound):
            door.get(PODS)
    assert [(c.door, c.action, c.write, c.ok, c.code) for c in calls] == [
        ("kubernetes", f"POST {PODS}", True, True, ""),
        ("kubernetes", f"GET {PODS}", False, False, "NotFound"),
    ]
    assert calls[0].request_id == "audit-1"


def test_what_a_listener_raises_reaches_the_caller_after_the_write(serve: Serve) -> None:
    server, door = serve(says({}))

    class Crash(BaseException):
        pass

    def crash(call: doors.Call) -> None:
        raise Crash

    with pytest.raises(Crash), doors.listening(crash):
        door.create(PODS, {})
    assert len(server.asked) == 1


def test_a_server_with_another_ca_is_not_trusted(serve: Serve) -> None:
    server, _ = serve(says({}))
    door = Kube(server.url, pem(certificate("another CA")[0]).decode(), {"token": "hush"})
    with pytest.raises(KubeError) as caught:
        door.get(PODS)
    assert caught.value.reason == "TLSFailed"
    assert not server.asked


def test_an_address_that_is_not_allowed_is_refused_before_anything_is_sent(
    serve: Serve, settings: Settings
) -> None:
    server, door = serve(says({}))
    settings.ALLOWED_API_SERVERS = []
    with pytest.raises(KubeError) as caught:
        door.get(PODS)
    assert caught.value.reason == "AddressRefused"
    assert "loopback" in caught.value.message
    assert "hush" not in caught.value.message
    assert not server.asked


def test_a_name_that_leads_to_a_refused_address_is_refused(
    serve: Serve, settings: Settings
) -> None:
    server, _ = serve(says({}))
    settings.ALLOWED_API_SERVERS = ["10.0.0.0/8"]
    door = Kube(server.url.replace("127.0.0.1", "localhost"), server.ca, {"token": "hush"})
    with pytest.raises(KubeError) as caught:
        door.get(PODS)
    assert caught.value.reason == "AddressRefused"


def test_a_port_nobody_listens_on_is_unreachable() -> None:
    with pytest.raises(KubeError) as caught:
        Kube("https://127.0.0.1:1", "", {"token": "x"}).get(PODS)
    assert (caught.value.status, caught.value.reason) == (0, "Unreachable")


def test_the_pool_is_shared_by_many_threads(serve: Serve) -> None:
    server, door = serve(says({"metadata": {"name": "a"}}))
    start = threading.Barrier(8)

    def ask(_: int) -> str:
        start.wait(PATIENCE)
        return door.get(PODS, kinds.Pod).metadata.name

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(ask, range(8))) == ["a"] * 8
    assert len(server.asked) == 8


def test_a_clusters_connection_is_kept_until_its_credentials_change() -> None:
    def credentials(token: str) -> str:
        return secrets.encrypt(json.dumps({"token": token}))

    cluster = Cluster(server="https://192.0.2.1", credentials=credentials("a"))
    first = kube.connect(cluster)
    assert kube.connect(cluster) is first
    cluster.credentials = credentials("b")
    assert kube.connect(cluster) is not first


def test_a_connection_stands_for_many_requests_and_is_made_anew_when_it_was_dropped(
    serve: Serve,
) -> None:
    server, door = serve(says({}), drops(says({})), says({}))
    door.get(PODS)
    door.patch(PODS, {"a": 1})
    assert server.closed.wait(10)
    door.get(PODS)
    first, second, third = (request.port for request in server.asked)
    assert first == second != third
