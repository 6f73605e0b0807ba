"""preStop and grace against what the CLB needs to send a Pod nothing new."""

import pytest

from services.limits import Passed, PodFacts, Problem, Severity
from services.limits.drain import PROPAGATION, of_pods


def pod(pre_stop: float | None, grace: int | None = 40, name: str = "web-1") -> PodFacts:
    return PodFacts(name, "eni", pre_stop=pre_stop, grace=grace)


def problem(*pods: PodFacts) -> Problem:
    found = of_pods(pods)
    assert isinstance(found, Problem)
    return found


def test_sockets_that_close_before_the_clb_knows_lose_requests_with_the_numbers() -> None:
    found = problem(pod(0.0, 30), pod(10.0, name="web-2"))
    assert (found.code, found.severity) == ("PreStopTooShort", Severity.WARNS)
    assert "1 of 2 Pods close their sockets 0 s after their deletion" in found.message
    assert "(preStop 0 s, grace 30 s), such as web-1" in found.message
    assert f"~{PROPAGATION} s" in found.message
    assert "sleeps 10 s" in found.fix
    assert "30 s or more" in found.fix


def test_a_grace_period_that_ends_the_hook_counts_as_its_end() -> None:
    found = problem(pod(60.0, 3))
    assert found.code == "PreStopTooShort"
    assert "3 s after their deletion" in found.message


@pytest.mark.parametrize(("pre_stop", "grace", "rest"), [(10.0, 12, 2), (10.0, 10, 0), (20, 10, 0)])
def test_a_hook_that_leaves_no_time_for_requests_under_way_is_told(
    pre_stop: float, grace: int, rest: int
) -> None:
    found = problem(pod(pre_stop, grace))
    assert found.code == "GraceTooShort"
    assert f"killed {rest} s after their preStop hook" in found.message


def test_a_hook_nobody_can_read_is_unknown_and_not_passed() -> None:
    found = problem(pod(None), pod(10.0))
    assert (found.code, found.severity) == ("PreStopUnknown", Severity.INFORMS)


@pytest.mark.parametrize("pre_stop", [float(PROPAGATION), 10.0])
def test_a_sensible_hook_passes(pre_stop: float) -> None:
    found = of_pods([pod(pre_stop), pod(30.0, 60)])
    assert isinstance(found, Passed)
    assert f"listens for {pre_stop:g} s" in found.text


def test_pods_of_which_nothing_is_known_say_nothing() -> None:
    assert of_pods([]) is None
    assert of_pods([pod(0.0, None)]) is None
