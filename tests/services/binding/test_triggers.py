"""Leases, triggers and the ticker: what the rows say is what happens next."""

import threading
import time
from datetime import timedelta
from typing import Any

import pytest
import redis
from django.conf import settings
from django.utils import timezone

from console import kinds, secrets
from console.models import Account, Cluster
from services import tasks
from services.binding import health, leases, ticking, waking, wanted
from services.binding.ticking import Ticker
from services.models import Binding, Lease, Registration

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def cluster() -> Cluster:
    account = Account.objects.create(
        name="shop-prod", uin="1", region="r", secret_id="", secret_key=""
    )
    return Cluster.objects.create(
        cluster_id="cls-1",
        account=account,
        server="https://127.0.0.1:1",
        credentials=secrets.encrypt("{}"),
    )


@pytest.fixture
def binding(cluster: Cluster) -> Binding:
    return Binding.objects.create(
        cluster=cluster,
        service_uid="uid-1",
        namespace="shop",
        name="bar",
        phase_since=timezone.now(),
        done=1,
    )


@pytest.fixture(autouse=True)
def queue() -> Any:
    """The broker's queue, empty."""
    broker = redis.Redis.from_url(settings.REDIS_URL)
    broker.delete("celery")
    return lambda: broker.llen("celery")


def test_a_lease_has_one_holder() -> None:
    with leases.held("lb-1") as first, leases.held("lb-1") as second:
        assert first is not None
        assert second is None
    with leases.held("lb-1") as third:
        assert third is not None


def test_a_message_that_comes_when_all_is_done_looks_at_nothing(binding: Binding) -> None:
    tasks.reconcile(binding.pk)
    binding.refresh_from_db()
    assert (binding.sent_at, binding.attempts) == (None, 0)


def test_a_message_that_is_wanted_or_due_is_worked_on(binding: Binding) -> None:
    now = timezone.now()
    for change in ({"wanted": 2}, {"due_at": now}):
        Binding.objects.update(done=1, attempts=0, due_at=None)
        Binding.objects.update(**change)
        tasks.reconcile(binding.pk)
        # Nobody is at the cluster's address.
        assert Binding.objects.get().attempts == 1


def test_a_lease_that_ran_out_is_free() -> None:
    with leases.held("lb-1"):
        Lease.objects.update(until=timezone.now() - timedelta(seconds=1))
        with leases.held("lb-1") as other:
            assert other is not None


def test_a_write_renews_a_lease_that_is_about_to_end() -> None:
    with leases.held("lb-1") as lease:
        assert lease is not None
        lease.until -= 3
        before = lease.until
        lease.ready_to_write()
        assert lease.until > before


def test_no_write_starts_on_a_lease_that_is_lost() -> None:
    with leases.held("lb-1") as lease:
        assert lease is not None
        Lease.objects.update(holder="another")
        lease.until -= 3
        with pytest.raises(leases.LeaseLost):
            lease.ready_to_write()


def test_triggers_are_coalesced(binding: Binding, queue: Any) -> None:
    for _ in range(5):
        wanted.raise_wanted(Binding.objects.all())
    assert queue() == 1
    binding.refresh_from_db()
    assert binding.wanted == 6


def test_a_trigger_during_a_run_is_not_lost(binding: Binding, queue: Any) -> None:
    wanted.raise_wanted(Binding.objects.all())
    running = wanted.begin(binding.pk)
    assert running is not None
    wanted.raise_wanted(Binding.objects.all())
    wanted.finish(running, due_at=None)
    assert queue() == 2
    later = wanted.begin(binding.pk)
    assert later is not None
    wanted.finish(later, due_at=None)
    assert not wanted.due().exists()


def test_a_message_lost_with_the_broker_is_sent_again(binding: Binding, queue: Any) -> None:
    wanted.raise_wanted(Binding.objects.all())
    redis.Redis.from_url(settings.REDIS_URL).delete("celery")
    assert not wanted.due().exists()
    Binding.objects.update(sent_at=timezone.now() - wanted.LOST_AFTER)
    wanted.send(wanted.due().values_list("pk", flat=True))
    assert queue() == 1


