"""The hub against the real views, database and Valkey; only the socket is missing."""

import asyncio
import time
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from console import live
from console.access import Role
from console.live.hub import Hub
from console.models import Cluster
from tests.console import pages
from tests.live.scenes import aside, play
from tests.live.streams import Page, until
from tests.wait import PATIENCE
from tests.workloads.index import listed, put_pod
from workloads.models import Pod

pytestmark = pytest.mark.django_db(transaction=True)
ID = "cls-vpccni01"
NEVER = {"heard": None, "event": None, "lag": 0.0}
ROWS = f"/clusters/{ID}/pods/rows"
STATE = f"/clusters/{ID}/pods/shop/web-1/state"


@pytest.fixture
def cluster() -> Cluster:
    found = pages.cluster(ID, reachable=True)
    listed(found)
    put_pod(found, "web-1")
    return found


@pytest.fixture
def viewer(cluster: Cluster) -> Client:
    return pages.visitor()


def rename(status: str) -> None:
    Pod.objects.update(status=status)
    live.announce(f"{ID}/pods/shop/web-1")


def test_a_stream_brings_every_region_whole_and_then_what_changes(viewer: Client) -> None:
    async def scene(hub: Hub) -> None:
        page = Page(hub, viewer, ROWS, STATE)
        await until(lambda: len(page.html()) == 2)
        assert page.status == 200
        await until(lambda: len(hub.tasks) == 4 and not hub.redis_down)
        await aside(rename, "CrashLoopBackOff")
        await until(lambda: sum("CrashLoopBackOff" in html for html in page.html()) >= 2)
        await page.leave()
        assert not hub.shown
        assert not hub.by_topic

    play(scene)


def test_a_region_is_drawn_once_for_all_who_look_with_the_same_role_and_language(
    viewer: Client,
) -> None:
    other = pages.visitor(name="dave")

    async def scene(hub: Hub) -> None:
        looking = [Page(hub, viewer, ROWS), Page(hub, other, ROWS)]
        await until(lambda: all(page.html() for page in looking))
        assert len(hub.shown) == 1
        chinese = Page(hub, viewer, ROWS, language="zh-hans")
        await until(lambda: bool(chinese.html()))
        assert len(hub.shown) == 2
        for page in (*looking, chinese):
            await page.leave()

    play(scene)


def test_a_storm_of_announcements_is_at_most_four_pictures_a_second(viewer: Client) -> None:
    async def scene(hub: Hub) -> None:
        page = Page(hub, viewer, ROWS)
        await until(lambda: bool(page.html()))
        loop = asyncio.get_running_loop()
        started = loop.time()
        drawn = set()
        while loop.time() < started + 2:
            hub.announced(f"{ID}/pods/shop/web-1")
            drawn.add(next(iter(hub.shown.values())).drawn_at)
            await asyncio.sleep(0.005)
        assert len(drawn) <= 10
        await page.leave()

    play(scene)


def test_what_did_not_change_is_not_sent_again(viewer: Client) -> None:
    async def scene(hub: Hub) -> None:
        page = Page(hub, viewer, STATE)
        await until(lambda: bool(page.html()))
        (shown,) = hub.shown.values()
        before = shown.drawn_at
        hub.announced(f"{ID}/pods/shop/web-1")
        await until(lambda: shown.drawn_at > before and not shown.stale)
        await until(lambda: shown.task is not None and shown.task.done())
        assert len(page.html()) == 1
        await page.leave()

    play(scene)


def test_who_comes_while_a_region_is_to_be_drawn_gets_it_though_it_did_not_change(
    viewer: Client,
) -> None:
    async def scene(hub: Hub) -> None:
        page = Page(hub, viewer, STATE)
        await until(lambda: bool(page.html()))
        (shown,) = hub.shown.values()
        # Its next picture waits for its turn.
        shown.drawn_at = time.monotonic() + 2
        hub.announced(f"{ID}/pods/shop/web-1")
        late = Page(hub, viewer, STATE)
        await until(lambda: bool(late.html()))
        assert len(page.html()) == 1
        for one in (page, late):
            await one.leave()
        assert not shown.waiting

    play(scene)


def test_no_session_no_stream(cluster: Cluster) -> None:
    async def scene(hub: Hub) -> None:
        page = Page(hub, None, ROWS)
        await page.task
        assert page.status == 403

    play(scene)


@pytest.mark.parametrize(
    "regions",
    [
        [],
        ["/"],
        ["/login/"],
        ["https://example.com/"],
        ["//example.com/x"],
        ["/clusters/cls-vpccni01/pods/"],
        ["/static/live.js"],
        [ROWS + f"?page={number}" for number in range(17)],
    ],
)
def test_only_live_regions_can_be_streamed(viewer: Client, regions: list[str]) -> None:
    async def scene(hub: Hub) -> None:
        page = Page(hub, viewer, *regions)
        await page.task
        assert page.status == 404
        assert page.ended

    play(scene)


