"""What the watcher's recorder makes of events: timelines of Pods, and rollouts of workloads."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from django.test.utils import CaptureQueriesContext

from console import kinds
from console.models import Cluster
from tests.console import pages
from tests.workloads.manifests import GATE, pod
from workloads.history.pods import PodHistory, Seen
from workloads.history.rollouts import RolloutHistory
from workloads.history.rollouts import Seen as SeenWorkload
from workloads.models import PodTimeline, Rollout

pytestmark = pytest.mark.django_db
NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture(autouse=True)
def begun_now() -> None:
    """Pods that were Ready for long when first seen are another matter; a suite takes its time."""
    global NOW
    NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def cluster() -> Cluster:
    return pages.cluster("cls-1")


def clock(seconds: float) -> str:
    return (NOW + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def started(*conditions: tuple[str, float], created: float = 0, **metadata: Any) -> kinds.Pod:
    return pod(
        metadata={"creationTimestamp": clock(created)} | metadata,
        spec={"containers": [{"name": "web"}], "readinessGates": [{"conditionType": GATE}]},
        status={
            "conditions": [
                {"type": name, "status": "True", "lastTransitionTime": clock(seconds)}
                for name, seconds in conditions
            ]
        },
    )


READY = (("PodScheduled", 0), ("ContainersReady", 3), (GATE, 18), ("Ready", 19))


def test_a_pod_s_stages_are_noted_as_they_come(cluster: Cluster) -> None:
    history = PodHistory(cluster.pk)
    history.note([Seen("a", started(("PodScheduled", 0)), at(0.2))])
    history.note([Seen("a", started(*READY), at(19.4))])
    found = PodTimeline.objects.get()
    assert (found.created_at, found.containers_ready_at) == (at(0.2), at(3))
    assert found.ready_at == at(19.4)
    history.note([Seen("a", None, at(60))])
    found.refresh_from_db()
    assert found.gone_at == at(60)


def test_an_event_without_news_writes_nothing(
    cluster: Cluster, django_assert_num_queries: Any
) -> None:
    history = PodHistory(cluster.pk)
    history.note([Seen("a", started(*READY), at(19.4))])
    with django_assert_num_queries(0):
        history.note([Seen("a", started(*READY), at(25))])


def test_a_round_of_hundreds_is_one_statement(cluster: Cluster) -> None:
    from django.db import connection

    history = PodHistory(cluster.pk)
    with CaptureQueriesContext(connection) as queries:
        history.note(Seen(f"pod-{n}", started(*READY), at(19.4)) for n in range(400))
    assert len([one for one in queries if "INSERT" in one["sql"]]) == 1
    assert PodTimeline.objects.count() == 400


def test_pods_that_were_settled_when_first_seen_have_only_their_end(cluster: Cluster) -> None:
    history = PodHistory(cluster.pk)
    old = (("PodScheduled", -9000), ("ContainersReady", -8999), ("Ready", -8990))
    history.note([Seen("a", started(*old, created=-9000), None)])
    assert not PodTimeline.objects.exists()
    leaving = {"deletionTimestamp": clock(30), "deletionGracePeriodSeconds": 30}
    history.note([Seen("a", started(*old, created=-9000, **leaving), at(0.1))])
    found = PodTimeline.objects.get()
    assert (found.terminating_at, found.ready_at) == (at(0.1), None)


def test_pods_of_nobody_without_a_gate_are_none_of_ours(cluster: Cluster) -> None:
    lonely = pod(metadata={"creationTimestamp": clock(0), "ownerReferences": []})
    PodHistory(cluster.pk).note([Seen("a", lonely, at(0))])
    assert not PodTimeline.objects.exists()


def test_a_restart_of_the_watcher_changes_no_moment(cluster: Cluster) -> None:
    PodHistory(cluster.pk).note([Seen("a", started(*READY), at(19.4))])
    PodHistory(cluster.pk).note([Seen("a", started(*READY), None)])
    assert PodTimeline.objects.get().ready_at == at(19.4)


def deployment(
    revision: int, *, done: bool, image: str = "web:1", replica_set: str = "", **spec: Any
) -> kinds.Workload:
    """A Deployment of four; `replica_set`: the one its Progressing condition names."""
    updated = 4 if done else 1
    reason = "NewReplicaSetAvailable" if done else "ReplicaSetUpdated"
    manifest = {
        "metadata": {
            "name": "web",
            "namespace": "shop",
            "uid": "uid-web",
            "generation": 3,
            "creationTimestamp": clock(-9000),
            "annotations": {"deployment.kubernetes.io/revision": str(revision)},
            "managedFields": [
                {
                    "manager": "kubectl-set",
                    "time": clock(-1),
                    "fieldsV1": {"f:spec": {"f:template": {}}},
                },
                {"manager": "kube-controller-manager", "time": clock(0), "subresource": "status"},
            ],
        },
        "spec": {
            "replicas": 4,
            "template": {"spec": {"containers": [{"name": "web", "image": image}]}},
            "strategy": {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
        }
        | spec,
        "status": {
            "observedGeneration": 3,
            "replicas": 4,
            "updatedReplicas": updated,
            "readyReplicas": 4,
            "availableReplicas": 4,
            "conditions": [
                {
                    "type": "Progressing",
                    "status": "True",
                    "reason": reason,
                    "message": f'ReplicaSet "web-{replica_set or revision}" told this.',
                    "lastUpdateTime": clock(0),
                }
            ],
        },
    }
    return msgspec.json.decode(msgspec.json.encode(manifest), type=kinds.Workload)


def told(history: RolloutHistory, workload: kinds.Workload | None, seconds: float = 0.5) -> None:
    history.note([SeenWorkload("Deployment", "uid-web", workload, at(seconds))])


def test_a_new_template_begins_a_rollout_and_its_last_pod_ends_it(cluster: Cluster) -> None:
    history = RolloutHistory(cluster.pk)
    told(history, deployment(6, done=True))
    assert not Rollout.objects.exists()
    # The new image is written before the controller gives it a number.
    told(history, deployment(6, done=False, image="web:2"))
    assert not Rollout.objects.exists()
    told(history, deployment(7, done=False, image="web:2", replica_set="6"))
    found = Rollout.objects.get()
    assert (found.number, found.revision, found.manager) == (7, "", "kubectl-set")
    assert (found.images_before, found.images) == ({"web": "web:1"}, {"web": "web:2"})
    assert (found.replicas, found.surge, found.unavailable) == (4, 1, 0)
    assert found.started_at == at(-1)
    told(history, deployment(7, done=False, image="web:2"))
    found.refresh_from_db()
    assert found.revision == "7"
    told(history, deployment(7, done=True, image="web:2"), 0.7)
    found.refresh_from_db()
    assert (found.result, found.finished_at) == ("complete", at(0.7))


def test_scaling_is_no_rollout(cluster: Cluster) -> None:
    history = RolloutHistory(cluster.pk)
    told(history, deployment(6, done=True))
    told(history, deployment(6, done=False, replicas=9))
    assert not Rollout.objects.exists()


def test_no_rollout_ends_before_it_began(cluster: Cluster) -> None:
    history = RolloutHistory(cluster.pk)
    told(history, deployment(7, done=False), 2.5)
    Rollout.objects.update(started_at=at(2.5))
    # Its last Pod was available long ago, as when only what is at 0 replicas gets a new template.
    told(history, deployment(7, done=True), 2.6)
    found = Rollout.objects.get()
    assert found.finished_at == found.started_at == at(2.5)


def test_a_rollout_that_another_one_replaces_is_superseded(cluster: Cluster) -> None:
    history = RolloutHistory(cluster.pk)
    told(history, deployment(6, done=True))
    told(history, deployment(7, done=False))
    told(history, deployment(8, done=False))
    assert list(Rollout.objects.order_by("number").values_list("number", "result")) == [
        (7, "superseded"),
        (8, ""),
    ]


def test_a_watcher_that_starts_anew_goes_on_with_what_is_under_way(cluster: Cluster) -> None:
    told(RolloutHistory(cluster.pk), deployment(7, done=False))
    again = RolloutHistory(cluster.pk)
    told(again, deployment(7, done=False))
    told(again, deployment(7, done=True))
    assert Rollout.objects.get().result == "complete"
    told(RolloutHistory(cluster.pk), deployment(7, done=True))
    assert Rollout.objects.count() == 1


def test_a_workload_that_goes_ends_its_rollout(cluster: Cluster) -> None:
    history = RolloutHistory(cluster.pk)
    told(history, deployment(7, done=False))
    told(history, None)
    assert Rollout.objects.get().result == "deleted"


def test_a_pause_is_remembered(cluster: Cluster) -> None:
    history = RolloutHistory(cluster.pk)
    told(history, deployment(7, done=False))
    told(history, deployment(7, done=False, paused=True))
    assert Rollout.objects.get().paused
