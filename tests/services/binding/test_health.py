"""The health poll: whose words count, and nobody waits for another's trouble."""

from datetime import timedelta
from functools import partial

import pytest
from django.utils import timezone

from console import kinds, tencent
from console.kube import Kube, path
from console.models import Account, Cluster
from services.binding import clb, health, ledger, opening
from services.binding.reconcile import reconcile
from services.binding.rows import rows_of
from services.binding.run import Settled
from services.models import Binding, Registration
from tests.services.binding.driver import (
    Crash,
    all_ready,
    condition,
    crash_after,
    create,
    drive,
    leases_end,
    pods,
    poll,
    service,
    targets,
)
from tests.wait import until

pytestmark = [pytest.mark.sandbox, pytest.mark.django_db(transaction=True)]


def is_ready(name: str = "bar") -> bool:
    return Binding.objects.get(name=name).phase == "Ready"


def has_address(name: str) -> bool:
    return bool(Binding.objects.get(name=name).vip)


def said(account: Account, binding: Binding) -> health.Said:
    binding.refresh_from_db()
    found = clb.health(account, [binding.lb_id])
    return {(lb, (listener, *target)): word for lb, listener, target, word in found}


def test_one_load_balancer_that_is_gone_does_not_hide_the_others(
    cluster: Cluster, kube: Kube, account: Account
) -> None:
    first = create(kube, cluster, service("bar"))
    second = create(kube, cluster, service("baz", ports=[("TCP", 80, 8080)]))
    for binding, name in ((first, "bar"), (second, "baz")):
        drive(binding, until=partial(has_address, name))
    second.refresh_from_db()
    tencent.call(account, "clb", "DeleteLoadBalancer", {"LoadBalancerIds": [second.lb_id]})
    until(lambda: not tencent_has(account, second.lb_id))
    before = second.wanted
    Registration.objects.update(health="")
    Binding.objects.update(health_due_at=timezone.now())
    poll(health.due(account))
    assert "" not in first.registrations.values_list("health", flat=True)
    second.refresh_from_db()
    assert second.wanted > before


def tencent_has(account: Account, lb_id: str) -> bool:
    try:
        return bool(list(clb.health(account, [lb_id])))
    except tencent.NotFound:
        return False


def test_words_of_the_pod_that_had_the_address_before_do_not_count(
    cluster: Cluster, kube: Kube, account: Account
) -> None:
    binding = create(kube, cluster, service())
    drive(binding, until=is_ready)
    Registration.objects.update(health="Unknown")
    rows, words = rows_of([binding.pk]), said(account, binding)
    # While the answer was on its way another worker registered the addresses for other Pods.
    later = timezone.now()
    Registration.objects.update(pod_uid="new", intended_at=later, registered_at=later)
    assert ledger.note_health(rows, words, later) == []
    assert set(Registration.objects.values_list("health", flat=True)) == {"Unknown"}


def test_a_gate_whose_worker_died_after_the_health_was_noted_opens_at_the_next_poll(
    cluster: Cluster, kube: Kube, account: Account
) -> None:
    binding = create(kube, cluster, service())

    def alive() -> health.Said | None:
        reconcile(binding.pk)
        words = said(account, binding) if Binding.objects.get().lb_status == "running" else {}
        return words if len(words) == 3 and set(words.values()) == {"Alive"} else None

    words = until(alive)
    assert words
    Binding.objects.update(gates_due_at=None)
    long_ago = timezone.now() - timedelta(seconds=12)
    assert health._note([binding.pk], rows_of([binding.pk]), words, long_ago)
    assert not any_ready(kube)
    poll(Binding.objects.all())
    until(lambda: all_ready(kube))
    assert Binding.objects.get().gates_due_at is None


def any_ready(kube: Kube) -> bool:
    return any(
        c.type == "Ready" and c.status == "True" for p in pods(kube) for c in p.status.conditions
    )