def test_a_stranger_gets_nothing_of_a_region(cluster: Cluster) -> None:
    stranger = pages.visitor(role=None, name="stranger")

    async def scene(hub: Hub) -> None:
        page = Page(hub, stranger, ROWS)
        await page.task
        assert page.ended
        assert page.html() == []
        assert page.events("closed")

    play(scene)


def test_a_logout_ends_the_stream(viewer: Client) -> None:
    async def scene(hub: Hub) -> None:
        page = Page(hub, viewer, ROWS)
        await until(lambda: bool(page.html()))
        await aside(viewer.logout)
        await until(lambda: page.ended)
        assert page.events("closed") == [{"why": "session"}]

    play(scene)


def test_a_logout_says_nothing_to_others_who_see_the_same(cluster: Cluster, viewer: Client) -> None:
    other = pages.visitor(name="dave")

    async def scene(hub: Hub) -> None:
        page, others = Page(hub, viewer, ROWS), Page(hub, other, ROWS)
        await until(lambda: bool(page.html() and others.html()))
        await aside(viewer.logout)
        before = len(others.html())
        while not page.ended:
            hub.announced(f"{ID}/pods/shop/web-1")
            await asyncio.sleep(0.02)
        await aside(put_pod, cluster, "web-2")
        hub.announced(f"{ID}/pods/shop/web-2")
        await until(lambda: len(others.html()) > before)
        assert page.events("closed") == [{"why": "session"}]
        assert not others.ended
        await others.leave()

    play(scene)


def test_a_lost_role_ends_the_stream(viewer: Client) -> None:
    async def scene(hub: Hub) -> None:
        page = Page(hub, viewer, ROWS)
        await until(lambda: bool(page.html()))
        await aside(lambda: Group.objects.get(name=Role.VIEWER).user_set.clear())
        await until(lambda: page.ended)

    play(scene)


def test_a_shutdown_ends_every_stream_with_a_last_word(viewer: Client) -> None:
    async def scene(hub: Hub) -> None:
        looking = [Page(hub, viewer, ROWS) for _ in range(20)]
        await until(lambda: all(page.html() for page in looking))
        hub.close()
        await until(lambda: all(page.ended for page in looking))
        late = Page(hub, viewer, ROWS)
        await late.task
        assert late.status == 503

    play(scene)


class Ending(Page):
    """The process stops while this page is being sent its words for the nth time."""

    nth = 0

    async def _send(self, message: Any) -> None:
        await super()._send(message)
        self.nth -= 1
        if self.nth == 0:
            self.hub.close()


@pytest.mark.parametrize("nth", [1, 2, 3], ids=["head", "greeting", "picture"])
def test_a_shutdown_while_something_is_sent_has_a_last_word(viewer: Client, nth: int) -> None:
    async def scene(hub: Hub) -> None:
        page = Ending(hub, viewer, ROWS)
        page.nth = nth
        await asyncio.wait_for(page.task, PATIENCE)
        assert page.events("closed") == [{"why": "shutdown"}]
        assert page.ended

    play(scene)


def test_a_heartbeat_tells_how_old_the_index_is(viewer: Client) -> None:
    async def scene(hub: Hub) -> None:
        page = Page(hub, viewer, ROWS)
        await until(lambda: bool(page.events("beat")))
        assert page.events("beat")[-1] == {"ages": {ID: NEVER}, "slow": False}
        await page.leave()

    play(scene)


def test_without_redis_pages_are_polled_slowly_and_say_so(
    viewer: Client, settings: Any, cluster: Cluster
) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"

    async def scene(hub: Hub) -> None:
        page = Page(hub, viewer, STATE)
        await until(lambda: bool(page.html()))
        await aside(lambda: Pod.objects.update(status="Error"))
        await until(lambda: "Error" in page.html()[-1])
        await until(lambda: page.events("beat")[-1]["slow"] is True)
        await page.leave()

    play(scene)


def test_a_region_whose_cluster_is_removed_is_said_to_be_gone(viewer: Client) -> None:
    async def scene(hub: Hub) -> None:
        page = Page(hub, viewer, ROWS)
        await until(lambda: bool(page.html()))
        await aside(lambda: Cluster.objects.all().delete())
        hub.announced(ID)
        hub.announced(f"{ID}/pods")
        await until(lambda: bool(page.events("gone")))
        await page.leave()

    play(scene)
