"""What a gate waits for, as findings: every cause of `services.binding.waits` has one."""

from dataclasses import replace

import pytest

from services.binding.waits import Cause
from services.diagnosis import diagnose_pod
from services.diagnosis.gates import TKE_GATE
from services.limits import Evidence, Problem, Remedy, Severity
from tests.services.diagnosis.shapes import GATE, WAY, codes, pod, waiting

CLOSED = Problem(
    "HealthCheckSecurityGroup",
    Severity.BLOCKS,
    "Security group sg-1 does not let the CLB's health checks in.",
    "Let them in.",
    (Evidence("vpc DescribeSecurityGroupPolicies", "sg-1 Ingress[0]", "DROP TCP:8080"),),
    Remedy("open-security-group", {"group": "sg-1"}),
)


@pytest.mark.parametrize(
    ("cause", "code", "severity"),
    [
        (Cause.DEAD, "Dead", "blocks"),
        (Cause.DEAD_LATER, "DeadLater", "blocks"),
        (Cause.BLOCKED, "Blocked", "blocks"),
        (Cause.QUOTA, "Quota", "blocks"),
        (Cause.EXCLUDED, "Excluded", "blocks"),
        (Cause.NO_GATE, "NoGate", "warns"),
        (Cause.NO_SERVICE, "NoService", "warns"),
        (Cause.OVERDUE, "Overdue", "warns"),
        (Cause.RETRYING, "Retrying", "warns"),
        (Cause.THROTTLED, "Throttled", "informs"),
        (Cause.BUSY, "Busy", "informs"),
        (Cause.REGISTERING, "Registering", "informs"),
        (Cause.CHECKING, "Checking", "informs"),
        (Cause.OPENING, "Opening", "informs"),
    ],
)
def test_every_cause_of_a_wait_is_a_finding(cause: Cause, code: str, severity: str) -> None:
    found = diagnose_pod(waiting(cause))
    assert [(one.code.value, one.severity.value) for one in found] == [(code, severity)]
    assert found[0].sentence == "because"


def test_a_pod_that_is_being_replaced_is_not_to_be_rolled_again() -> None:
    found = diagnose_pod(replace(waiting(Cause.NO_GATE), replaced=True))
    assert [(one.code.value, one.severity.value) for one in found] == [("NoGate", "informs")]
    assert "Nothing to do" in found[0].next_step


def test_no_cause_is_left_out() -> None:
    for cause in Cause:
        expected = 0 if cause is Cause.CONTAINERS else 1
        assert len(diagnose_pod(waiting(cause))) == expected


def test_another_worker_at_it_is_a_lease_and_no_trouble() -> None:
    way = replace(WAY, due_because="Another worker is at it.", registered_at=None)
    found = diagnose_pod(waiting(Cause.RETRYING, way))
    assert codes(found) == ["Lease"]
    assert found[0].severity == "informs"


def test_a_dead_target_shows_the_clbs_words_and_the_group_that_explains_them() -> None:
    way = replace(WAY, health="Dead", said="connection timed out")
    found = diagnose_pod(waiting(Cause.DEAD, way, closed=(CLOSED,)))
    assert codes(found) == ["SecurityGroup", "Dead"]
    assert found[0].remedy == CLOSED.remedy
    assert str(found[0].evidence[0]).endswith("sg-1 Ingress[0] = DROP TCP:8080")
    health = found[1].evidence[-1]
    assert health.source == "DescribeTargetHealth"
    assert health.field == "HealthStatusDetail of lb-1 TCP:80 10.0.0.1:8080"
    assert health.value == "Dead: connection timed out"


def test_groups_are_no_finding_while_the_clb_is_content() -> None:
    assert codes(diagnose_pod(waiting(Cause.CHECKING, closed=(CLOSED,)))) == ["Checking"]


def test_two_writers_of_one_gate_are_told() -> None:
    found = diagnose_pod(waiting(Cause.CHECKING, writers=("service-controller",)))
    assert codes(found) == ["TwoOwners", "Checking"]
    assert "service-controller" in found[0].sentence


def test_a_gate_that_podgate_does_not_write_waits_for_its_owner() -> None:
    gate = {"type": TKE_GATE, "status": "missing", "reason": "", "message": "", "since": None}
    found = diagnose_pod(pod(ready=False, gates=[gate], gates_open=False))
    assert codes(found) == ["OtherGate"]
    assert "service-controller" in found[0].next_step


def test_the_condition_of_the_gate_is_evidence() -> None:
    found = diagnose_pod(waiting(Cause.CHECKING))
    assert str(found[0].evidence[0]) == f"Pod web-1 conditions[{GATE}] = False"
