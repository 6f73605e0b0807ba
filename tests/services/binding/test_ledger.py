"""The ledger beside what the CLB lists: few statements however many targets."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from console import secrets
from console.models import Account, Cluster
from services.binding import ledger
from services.binding.clb import Observed
from services.binding.plan import Register
from services.binding.rows import rows_of
from services.binding.state import Backend, Key, Listener, State, Target
from services.models import Binding, Registration
from services.spec import HealthCheck

pytestmark = pytest.mark.django_db(transaction=True)

HTTP = Key("TCP", 80)
TARGETS = [Target(f"10.0.{n // 250}.{n % 250 + 1}", 8080) for n in range(600)]


@pytest.fixture
def binding() -> Binding:
    account = Account.objects.create(name="a", uin="1", region="r", secret_id="", secret_key="")
    credentials = secrets.encrypt("{}")
    cluster = Cluster.objects.create(
        cluster_id="cls-1", account=account, server="https://127.0.0.1:1", credentials=credentials
    )
    return Binding.objects.create(
        cluster=cluster,
        service_uid="uid-1",
        namespace="shop",
        name="bar",
        lb_id="lb-1",
        phase_since=timezone.now(),
    )


def observed(weight: int) -> Observed:
    targets = {target: Backend(weight, "") for target in TARGETS}
    state = State(listeners={HTTP: Listener(HealthCheck(), targets=targets)})
    return Observed(state, {HTTP: "lbl-1"}, is_running=True, address="", is_ours=True)


def test_hundreds_of_targets_are_read_back_in_a_few_statements(binding: Binding) -> None:
    now = timezone.now()
    steps = [Register(HTTP, target, 10, f"pod-{target.ip}") for target in TARGETS]
    ledger.intend(binding, steps, {HTTP: "lbl-1"}, {}, now)
    with CaptureQueriesContext(connection) as queries:
        has = ledger.owned(binding, observed(10), [], gate_type="g", now=now)
    # The rows in chunks, their timeline in one transaction, the count of each listener.
    assert len(queries) <= 8
    assert {b.pod for b in has.listeners[HTTP].targets.values()} == {s.pod for s in steps}
    assert set(Registration.objects.values_list("registered_at", "weight")) == {(now, 10)}


def test_a_weight_of_zero_is_stamped_once_and_forgotten_when_it_rises(binding: Binding) -> None:
    now = timezone.now()
    steps = [Register(HTTP, target, 10, "pod") for target in TARGETS]
    ledger.intend(binding, steps, {HTTP: "lbl-1"}, {}, now)
    rows = Registration.objects.values_list("weight", "weight_zero_at").distinct()
    ledger.owned(binding, observed(0), [], gate_type="g", now=now)
    assert list(rows.all()) == [(0, now)]
    later = timezone.now()
    with CaptureQueriesContext(connection) as queries:
        ledger.owned(binding, observed(0), [], gate_type="g", now=later)
    assert list(rows.all()) == [(0, now)]
    assert not [query for query in queries if query["sql"].startswith("UPDATE")]
    ledger.owned(binding, observed(10), [], gate_type="g", now=later)
    assert list(rows.all()) == [(10, None)]


def test_an_intent_that_never_showed_is_forgotten_after_a_while(binding: Binding) -> None:
    now = timezone.now()
    step = Register(HTTP, Target("10.9.9.9", 8080), 10, "pod")
    ledger.intend(binding, [step], {HTTP: "lbl-1"}, {}, now)
    nothing = Observed(
        State(listeners={HTTP: Listener(HealthCheck())}),
        {HTTP: "lbl-1"},
        is_running=True,
        address="",
        is_ours=True,
    )
    ledger.owned(binding, nothing, [], gate_type="g", now=now + ledger.INTENT_LIVES)
    assert Registration.objects.count() == 1
    later = now + ledger.INTENT_LIVES + timedelta(seconds=1)
    ledger.owned(binding, nothing, [], gate_type="g", now=later)
    assert not Registration.objects.exists()


def test_an_intent_for_a_listener_that_was_replaced_is_over(binding: Binding) -> None:
    now = timezone.now()
    step = Register(HTTP, Target("10.9.9.9", 8080), 10, "pod")
    ledger.intend(binding, [step], {HTTP: "lbl-1"}, {}, now)
    state = State(listeners={HTTP: Listener(HealthCheck())})
    other = Observed(state, {HTTP: "lbl-2"}, is_running=True, address="", is_ours=True)
    ledger.owned(binding, other, [], gate_type="g", now=now)
    assert not Registration.objects.exists()


def test_health_counts_only_once_a_target_was_read_back(binding: Binding) -> None:
    now = timezone.now()
    step = Register(HTTP, Target("10.9.9.9", 8080), 10, "pod")
    ledger.intend(binding, [step], {HTTP: "lbl-1"}, {}, now)
    words = {("lb-1", ("lbl-1", "10.9.9.9", 8080)): "Alive"}
    assert ledger.note_health(rows_of([binding.pk]), words, now) == []
    Registration.objects.update(registered_at=now)
    assert len(ledger.note_health(rows_of([binding.pk]), words, now)) == 1
    row = Registration.objects.get()
    assert (row.health, row.first_healthy_at) == ("Alive", now)
