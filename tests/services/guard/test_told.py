"""How the traffic guard stands, on a Service's page."""

import pytest
from django.test import Client

from console.models import Cluster
from services import guard
from services.models import Guard, Phase
from tests.console import pages
from tests.services.test_pages import put_binding, put_service, put_target
from tests.workloads.index import listed, put_deployment, put_gated_pod

pytestmark = pytest.mark.django_db
ID = "cls-vpccni01"
CARD = f"/clusters/{ID}/services/shop/bar/guard"


@pytest.fixture
def cluster() -> Cluster:
    found = pages.cluster(ID, reachable=True)
    listed(found)
    return found


@pytest.mark.parametrize("phase", [Phase.PENDING, Phase.PROVISIONING, Phase.CHECKING])
def test_a_floor_that_was_never_met_is_no_alarm_while_targets_are_on_their_way(
    cluster: Cluster, phase: Phase
) -> None:
    html = card(cluster, phase)
    assert '<span class="status" data-tone="info">Not reached yet</span>' in html


def test_a_floor_that_was_met_once_is_an_alarm(cluster: Cluster) -> None:
    html = card(cluster, Phase.CHECKING, met_with=3)
    assert '<span class="status" data-tone="warning">Below its floor</span>' in html


def test_targets_that_turned_dead_are_an_alarm(cluster: Cluster) -> None:
    assert "Below its floor" in card(cluster, Phase.DEGRADED)


def card(cluster: Cluster, phase: Phase, met_with: int | None = None) -> str:
    put_deployment(cluster)
    put_service(cluster, annotations={guard.ANNOTATION: "2"})
    binding = put_binding(cluster, phase=phase)
    pod = put_gated_pod(cluster, "web-1")
    put_target(binding, pod.name, pod.uid, health="Unknown")
    Guard.objects.create(binding=binding, met_with=met_with)
    client: Client = pages.visitor()
    return client.get(CARD).content.decode()
