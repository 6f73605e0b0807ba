"""Workloads whose Pods do not start: on the first page and in the list."""

import pytest
from django.utils import timezone

from console.models import Cluster
from tests.console import pages
from tests.workloads.index import listed, put_deployment, put_pod
from workloads import failing
from workloads.models import Pod, Workload

pytestmark = pytest.mark.django_db
ID = "cls-vpccni01"


@pytest.fixture
def cluster() -> Cluster:
    found = pages.cluster(ID, reachable=True)
    listed(found)
    put_deployment(found)
    for letter in "abc":
        put_pod(found, f"web-6f7c9d8b5-{letter}")
    return found


@pytest.mark.usefixtures("cluster")
def test_pods_that_do_not_start_are_told_by_workload() -> None:
    assert failing.report().concerns == []
    Pod.objects.filter(name__endswith="a").update(status="CrashLoopBackOff")
    Pod.objects.exclude(name__endswith="a").update(status="ImagePullBackOff")
    (concern,) = failing.report().concerns
    assert concern.subject == "Deployment shop/web"
    assert concern.text == "3 Pods do not start: ImagePullBackOff"
    assert concern.url == f"/clusters/{ID}/workloads/deployment/shop/web/"
    viewer = pages.visitor()
    assert concern.text in viewer.get("/").text
    assert concern.text in viewer.get(f"/clusters/{ID}/workloads/deployment/").text


@pytest.mark.usefixtures("cluster")
def test_a_rollout_beyond_its_deadline_is_told_once_with_its_pods() -> None:
    Workload.objects.update(rollout="stuck")
    Pod.objects.filter(name__endswith="a").update(status="ErrImagePull")
    (concern,) = failing.report().concerns
    assert concern.text == "made no progress within its deadline."
    assert concern.note == f"{ID} · 1 Pod does not start: ErrImagePull"


@pytest.mark.usefixtures("cluster")
def test_a_pod_that_finds_no_node_is_told_after_a_while() -> None:
    Pod.objects.filter(name__endswith="a").update(status="Pending", node="")
    (concern,) = failing.report().concerns
    assert concern.text == "1 Pod does not start: Unschedulable"
    Pod.objects.update(created_at=timezone.now())
    assert failing.report().concerns == []


@pytest.mark.usefixtures("cluster")
def test_pods_that_go_and_pods_of_nobody_are_left_out() -> None:
    Pod.objects.update(status="Error", terminating=True)
    assert failing.report().concerns == []
    Pod.objects.update(terminating=False, workload_kind="Job")
    assert failing.report().concerns == []
