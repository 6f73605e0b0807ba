"""A cluster that answers but does not let podgate read is named on the first page."""

import pytest

from tests.console import pages
from workloads import unread
from workloads.models import Watch

pytestmark = pytest.mark.django_db
ID = "cls-vpccni01"
FORBIDDEN = 'pods is forbidden: User "reader" cannot list resource "pods"'


def test_what_a_cluster_forbids_is_told_once_with_its_own_words() -> None:
    cluster = pages.cluster(ID, reachable=True)
    Watch.objects.create(cluster=cluster, kind="Deployment")
    assert unread.report().concerns == []
    for kind in ("Service", "Pod"):
        Watch.objects.create(cluster=cluster, kind=kind, error=FORBIDDEN)
    (concern,) = unread.report().concerns
    assert (concern.subject, concern.text) == (ID, "cannot be read: Pod, Service.")
    page = pages.visitor().get("/").text
    assert "cannot be read: Pod, Service." in page
    assert "cannot list resource" in page


def test_a_cluster_that_does_not_answer_is_told_as_that_alone() -> None:
    cluster = pages.cluster(ID, reachable=False, unreachable_because="refused")
    Watch.objects.create(cluster=cluster, kind="Pod", error="refused")
    assert unread.report().concerns == []
