"""Why a Service does not carry traffic as it should, and what was changed behind podgate's back."""

from dataclasses import replace

import pytest

from services.binding.state import Backend, Key, Listener, State, Target
from services.binding.waits import Cause
from services.diagnosis import diagnose_service
from services.diagnosis.drift import Written, differences
from services.diagnosis.facts import BindingFacts, Difference, ServiceFacts
from services.limits import Problem, Severity
from services.spec import HealthCheck
from tests.services.diagnosis.shapes import AROUND, ago, codes, service, waiting

READY = BindingFacts("Ready", lb_id="lb-1", lb_status="running")
TARGET = Target("10.0.0.1", 8080)
WRITTEN = Written("TCP:80", TARGET, 10)
CHECK = HealthCheck()
CHECKS = {"TCP:80": {"interval": CHECK.interval, "healthy": CHECK.healthy}}


def bound(binding: BindingFacts = READY, **differs: object) -> ServiceFacts:
    return service(binding=binding, **differs)


def test_a_service_that_is_well_has_no_finding() -> None:
    assert diagnose_service(bound()) == ()


def test_a_selector_that_matches_nothing_is_told() -> None:
    found = diagnose_service(bound(selected=0))
    assert codes(found) == ["NoPods"]
    assert "app=web matches no Pod" in found[0].sentence


def test_a_workload_scaled_to_nothing_is_named_and_no_selector_blamed() -> None:
    found = diagnose_service(bound(selected=0, at_zero=(("Deployment", "web"),)))
    assert codes(found) == ["NoPods"]
    assert found[0].sentence == "No Pod is behind it: Deployment web is scaled to 0."
    assert str(found[0].link) == "Deployment shop/web"


@pytest.mark.parametrize(
    ("code", "expected"),
    [("TkeBinds", "TwoOwners"), ("ForeignListener", "TwoOwners"), ("NoServiceConfig", "Blocked")],
)
def test_a_problem_of_the_binding_is_a_finding(code: str, expected: str) -> None:
    problem = Problem(code, Severity.BLOCKS, "Something.", "Mend it.")
    found = diagnose_service(bound(replace(READY, phase="Blocked", problems=(problem,))))
    assert codes(found) == [expected]
    assert (found[0].sentence, found[0].next_step) == ("Something.", "Mend it.")


def test_a_service_that_is_ready_but_closed_to_clients_is_told() -> None:
    closed = (Problem("ClientsSecurityGroup", Severity.WARNS, "Nobody comes in.", "Open it."),)
    (found,) = diagnose_service(bound(replace(READY, closed=closed)))
    assert (found.code, found.sentence) == ("SecurityGroup", "Nobody comes in.")


def test_a_closed_group_is_told_once_of_a_service_that_is_degraded() -> None:
    closed = (Problem("ClientsSecurityGroup", Severity.WARNS, "Nobody comes in.", "Open it."),)
    degraded = replace(READY, phase="Degraded", closed=closed)
    # Pods without a gate: nothing of theirs waits for the load balancer.
    assert codes(diagnose_service(bound(degraded))) == ["SecurityGroup"]
    # Of targets that are Dead it is told why they are.
    why = Problem("HealthCheckSecurityGroup", Severity.BLOCKS, "No probe comes in.")
    dead = waiting(Cause.DEAD, closed=(why,))
    found = diagnose_service(bound(degraded, pods=(dead,)))
    assert codes(found) == ["SecurityGroup", "Dead"]
    assert "No probe comes in." in found[0].sentence


def test_a_load_balancer_on_its_way_is_told_once_and_calmly() -> None:
    provisioning = replace(READY, phase="Provisioning", message="Next: Create listener TCP:80.")
    (found,) = diagnose_service(bound(provisioning, pods=(waiting(Cause.REGISTERING),)))
    assert (found.code, found.severity) == ("Registering", Severity.INFORMS)
    assert "on its way" in found.sentence


def test_of_more_pods_than_were_looked_at_the_number_is_at_least() -> None:
    pods = tuple(waiting(Cause.NO_SERVICE) for _ in range(2))
    (found,) = diagnose_service(bound(pods=pods, more=True))
    assert found.sentence.startswith("1+ Pods: ")


def test_pods_that_wait_for_a_blocked_service_do_not_say_it_twice() -> None:
    problem = Problem("NoServiceConfig", Severity.BLOCKS, "Something.")
    binding = replace(READY, phase="Blocked", problems=(problem,))
    assert codes(diagnose_service(bound(binding, pods=(waiting(Cause.BLOCKED),)))) == ["Blocked"]


def test_a_clb_that_was_deleted_is_told() -> None:
    found = diagnose_service(bound(replace(READY, lb_status="missing")))
    assert codes(found) == ["ClbGone"]
    assert diagnose_service(bound(replace(READY, lb_status="missing", phase="Deleting")))[
        0
    ].code == "Terminating"  # fmt: skip


def test_a_clb_that_took_the_place_of_another_is_told_for_a_while() -> None:
    replaced = replace(READY, replaced_at=ago(90), vip="203.0.113.9")
    found = diagnose_service(bound(replaced))
    assert codes(found) == ["ClbGone"]
    assert "lb-1 took its place 90 s ago, at 203.0.113.9" in found[0].sentence


def test_a_clb_changed_by_hand_is_told_only_of_what_was_at_rest() -> None:
    by_hand = (Difference("the weight is 3", "TCP:80 Weight", "3"),)
    found = diagnose_service(bound(differences=by_hand))
    assert codes(found) == ["ClbChanged"]
    assert "lb-1 was changed by hand: the weight is 3." in found[0].sentence
    busy = replace(READY, phase="Registering")
    assert diagnose_service(bound(busy, differences=by_hand)) == ()


def test_a_binder_that_is_down_matters_to_everything_that_is_bound() -> None:
    around = replace(AROUND, silent={"worker": None})
    assert codes(diagnose_service(bound(around=around))) == ["BinderDown"]


def test_a_service_that_nobody_binds_says_why() -> None:
    found = diagnose_service(service(is_claimed=False, unbound="It carries no claim."))
    assert codes(found) == ["NotBound"]


def state(*, weight: int = 10, check: HealthCheck = CHECK, target: Target = TARGET) -> State:
    listener = Listener(check, targets={target: Backend(weight, "")})
    return State(listeners={Key("TCP", 80): listener})


@pytest.mark.parametrize(
    ("observed", "words"),
    [
        (state(), []),
        (state(weight=3), ["the weight of 10.0.0.1:8080 on TCP:80 is 3, podgate set 10"]),
        (state(target=Target("10.0.0.9", 1)), ["10.0.0.1:8080 is no longer a target of TCP:80"]),
        (state(check=HealthCheck(enabled=False)), ["the health check of TCP:80 is off"]),
        (
            state(check=HealthCheck(interval=60)),
            [f"the health check of TCP:80 has interval 60, podgate set {CHECK.interval}"],
        ),
        (State(), ["listener TCP:80 is gone"]),
    ],
)
def test_what_differs_from_the_ledger_was_changed_by_hand(
    observed: State, words: list[str]
) -> None:
    assert [one.what for one in differences(observed, [WRITTEN], CHECKS)] == words