def test_a_change_ends_the_back_off(binding: Binding) -> None:
    later = timezone.now() + timedelta(seconds=30)
    Binding.objects.update(attempts=7, due_at=later)
    assert not wanted.due().exists()
    wanted.raise_wanted(Binding.objects.all())
    binding.refresh_from_db()
    assert (binding.attempts, binding.sent_at is None) == (0, False)


def test_a_tick_sends_what_is_due_and_the_next_one_does_not(binding: Binding, queue: Any) -> None:
    ticker = Ticker()
    ticker.tick()
    regular = queue()
    Binding.objects.update(due_at=timezone.now())
    ticker.tick()
    ticker.tick()
    assert queue() == regular + 1


def test_a_second_ticker_stands_by(binding: Binding, queue: Any) -> None:
    with leases.held("ticker"):
        ticking.run(threading.Event())
    assert queue() == 0


def test_a_look_that_is_due_is_sent_when_it_is_due_and_once(binding: Binding, queue: Any) -> None:
    ticker = Ticker()
    now = timezone.now()
    # Far enough away that no slow machine makes it due before its tick.
    soon = now + timedelta(seconds=60)
    Binding.objects.update(lb_status="running", health_due_at=soon)
    ticker.tick()
    before = queue()
    assert ticking.pause(soon - timedelta(seconds=0.15)) == pytest.approx(0.15)
    assert ticking.pause(now) == ticking.EVERY
    Binding.objects.update(health_due_at=timezone.now())
    ticker.tick()
    ticker.tick()
    assert queue() == before + 1


def test_use_limits_are_judged_later_while_targets_or_gates_wait(
    binding: Binding, queue: Any
) -> None:
    ticker = Ticker()
    ticker.tick()
    # Nothing else becomes due, however slow the machine.
    ticker.sent = {key: at + 3600 for key, at in ticker.sent.items()}
    now, before = timezone.now(), queue()
    ticker.polled[binding.cluster.account.pk] = (now, time.monotonic() + 3600)
    later = now + timedelta(hours=1)
    for waits in ({"wanted": 2, "sent_at": later}, {"wanted": 1, "gates_due_at": now}):
        ticker.sent["limits", 0] = time.monotonic() - ticking.LIMITS
        Binding.objects.update(**waits)
        ticker.tick()
        assert queue() == before
    Binding.objects.update(gates_due_at=None)
    ticker.tick()
    assert queue() == before + 1


def registration(binding: Binding, health_word: str, seconds_ago: float) -> Registration:
    then = timezone.now() - timedelta(seconds=seconds_ago)
    return Registration.objects.create(
        binding=binding,
        lb_id="lb-1",
        listener_id="lbl-1",
        protocol="TCP",
        listener_port=80,
        ip=f"10.0.0.{Registration.objects.count() + 1}",
        port=8080,
        pod_uid="uid",
        pod_name="bar-1",
        intended_at=then,
        registered_at=then,
        health=health_word,
    )


def test_the_first_look_is_when_a_good_target_can_be_alive(binding: Binding) -> None:
    binding.first_look = 15
    row = registration(binding, "", seconds_ago=5)
    assert row.registered_at is not None
    assert health.next_look(binding, timezone.now()) == row.registered_at + timedelta(seconds=15)


def test_health_is_asked_of_all_that_share_pods_also_through_others(
    binding: Binding, cluster: Cluster
) -> None:
    others = [
        Binding.objects.create(
            cluster=cluster,
            service_uid=f"uid-{n}",
            namespace="shop",
            name=f"bar-{n}",
            phase_since=timezone.now(),
        )
        for n in (2, 3, 4)
    ]
    Binding.objects.update(lb_status="running", lb_id="lb")
    for one, pod in ((binding, "a"), (others[0], "a"), (others[0], "b"), (others[1], "b")):
        row = registration(one, "Alive", seconds_ago=60)
        Registration.objects.filter(pk=row.pk).update(pod_uid=pod)
    asked = health._with_partners([binding.pk])
    assert {one.pk for one in asked} == {binding.pk, others[0].pk, others[1].pk}


def test_what_is_still_unknown_is_looked_at_every_quarter_second(binding: Binding) -> None:
    binding.first_look = 15
    registration(binding, "Unknown", seconds_ago=60)
    now = timezone.now()
    assert health.next_look(binding, now) == now + health.EAGER


