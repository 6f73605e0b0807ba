"""The picture of a rollout is read once for all who look, and is never older than the news."""

import re
import time
from collections.abc import Sequence
from datetime import timedelta
from functools import partial

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from console import live
from console.access import Role
from console.live.hub import Hub
from console.live.sharing import answering
from console.models import Cluster
from tests.console import pages
from tests.live.scenes import aside, play
from tests.live.streams import Page, until
from tests.workloads.rollout.world import ID, REGIONS, ROOT, begin, put, under_way
from workloads.models import PodTimeline, Rollout

pytestmark = pytest.mark.django_db
TOPIC = f"{ID}/workloads/deployment/shop/web"


def timelines(asked: CaptureQueriesContext) -> list[str]:
    return [one["sql"] for one in asked if 'FROM "workloads_podtimeline"' in one["sql"]]


def row(viewer: Client, name: str) -> str:
    html = viewer.get(f"{ROOT}/rollout/waterfall?view=pods").content.decode()
    (found,) = re.findall(rf'<tr id="r-{name}">.*?</tr>', html, re.DOTALL)
    return str(found)


def test_all_regions_and_viewers_of_a_moment_cost_one_reading(
    viewer: Client, cluster: Cluster
) -> None:
    under_way(cluster)
    operator = pages.visitor(role=Role.OPERATOR, name="otto")
    with answering(time.monotonic()), CaptureQueriesContext(connection) as asked:
        for client, language in ((viewer, "en"), (operator, "en"), (viewer, "zh-hans")):
            for region in REGIONS:
                answer = client.get(region, headers={"accept-language": language})
                assert answer.status_code == 200
    readings = [one for one in asked if 'FROM "workloads_workload"' in one["sql"]]
    assert len(readings) == 1


def test_who_shares_a_picture_keeps_his_language_and_his_rights(
    viewer: Client, cluster: Cluster
) -> None:
    under_way(cluster)
    stranger = pages.visitor(role=None, name="stranger")
    with answering(time.monotonic()):
        english = viewer.get(f"{ROOT}/rollout/progress").content.decode()
        chinese = viewer.get(
            f"{ROOT}/rollout/progress", headers={"accept-language": "zh-hans"}
        ).content.decode()
        assert stranger.get(f"{ROOT}/rollout/progress").status_code == 403
    assert "Physical bound" in english
    assert "Physical bound" not in chinese


def test_only_pods_that_changed_are_read_again(viewer: Client, cluster: Cluster) -> None:
    rollout = under_way(cluster)
    assert "Checking" in row(viewer, "new-2")
    put(cluster, "new-2", rollout.started_at, until="ready")
    with CaptureQueriesContext(connection) as asked:
        assert '"success">Ready' in row(viewer, "new-2")
    whole = [sql for sql in timelines(asked) if '"scheduled_at"' in sql]
    assert len(whole) == 1
    assert re.findall(r"'((?:new|old)-\d)'", whole[0]) == ["new-2"]


def test_a_note_that_was_written_before_another_and_came_later_is_seen(
    viewer: Client, cluster: Cluster
) -> None:
    """Two processes write; which of them is seen first says nothing about their clocks."""
    rollout = under_way(cluster)
    assert "Checking" in row(viewer, "new-2")
    put(cluster, "new-2", rollout.started_at, until="ready")
    earlier = timezone.now() - timedelta(minutes=1)
    PodTimeline.objects.filter(pod_uid="new-2").update(noted_at=earlier)
    assert '"success">Ready' in row(viewer, "new-2")


def test_the_next_rollout_has_a_picture_of_its_own(viewer: Client, cluster: Cluster) -> None:
    rollout = under_way(cluster)
    with answering(time.monotonic()):
        assert "Rolling out" in viewer.get(f"{ROOT}/rollout/progress").content.decode()
    Rollout.objects.filter(pk=rollout.pk).update(finished_at=timezone.now(), result="superseded")
    begin(cluster, timezone.now(), revision="newer", images={"web": "web:newer"})
    with answering(time.monotonic()):
        html = viewer.get(f"{ROOT}/rollout/progress").content.decode()
        past = viewer.get(f"{ROOT}/rollouts/{rollout.pk}/").content.decode()
    assert "Image old to newer" in html
    assert "Superseded" in past


@pytest.mark.django_db(transaction=True)
def test_a_region_is_never_older_than_its_announcement(viewer: Client, cluster: Cluster) -> None:
    """Many looks at the same moment share a picture; each change is in the one that follows."""
    rollout = under_way(cluster)
    names = [f"new-{number}" for number in range(4, 12)]

    def made(name: str) -> None:
        put(cluster, name, rollout.started_at, until="registered")
        live.announce(TOPIC)

    async def scene(hub: Hub) -> None:
        query = "?view=pods"
        looking = [Page(hub, viewer, *REGIONS[:3], REGIONS[1] + query) for _ in range(2)]
        await until(lambda: all(len(page.html()) >= 4 for page in looking))
        await until(lambda: len(hub.tasks) == 4 and not hub.redis_down)
        for name in names:
            await aside(made, name)
            await until(partial(shows, looking, name))
        for page in looking:
            await page.leave()

    def shows(looking: Sequence[Page], name: str) -> bool:
        return all(any(f'id="r-{name}"' in html for html in page.html()) for page in looking)

    play(scene)
