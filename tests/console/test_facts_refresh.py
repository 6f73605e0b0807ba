"""A cluster's facts when the cloud, its API server or another cluster is away."""

import pytest

from console import facts, kube
from console.models import Account, Cluster

pytestmark = [pytest.mark.sandbox, pytest.mark.django_db]


def test_facts_stay_when_the_cloud_cannot_be_reached(cluster: Cluster) -> None:
    known = dict(cluster.facts)
    Account.objects.update(endpoint="http://127.0.0.1:1")
    cluster = Cluster.objects.get()
    assert not facts.refresh(cluster)
    cluster.refresh_from_db()
    assert "NetworkError" in cluster.facts_error
    assert cluster.facts == known


def test_facts_without_the_api_server_are_still_facts(cluster: Cluster) -> None:
    cluster.server = "https://127.0.0.1:1"
    assert facts.refresh(cluster)
    assert cluster.facts["kubernetes"] is None
    assert "cannot be reached" in cluster.facts["errors"]["kubernetes"]


def test_a_broken_cluster_does_not_harm_another(cluster: Cluster) -> None:
    broken = Cluster(server="https://127.0.0.1:1", credentials=cluster.credentials)
    with pytest.raises(kube.KubeError):
        kube.connect(broken).get("/version")
    assert kube.connect(cluster).get("/version")["gitVersion"].startswith("v1.30")