def test_what_is_alive_is_looked_at_rarely(binding: Binding) -> None:
    registration(binding, "Alive", seconds_ago=60)
    now = timezone.now()
    assert health.next_look(binding, now) == now + health.CALM


def test_who_serves_is_not_out_of_sight_until_new_targets_can_be_alive(binding: Binding) -> None:
    binding.first_look = 15
    registration(binding, "Alive", seconds_ago=60)
    registration(binding, "Unknown", seconds_ago=2)
    now = timezone.now()
    assert health.next_look(binding, now) == now + health.ROLLING


def test_where_a_target_just_died_the_others_are_looked_at_soon(binding: Binding) -> None:
    binding.first_look = 15
    dead = registration(binding, "Dead", seconds_ago=60)
    registration(binding, "Unknown", seconds_ago=2)
    now = timezone.now()
    assert health.next_look(binding, now) == now + health.TROUBLED
    Registration.objects.filter(pk=dead.pk).update(health_since=now - timedelta(seconds=3))
    assert health.next_look(binding, now) == now + health.FALLING


def test_a_pods_change_wakes_the_bindings_that_select_it(
    binding: Binding, cluster: Cluster, queue: Any
) -> None:
    from workloads.models import Service

    Service.objects.create(
        cluster=cluster,
        uid="uid-1",
        namespace="shop",
        name="bar",
        resource_version="1",
        created_at=timezone.now(),
        type="LoadBalancer",
        selector={"app": "bar"},
    )
    other = kinds.Pod(metadata=kinds.ObjectMeta(name="x", labels={"app": "other"}))
    waking.on_change(cluster, "Pod", "shop", "x", other)
    assert queue() == 0
    mine = kinds.Pod(metadata=kinds.ObjectMeta(name="bar-1", labels={"app": "bar"}))
    waking.on_change(cluster, "Pod", "shop", "bar-1", mine)
    assert queue() == 1


def test_what_a_pods_change_costs_does_not_grow_with_the_services_around(
    binding: Binding, cluster: Cluster, queue: Any, django_assert_num_queries: Any
) -> None:
    """Fifty thousand Pods are told of when a cluster is first listed."""
    from workloads.models import Service

    for number in range(50):
        Service.objects.create(
            cluster=cluster,
            uid=f"other-{number}",
            namespace="bulk",
            name=f"other-{number}",
            resource_version="1",
            created_at=timezone.now(),
            type="ClusterIP",
            selector={"app": "bar"},
        )
    pod = kinds.Pod(metadata=kinds.ObjectMeta(name="bar-1", uid="u", labels={"app": "bar"}))
    with django_assert_num_queries(1) as asked:
        waking.on_change(cluster, "Pod", "bulk", "bar-1", pod)
    assert "workloads_service" not in asked[0]["sql"]
    assert queue() == 0


def test_a_pod_that_no_selector_matches_any_more_wakes_what_it_is_registered_with(
    binding: Binding, cluster: Cluster, queue: Any
) -> None:
    registration(binding, "Alive", seconds_ago=60)
    other = kinds.Pod(metadata=kinds.ObjectMeta(name="x", uid="uid", labels={"app": "other"}))
    waking.on_change(cluster, "Pod", "shop", "x", other)
    assert queue() == 1


def test_a_pod_that_is_gone_wakes_the_bindings_it_was_registered_with(
    binding: Binding, cluster: Cluster, queue: Any
) -> None:
    registration(binding, "Alive", seconds_ago=60)
    waking.on_change(cluster, "Pod", "shop", "bar-1", None)
    assert queue() == 1


def test_a_service_made_anew_is_looked_at_though_the_old_binding_still_goes(
    binding: Binding, cluster: Cluster, queue: Any
) -> None:
    metadata = kinds.ObjectMeta(name="bar", namespace="shop", uid="another")
    spec = kinds.ServiceSpec(load_balancer_class="podgate.dev/clb")
    again = kinds.Service(metadata=metadata, spec=spec)
    waking.on_change(cluster, "Service", "shop", "bar", again)
    assert queue() == 2
