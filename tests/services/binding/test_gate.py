from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from console.kinds import Condition
from services.binding.gate import Backing, Reason, gate_condition, held_back

GATE = "podgate.dev/clb-ready"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
words = st.sampled_from(["Alive", "Dead", "Unknown", "Close", ""])


def backing(health: str, listener: str = "TCP:80") -> Backing:
    return Backing("shop/bar", listener, "lb-1", health)


def decided(*health: str, current: Condition | None = None) -> Condition | None:
    return gate_condition(GATE, [backing(word) for word in health], current, now=NOW)


def standing(status: str, reason: str, message: str = "", ago: float = 60) -> Condition:
    when = NOW - timedelta(seconds=ago)
    return Condition(
        type=GATE,
        status=status,
        reason=reason,
        message=message,
        last_transition_time=when,
        last_probe_time=when,
    )


@given(st.lists(words, min_size=1))
def test_the_gate_opens_only_when_every_listener_is_good(health: list[str]) -> None:
    condition = decided(*health)
    assert condition is not None
    assert (condition.status == "True") == (set(health) <= {"Alive", "Close"})
    assert condition.reason in set(Reason)


@given(st.lists(words))
def test_an_open_gate_never_closes(health: list[str]) -> None:
    condition = decided(*health, current=standing("True", Reason.HEALTHY))
    assert condition is None or condition.status == "True"


@given(st.lists(words, min_size=1), st.sampled_from(["True", "False"]))
def test_what_was_written_is_not_written_again(health: list[str], status: str) -> None:
    written = decided(*health, current=standing(status, "Other"))
    if written is not None:
        assert decided(*health, current=written) is None


def test_trouble_behind_an_open_gate_is_told_in_its_message() -> None:
    condition = decided("Dead", current=standing("True", Reason.HEALTHY))
    assert condition is not None
    assert condition.reason == Reason.UNHEALTHY
    assert "stays open" in condition.message


def test_an_open_gates_message_changes_at_most_every_ten_seconds() -> None:
    assert decided("Dead", current=standing("True", Reason.HEALTHY, ago=9)) is None
    assert decided("Dead", current=standing("True", Reason.HEALTHY, ago=10)) is not None


def test_a_message_alone_keeps_the_transition_time() -> None:
    condition = decided("Unknown", current=standing("False", Reason.NOT_REGISTERED))
    assert condition is not None
    assert condition.last_transition_time == NOW - timedelta(seconds=60)


def test_no_health_check_opens_the_gate_and_says_so() -> None:
    condition = decided("Alive", "Close")
    assert condition is not None
    assert condition.reason == Reason.NO_HEALTH_CHECK


def test_a_pod_that_no_service_binds_waits() -> None:
    assert decided() is None


def test_a_removed_binding_releases_the_gate_only_when_it_was_the_last() -> None:
    released = gate_condition(GATE, [], None, now=NOW, removed=True)
    assert released is not None
    assert (released.status, released.reason) == ("True", Reason.BINDING_REMOVED)
    waits = gate_condition(GATE, [backing("Unknown")], None, now=NOW, removed=True)
    assert waits is not None
    assert waits.status == "False"


def test_what_an_open_gate_may_not_say_yet_it_says_later() -> None:
    said = standing("True", "Healthy", "The CLB says Alive on it.", ago=4)
    assert decided("Dead", current=said) is None
    later = held_back([backing("Dead")], said, NOW)
    assert later == NOW + timedelta(seconds=6)
    again = gate_condition(GATE, [backing("Dead")], said, now=later)
    assert again is not None
    assert (again.status, again.reason) == ("True", "Unhealthy")
    assert held_back([backing("Dead")], again, later) is None
