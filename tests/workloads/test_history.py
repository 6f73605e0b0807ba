"""The durable timeline: who notes what, in any order, and it stands."""

from datetime import UTC, datetime, timedelta

import pytest

from console.models import Account, Cluster
from workloads.history.notes import Note, note, stamps, write
from workloads.models import PodTimeline
from workloads.timeline import Source, Stage

pytestmark = pytest.mark.django_db

START = datetime(2026, 11, 22, 14, 2, 17, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


@pytest.fixture
def somewhere() -> Cluster:
    account = Account.objects.create(name="shop-prod", uin="1", region="ap-guangzhou")
    return Cluster.objects.create(cluster_id="cls-1", account=account, server="https://x")


def kept(uid: str = "a") -> PodTimeline:
    return PodTimeline.objects.get(pod_uid=uid)


def test_the_first_moment_noted_of_a_stage_stands(somewhere: Cluster) -> None:
    note(somewhere.pk, [Note("a", Stage.READY, at(5)), Note("a", Stage.CREATED, at(0))])
    note(somewhere.pk, [Note("a", Stage.READY, at(50))])
    assert (kept().created_at, kept().ready_at) == (at(0), at(5))


def test_a_pod_of_two_listeners_is_healthy_when_the_last_of_them_says_so(
    somewhere: Cluster,
) -> None:
    note(somewhere.pk, [Note("a", Stage.FIRST_HEALTHY, at(5))])
    note(somewhere.pk, [Note("a", Stage.FIRST_HEALTHY, at(7))])
    assert kept().first_healthy_at == at(7)
    note(somewhere.pk, [Note("a", Stage.GATE, at(8))])
    note(somewhere.pk, [Note("a", Stage.FIRST_HEALTHY, at(90))])
    assert kept().first_healthy_at == at(7)


def test_who_told_a_stage_stands_with_its_moment(somewhere: Cluster) -> None:
    note(somewhere.pk, [Note("a", Stage.REGISTERED, at(4), Source.CLB)])
    note(somewhere.pk, [Note("a", Stage.REGISTERED, at(9), Source.PODGATE)])
    assert kept().registered_source == Source.CLB
    assert stamps(kept())[Stage.REGISTERED].source is Source.CLB


def test_the_watcher_and_the_engine_note_in_any_order(somewhere: Cluster) -> None:
    note(somewhere.pk, [Note("a", Stage.REGISTERED, at(4))])
    write(
        somewhere.pk,
        [{"pod_uid": "a", "name": "web-1", "gated": True, "restarts": 1, "created_at": at(0)}],
    )
    found = kept()
    assert (found.name, found.gated, found.restarts) == ("web-1", True, 1)
    assert set(stamps(found)) == {Stage.CREATED, Stage.REGISTERED}
    assert stamps(found)[Stage.CREATED].source is Source.KUBERNETES


def test_five_hundred_notes_are_one_statement_s_work_and_none_are_none(
    somewhere: Cluster, django_assert_max_num_queries: object
) -> None:
    with django_assert_max_num_queries(5):  # type: ignore[operator]
        note(somewhere.pk, [Note(f"pod-{n}", Stage.REGISTERED, at(n)) for n in range(500)])
    assert PodTimeline.objects.count() == 500
    with django_assert_max_num_queries(0):  # type: ignore[operator]
        note(somewhere.pk, [])
