"""pods/log: what `kubectl logs` asks for, with the answers a kubelet gives."""

import asyncio
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest

from sandbox.kubernetes.kubelet.logs import KEPT, Log, Logs
from tests.conformance.api import Api
from tests.conformance.place import Place
from tests.wait import PATIENCE, until


def test_the_newest_run_and_the_one_before_are_kept() -> None:
    logs = Logs()
    for number in range(3):
        logs.begin("uid", "web").write(f"run {number}")
    now, before = logs.find("uid", "web"), logs.find("uid", "web", previous=True)
    assert now
    assert before
    assert [one.words() for one in now.since(0)] == ["run 2"]
    assert ([one.words() for one in before.since(0)], before.ended) == (["run 1"], True)
    logs.forget("uid")
    assert logs.find("uid", "web") is None
    assert now.ended


def test_a_log_is_bounded_and_its_lines_stay_numbered() -> None:
    log = Log()
    for number in range(KEPT + 10):
        log.write(str(number))
    assert (log.first, log.written) == (10, KEPT + 10)
    assert [one.words() for one in log.since(KEPT + 8)] == [str(KEPT + 8), str(KEPT + 9)]


def test_a_reader_wakes_with_the_next_line_and_at_the_end() -> None:
    async def follow() -> list[str]:
        log = Log()
        seen = []
        waiting = asyncio.create_task(log.news(0))
        await asyncio.sleep(0)
        log.request("127.0.0.1", b"GET", b"/cart", b"200 OK")
        await waiting
        seen += [one.words() for one in log.since(0)]
        waiting = asyncio.create_task(log.news(1))
        await asyncio.sleep(0)
        log.end()
        await waiting
        return seen

    assert asyncio.run(follow()) == ['127.0.0.1 "GET /cart" 200 OK']


def pod(name: str, *containers: str, **annotations: str) -> dict[str, Any]:
    ports = [{"containerPort": 8080}]
    specs: list[dict[str, Any]] = [{"name": one, "image": "web:1"} for one in containers]
    specs[0]["ports"] = ports
    said = {
        f"sandbox.podgate.dev/{key.replace('_', '-')}": text for key, text in annotations.items()
    }
    return {"metadata": {"name": name, "annotations": said}, "spec": {"containers": specs}}


@pytest.fixture
def logs(api: Api, place: Place) -> Callable[..., tuple[int, str]]:
    def read(name: str, **query: str) -> tuple[int, str]:
        answer = api.get(place.path("pods", name, "log"), **query)
        return answer.code, answer.body if isinstance(answer.body, str) else answer.message

    return read


def test_a_pod_logs_its_start_and_its_requests(
    place: Place, logs: Callable[..., tuple[int, str]], api: Api
) -> None:
    place.make("pods", pod("web", "web"))
    ip = until(lambda: api.get(place.path("pods", "web")).body["status"].get("podIP"))
    until(lambda: "listening on" in logs("web")[1])
    with urllib.request.urlopen(f"http://{ip}:8080/cart?x=1", timeout=PATIENCE) as answer:
        answer.read()
    code, text = logs("web", tailLines="1")
    assert code == 200
    assert text.endswith('"GET /cart?x=1" 200 OK\n')
    assert text.count("\n") == 1
    stamped = logs("web", timestamps="true", sinceSeconds="3600")[1].splitlines()
    assert all(line[10] == "T" and line.split(" ")[0].endswith("Z") for line in stamped)
    assert len(logs("web", limitBytes="5")[1]) == 5


def test_questions_that_a_kubelet_refuses(
    place: Place, logs: Callable[..., tuple[int, str]]
) -> None:
    place.make("pods", pod("two", "web", "side", start_seconds="1000"))
    assert logs("no")[0] == 404
    code, text = logs("two")
    assert (code, "choose one of: [web side]" in text) == (400, True)
    assert "container x is not valid for pod two" in logs("two", container="x")[1]
    until(lambda: "waiting to start: ContainerCreating" in logs("two", container="web")[1])
    code, text = logs("two", container="web", previous="true")
    assert (code, "previous terminated container" in text) == (400, True)
    assert logs("two", container="web", tailLines="-1")[0] == 422
    assert (
        logs("two", container="web", sinceSeconds="5", sinceTime="2026-01-01T00:00:00Z")[0] == 422
    )


def test_a_crashed_container_leaves_its_last_words(
    place: Place, logs: Callable[..., tuple[int, str]]
) -> None:
    place.make("pods", pod("crash", "web", start_seconds="0", crash_after="0.1", crash_times="1"))
    # Before it has a node there is an empty answer.
    until(lambda: "fatal: exiting with code 1" in logs("crash", previous="true")[1])
    until(lambda: "listening" in logs("crash")[1])
