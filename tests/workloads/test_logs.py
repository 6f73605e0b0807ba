"""Logs through their page and their stream, against the sandbox."""

import asyncio
import json
from typing import Any

import pytest
from django.test import Client

from console import kube
from console.access import Role
from console.models import Cluster
from tests.console import pages
from tests.wait import PATIENCE, until
from workloads.logs import reading, stream
from workloads.logs.stream import Following

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def pod(cluster: Cluster) -> str:
    """A Pod of storefront that listens."""
    door = kube.connect(cluster)

    def listening() -> str:
        pods = door.get(kube.path("Pod", "shop"), labelSelector="app=storefront")["items"]
        for one in pods:
            name = str(one["metadata"]["name"])
            found = reading.tail(cluster, reading.Where("shop", name, ""), 100)
            if any("listening" in line.text for line in found.lines):
                return name
        return ""

    return until(listening)


def test_the_page_shows_the_last_lines_and_filters_them(cluster: Cluster, pod: str) -> None:
    client = pages.visitor()
    address = f"/clusters/cls-vpccni01/pods/shop/{pod}/logs/"
    html = client.get(address).content.decode()
    assert "listening on" in html
    assert f"pod={pod}" in html
    found = client.get(address + "?q=LISTENING").context
    assert {line.text.split(" on ")[0] for line in found["lines"]} == {"listening"}
    assert len(found["read"].lines) > len(found["lines"])
    html = client.get(address + "?previous=1").content.decode()
    assert "previous terminated container" in html
    assert "data-follow=" not in html
    assert "No Pod" in client.get(address.replace(pod, "no-such") + "file").content.decode()
    gone = client.get(address.replace(pod, "no-such")).content.decode()
    assert "The Pod is gone, and its log with it." in gone
    assert "data-follow=" not in gone
    assert "logs/file" not in gone


def test_the_whole_log_is_a_file(cluster: Cluster, pod: str) -> None:
    answer = pages.visitor().get(f"/clusters/cls-vpccni01/pods/shop/{pod}/logs/file")
    assert answer["Content-Disposition"] == f'attachment; filename="shop-{pod}.log"'
    assert b"listening on" in answer.content


def test_logs_are_for_people_with_a_role(cluster: Cluster, pod: str) -> None:
    stranger = pages.visitor(role=None, name="stranger")
    for word in ("", "file"):
        address = f"/clusters/cls-vpccni01/pods/shop/{pod}/logs/{word}"
        assert stranger.get(address).status_code == 403
        assert pages.visitor(Role.VIEWER, f"v{word}").post(address).status_code == 405


def test_a_log_is_followed_line_by_line_until_the_pod_is_gone(cluster: Cluster, pod: str) -> None:
    async def followed() -> list[str]:
        following = Following(cluster, reading.Where("shop", pod, ""), "")
        reader = asyncio.create_task(asyncio.to_thread(following.run))
        where = kube.path("Pod", "shop", pod)
        told: list[Any] = []
        # What is said at its end is heard by who listens already.
        while not any(one["lines"] for one in told):
            await asyncio.wait_for(following.wake.wait(), PATIENCE)
            told.append(_data(following.take()))
        await asyncio.to_thread(kube.connect(cluster).delete, where)
        while not following.over:
            await asyncio.wait_for(following.wake.wait(), PATIENCE)
            told.append(_data(following.take()))
        await reader
        told.append(_data(following.take()))
        assert following.state == "gone"
        return [text for one in told for _clock, text in one["lines"]]

    assert stream._room.acquire(blocking=False)
    assert "received SIGTERM" in asyncio.run(followed())


def _data(message: bytes) -> Any:
    return json.loads(message.partition(b"data: ")[2])


def test_the_stream_is_for_people_with_a_session(cluster: Cluster) -> None:
    from console.asgi import application

    sent: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.disconnect"}

    scope = {"type": "http", "method": "GET", "path": "/live/logs/", "headers": []}
    asyncio.run(application(scope | {"query_string": b"cluster=x"}, receive, send))
    assert sent[0]["status"] == 403
    assert Client().get("/live/logs/").status_code in {302, 404}
