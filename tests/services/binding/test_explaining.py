"""A crowd of Pods is told why it waits, behind every gate that can be opened."""

from datetime import timedelta

import pytest
from django.utils import timezone

from console.kube import Kube, path
from console.models import Cluster
from services import tasks
from services.binding import explaining, opening
from services.binding.reconcile import reconcile
from services.binding.run import Settled
from services.binding.ticking import Ticker
from services.models import Binding
from tests.services.binding.driver import GATE, condition, create, pods, service
from tests.wait import until

pytestmark = [pytest.mark.sandbox, pytest.mark.django_db(transaction=True)]
CROWD = explaining.FEW + 2


@pytest.fixture
def binding(cluster: Cluster, kube: Kube) -> Binding:
    """A crowd that is registered, and of which the CLB said nothing yet."""
    where = path("Deployment", "shop", "catalog")
    kube.patch(where, {"spec": {"replicas": CROWD}}, kind="merge")
    until(lambda: sum(bool(pod.status.pod_ip) for pod in pods(kube, "catalog")) == CROWD)
    binding = create(kube, cluster, service(app="catalog"))
    until(
        lambda: (
            isinstance(reconcile(binding.pk), Settled)
            and binding.registrations.exclude(registered_at=None).count() == CROWD
        )
    )
    Binding.objects.update(health_at=timezone.now(), gates_due_at=timezone.now())
    opening.settle([binding.pk])
    return binding


def told(kube: Kube) -> int:
    return sum(condition(pod, GATE) == "False" for pod in pods(kube, "catalog"))


def explain_due(binding: Binding) -> bool:
    return Binding.objects.filter(pk=binding.pk, explain_due_at__lte=timezone.now()).exists()


def test_a_crowd_waits_for_its_turn(cluster: Cluster, kube: Kube, binding: Binding) -> None:
    assert told(kube) == 0
    assert explain_due(binding)
    explaining.explain(cluster)
    assert told(kube) == CROWD
    assert Binding.objects.get().explain_due_at is None


def test_what_opens_goes_first_but_not_for_ever(
    cluster: Cluster, kube: Kube, binding: Binding
) -> None:
    Binding.objects.update(gates_due_at=timezone.now(), explain_due_at=timezone.now())
    explaining.explain(cluster)
    assert told(kube) == 0
    assert explain_due(binding)
    long_ago = timezone.now() - explaining.PATIENCE - timedelta(seconds=1)
    Binding.objects.update(explain_due_at=long_ago)
    explaining.explain(cluster)
    assert told(kube) == CROWD


def test_who_asks_anew_keeps_its_place(binding: Binding) -> None:
    before = Binding.objects.get().explain_due_at
    explaining.ask([binding], timezone.now())
    assert Binding.objects.get().explain_due_at == before


def test_a_turn_that_was_lost_comes_again(cluster: Cluster, kube: Kube, binding: Binding) -> None:
    begun = timezone.now() - timedelta(seconds=1)
    Binding.objects.update(explain_due_at=begun)
    assert tasks.explain_gates.name in {name for name, _ in sent()}
    tasks.explain_gates(cluster.pk)
    assert told(kube) == CROWD


def sent() -> set[tuple[str, int]]:
    ticker = Ticker()
    ticker.tick()
    return set(ticker.sent)
