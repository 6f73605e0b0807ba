"""Which Pods of a large workload a page's diagnosis looks at: those with something to tell."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from console import secrets
from console.models import Cluster
from services.diagnosis import gather, reads
from services.diagnosis.workloads import diagnose_workload
from services.facts import asking
from services.models import Binding, Registration
from tests.console import pages
from tests.workloads.index import listed, put_deployment, put_pod
from tests.workloads.manifests import GATE
from workloads.models import Pod, Service, Workload

pytestmark = pytest.mark.django_db
MOMENT = "2026-11-21T08:00:00Z"
WELL = 120


@pytest.fixture
def cluster() -> Cluster:
    found = pages.cluster(reachable=True, credentials=secrets.encrypt("{}"))
    listed(found)
    put_deployment(found)
    for number in range(WELL):
        put_well(found, f"web-6f7c9d8b5-{number:03}")
    return found


def put_well(cluster: Cluster, name: str, node: str = "node-1") -> Pod:
    types = ("PodScheduled", "ContainersReady", "Ready", GATE)
    said = [{"type": one, "status": "True", "lastTransitionTime": MOMENT} for one in types]
    spec = {"nodeName": node, "readinessGates": [{"conditionType": GATE}]}
    return put_pod(
        cluster,
        name,
        spec=spec | {"containers": [{"name": "web", "image": "web:1"}]},
        status={"conditions": said},
    )


def bind(cluster: Cluster, pod: Pod, health: str) -> None:
    now = timezone.now()
    same = {"cluster": cluster, "namespace": "shop", "name": "web"}
    Service.objects.create(
        **same,
        uid="svc",
        resource_version="1",
        created_at=pod.created_at,
        type="ClusterIP",
        selector={"app": "web"},
        ports=[{"protocol": "TCP", "port": 80}],
    )
    binding = Binding.objects.create(
        **same, service_uid="svc", phase="Ready", phase_since=now, lb_id="lb-1", lb_status="running"
    )
    Registration.objects.create(
        binding=binding,
        lb_id="lb-1",
        listener_id="lbl-1",
        protocol="TCP",
        listener_port=80,
        ip=pod.ip or "",
        port=8080,
        pod_uid=pod.uid,
        pod_name=pod.name,
        intended_at=now,
        registered_at=now,
        health=health,
        health_since=now,
    )


def looked_at(cluster: Cluster) -> list[str]:
    facts = gather.of_workload(cluster, Workload.objects.get(), reads.PAGE)
    return [one.pod.name for one in facts.pods]


def test_of_pods_that_are_well_none_is_read_whole(cluster: Cluster) -> None:
    with CaptureQueriesContext(connection) as asked:
        assert looked_at(cluster) == []
    (whole,) = [one["sql"] for one in asked if '"workloads_pod"."conditions"' in one["sql"]]
    assert '"workloads_pod"."gates_open"' in whole.partition("WHERE")[2]


def test_what_is_not_ready_leaves_or_has_no_open_gate_is_looked_at(cluster: Cluster) -> None:
    changes = ({"ready": False}, {"terminating": True}, {"gated": False}, {"gates_open": False})
    for number, change in enumerate(changes):
        Pod.objects.filter(name=f"web-6f7c9d8b5-{number:03}").update(**change)
    assert sorted(looked_at(cluster)) == [f"web-6f7c9d8b5-{number:03}" for number in range(4)]


def test_a_dead_target_is_found_among_any_number_of_pods_that_are_well(cluster: Cluster) -> None:
    last = Pod.objects.get(name=f"web-6f7c9d8b5-{WELL - 1:03}")
    bind(cluster, last, "Dead")
    facts = gather.of_workload(cluster, Workload.objects.get(), reads.PAGE)
    assert [one.pod.name for one in facts.pods] == [last.name]
    assert "DeadLater" in {one.code for one in diagnose_workload(facts)}


def test_pods_of_a_node_that_is_emptied_are_looked_at(cluster: Cluster) -> None:
    away = put_well(cluster, "web-6f7c9d8b5-zzz", node="node-2")
    cordoned = reads.cordoned(cluster)

    known = asking.Question(cordoned.what, lambda: frozenset({"node-2"}), cordoned.key)
    asking.ask({"cordoned": known}, seconds=20, fresh=0)
    facts = gather.of_workload(cluster, Workload.objects.get(), reads.PAGE)
    assert facts.cordoned == ("node-2",)
    assert [one.pod.name for one in facts.pods] == [away.name]


def test_all_revisions_are_known_though_few_pods_are_looked_at(cluster: Cluster) -> None:
    Pod.objects.filter(name="web-6f7c9d8b5-001").update(revision="older")
    facts = gather.of_workload(cluster, Workload.objects.get(), reads.PAGE)
    assert facts.revisions == {"6f7c9d8b5", "older"}
