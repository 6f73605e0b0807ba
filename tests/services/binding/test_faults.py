"""The fault ring: each fault ends in the state of the run without one, with one load balancer."""

from typing import Any

import pytest

from console import doors, tencent
from console.kube import Kube
from console.models import Account, Cluster
from services.binding.reconcile import reconcile
from services.models import Binding, Registration
from tests.services.binding.driver import (
    balancers,
    create,
    drive,
    is_gone,
    pods,
    service,
    targets,
)
from tests.services.binding.outcomes import bound, gone, is_ready, kube_delete
from tests.world import TIME_SCALE, World

pytestmark = [pytest.mark.sandbox, pytest.mark.django_db(transaction=True)]

CLOUD_WRITES = (
    "CreateLoadBalancer",
    "CreateListener",
    "BatchRegisterTargets",
    "BatchModifyTargetWeight",
    "BatchDeregisterTargets",
    "DeleteLoadBalancerListeners",
    "DeleteLoadBalancer",
)
# What the CLB API and the API server do wrong, and how often, while a Service comes and goes.
FAULTS: dict[str, list[tuple[str, dict[str, Any]]]] = {
    "throttled for a minute": [("tencent", {"fault": "throttle", "seconds": 60 * TIME_SCALE})],
    "busy": [("tencent", {"fault": "busy", "action": a, "times": 5}) for a in CLOUD_WRITES[1:]],
    "timeout after success": [
        ("tencent", {"fault": "timeout_after", "action": a, "times": 1}) for a in CLOUD_WRITES
    ],
    "timeout before effect": [
        ("tencent", {"fault": "timeout_before", "action": a, "times": 1}) for a in CLOUD_WRITES
    ],
    "failed task": [
        ("tencent", {"fault": "failed_task", "action": a, "times": 1}) for a in CLOUD_WRITES
    ],
    "stuck task": [
        ("tencent", {"fault": "stuck_task", "action": a, "times": 1})
        for a in ("CreateListener", "BatchModifyTargetWeight")
    ],
    "partial failure": [
        ("tencent", {"fault": "partial", "action": a, "times": 2})
        for a in ("BatchRegisterTargets", "BatchDeregisterTargets")
    ],
    "success that bound nothing": [
        ("tencent", {"fault": "silent", "action": a, "times": 1})
        for a in ("BatchRegisterTargets", "BatchDeregisterTargets")
    ],
    "no ids": [("tencent", {"fault": "no_ids", "action": "CreateLoadBalancer", "times": 1})],
    "missing health": [("tencent", {"fault": "missing_health", "times": 5})],
    "stale health": [("tencent", {"fault": "stale_health", "seconds": 1})],
    "API server errors": [
        ("kubernetes", {"fault": "error_500", "action": verb, "times": 3})
        for verb in ("get", "list", "patch", "create")
    ],
    "conflicts": [("kubernetes", {"fault": "conflict", "action": "patch", "times": 3})],
    "answers of the API server lost": [
        # "hang": silence of that many seconds; the 15 s of the client itself are in test_create.
        ("kubernetes", {"fault": "timeout_after", "action": "patch", "times": 3, "hang": 0.2})
    ],
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_leaves_no_trace(
    name: str, cluster: Cluster, kube: Kube, account: Account, sandbox: World
) -> None:
    binding = create(kube, cluster, service())
    for half, fault in FAULTS[name]:
        sandbox.control(half, "POST", "faults", fault)
    drive(binding, until=lambda: is_ready(kube))
    bound(kube, account)
    kube_delete(kube)
    drive(binding, until=lambda: is_gone(kube))
    sandbox.heal()
    gone(kube, account)


def test_every_task_delivered_twice_is_as_once(
    cluster: Cluster, kube: Kube, account: Account
) -> None:
    binding = create(kube, cluster, service())
    drive(binding, until=lambda: is_ready(kube), twice=True)
    bound(kube, account)
    kube_delete(kube)
    drive(binding, until=lambda: is_gone(kube), twice=True)
    gone(kube, account)


def test_a_load_balancer_deleted_by_hand_is_made_again_once(
    cluster: Cluster, kube: Kube, account: Account
) -> None:
    binding, lb_id = _ready(cluster, kube, account)
    _cloud(account, "DeleteLoadBalancer", {"LoadBalancerIds": [lb_id]})

    def is_another() -> bool:
        # The deleted one changes its status before it goes: only its id tells.
        ids = [row["LoadBalancerId"] for row in balancers(account)]
        return len(ids) == 1 and lb_id not in ids

    drive(binding, until=lambda: is_another() and is_ready(kube))
    bound(kube, account)


def test_a_listener_deleted_by_hand_is_made_again(
    cluster: Cluster, kube: Kube, account: Account
) -> None:
    binding, lb_id = _ready(cluster, kube, account)
    (row,) = _cloud(account, "DescribeListeners", {"LoadBalancerId": lb_id})["Listeners"]
    _cloud(account, "DeleteListener", {"LoadBalancerId": lb_id, "ListenerId": row["ListenerId"]})
    drive(binding, until=lambda: len(targets(account)) == 3 and is_ready(kube))
    bound(kube, account)


def test_foreign_targets_and_listeners_stay(cluster: Cluster, kube: Kube, account: Account) -> None:
    binding, lb_id = _ready(cluster, kube, account)
    (row,) = _cloud(account, "DescribeListeners", {"LoadBalancerId": lb_id})["Listeners"]
    (other,) = pods(kube, "reviews")[:1]
    stranger = {
        "ListenerId": row["ListenerId"],
        "EniIp": other.status.pod_ip,
        "Port": 8080,
        "Weight": 10,
    }
    _cloud(account, "BatchRegisterTargets", {"LoadBalancerId": lb_id, "Targets": [stranger]})
    reconcile(binding.pk)
    assert len(targets(account)) == 4
    binding.refresh_from_db()
    assert [problem["code"] for problem in binding.problems] == ["ForeignTarget"]
    theirs = {
        "LoadBalancerId": lb_id,
        "Protocol": "TCP",
        "Ports": [9090],
        "ListenerNames": ["mine"],
    }
    _cloud(account, "CreateListener", theirs)
    kube_delete(kube)
    drive(binding, until=lambda: is_gone(kube))
    left = _cloud(account, "DescribeListeners", {"LoadBalancerId": lb_id})["Listeners"]
    assert [listener["ListenerName"] for listener in left] == ["mine"]


def test_a_recycled_address_is_registered_anew_for_its_new_pod(
    cluster: Cluster, kube: Kube, account: Account
) -> None:
    binding = create(kube, cluster, service())
    drive(binding, until=lambda: is_ready(kube))
    # As if the target had been registered for a Pod that had this address before.
    Registration.objects.filter(binding=binding).update(pod_uid="gone", pod_name="gone")
    with doors.recording() as calls:
        drive(binding, until=lambda: is_ready(kube))
    writes = [call.action for call in calls if call.door == "tencent" and call.write]
    assert writes == ["BatchDeregisterTargets", "BatchRegisterTargets"]
    bound(kube, account)


def test_a_lost_ledger_adopts_targets_whose_pods_are_already_behind_the_gate(
    cluster: Cluster, kube: Kube, account: Account
) -> None:
    binding = create(kube, cluster, service())
    drive(binding, until=lambda: is_ready(kube))
    Registration.objects.all().delete()
    with doors.recording() as calls:
        drive(binding, until=lambda: is_ready(kube))
    assert not [call for call in calls if call.door == "tencent" and call.write]
    bound(kube, account)


def _ready(cluster: Cluster, kube: Kube, account: Account) -> tuple[Binding, str]:
    """A Service that is Ready, and the id of its load balancer."""
    binding = create(kube, cluster, service())
    drive(binding, until=lambda: is_ready(kube))
    (balancer,) = balancers(account)
    return binding, str(balancer["LoadBalancerId"])


def _cloud(account: Account, action: str, params: dict[str, Any]) -> dict[str, Any]:
    return tencent.call(account, "clb", action, params)