def test_a_warning_outlives_the_next_poll(cluster: Cluster, kube: Kube) -> None:
    binding = create(kube, cluster, service())
    drive(binding, until=is_ready)
    warning = {"code": "ForeignTarget", "severity": "warns", "message": "Mind it.", "fix": ""}
    Binding.objects.update(problems=[warning])
    Registration.objects.update(health="Unknown")
    poll(Binding.objects.all())
    assert Binding.objects.get().problems == [warning]


def test_a_cluster_out_of_reach_is_waited_for_elsewhere(
    cluster: Cluster, kube: Kube, account: Account
) -> None:
    binding = create(kube, cluster, service())
    drive(binding, until=is_ready)
    Cluster.objects.update(reachable=False, server="https://127.0.0.1:1")
    Registration.objects.update(health="Unknown")
    poll(Binding.objects.all())
    row = Binding.objects.get()
    # What the CLB said is kept; the gates are left to a task of that cluster's own.
    assert set(row.registrations.values_list("health", flat=True)) == {"Alive"}
    assert row.gates_due_at is not None
    assert row.gates_due_at - timezone.now() > opening.AFTER_ERROR
    Cluster.objects.update(reachable=True, server=cluster.server)
    opening.settle([binding.pk])
    assert Binding.objects.get().gates_due_at is None


def test_a_gate_that_could_not_be_written_is_not_put_off_by_a_new_pod(
    cluster: Cluster, kube: Kube
) -> None:
    binding = create(kube, cluster, service())
    drive(binding, until=is_ready)
    now = timezone.now()
    row = Registration.objects.all()[0]
    Registration.objects.filter(pk=row.pk).update(health="", registered_at=now)
    Binding.objects.update(gates_due_at=now + opening.AFTER_ERROR)
    reconcile(binding.pk)
    due = Binding.objects.get().gates_due_at
    assert due is not None
    assert due <= timezone.now()


def test_the_last_target_alive_is_kept_by_the_health_of_now_not_of_the_last_poll(
    cluster: Cluster, kube: Kube, account: Account
) -> None:
    binding = create(kube, cluster, service())
    scale(kube, 2)
    drive(binding, until=lambda: len(targets(account)) == 2 and is_ready() and all_ready(kube))
    sick, well = sorted(pods(kube), key=lambda pod: pod.metadata.name)
    # Dead for the CLB, well for its kubelet; the ledger still says Alive.
    annotate(kube, sick, {"refuse-connections": "true", "readiness": "pass"})
    until(lambda: "Dead" in said(account, binding).values())
    annotate(kube, well, {"readiness": "fail"})
    until(lambda: "False" in {condition(pod, "ContainersReady") for pod in pods(kube)})
    reconcile(binding.pk)
    weights = {ip: weight for _, ip, _, weight in targets(account)}
    assert weights[well.status.pod_ip] == 10


def scale(kube: Kube, replicas: int) -> None:
    where = path("Deployment", "shop", "storefront")
    kube.patch(where, {"spec": {"replicas": replicas}}, kind="merge")


def annotate(kube: Kube, pod: kinds.Pod, behaviour: dict[str, str]) -> None:
    said = {f"sandbox.podgate.dev/{name}": value for name, value in behaviour.items()}
    where = path("Pod", "shop", pod.metadata.name)
    kube.patch(where, {"metadata": {"annotations": said}}, kind="merge")


def test_between_runs_the_poll_alone_brings_a_binding_to_ready(
    cluster: Cluster, kube: Kube
) -> None:
    binding = create(kube, cluster, service())
    until(lambda: isinstance(reconcile(binding.pk), Settled))

    def polled() -> bool:
        poll(Binding.objects.all())
        return is_ready() and all_ready(kube)

    until(polled)


def test_a_crash_after_any_write_of_the_poll_is_made_good_by_the_next(
    cluster: Cluster, kube: Kube
) -> None:
    binding = create(kube, cluster, service())
    until(lambda: isinstance(reconcile(binding.pk), Settled))

    def polled() -> bool:
        try:
            with crash_after(1):
                poll(Binding.objects.all())
        except Crash:
            pass
        # A worker that starts again much later.
        leases_end()
        Registration.objects.update(health_since=timezone.now() - timedelta(seconds=12))
        return is_ready() and all_ready(kube)

    until(polled)
