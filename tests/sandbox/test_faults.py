"""The switchboard both halves ask."""

import pytest

from sandbox.faults import Faults, covers


def test_a_fault_strikes_as_often_as_it_may() -> None:
    faults = Faults()
    faults.switch_on({"fault": "throttle", "times": 2})
    struck = [faults.strike("throttle", "Any") for _ in range(3)]
    assert [hit is not None for hit in struck] == [True, True, False]
    assert faults.listed() == []


def test_a_fault_is_for_its_action_and_its_match_only() -> None:
    faults = Faults()
    faults.switch_on({"fault": "busy", "action": "CreateListener", "match": {"Id": "lb-1"}})
    assert not faults.strike("busy", "DeleteListener", {"Id": "lb-1"})
    assert not faults.strike("busy", "CreateListener", {"Id": "lb-2"})
    assert not faults.strike("throttle", "CreateListener", {"Id": "lb-1"})
    assert faults.strike("busy", "CreateListener", {"Id": "lb-1", "More": True})


def test_a_fault_ends_when_its_time_is_over() -> None:
    now = [0.0]
    faults = Faults(lambda: now[0])
    faults.switch_on({"fault": "busy", "seconds": 5})
    assert faults.strike("busy")
    now[0] = 5.0
    assert not faults.strike("busy")


def test_what_the_switchboard_does_not_know_is_for_the_asker() -> None:
    faults = Faults()
    faults.switch_on({"fault": "timeout_after", "hang": 3})
    hit = faults.strike("timeout_after")
    assert hit
    assert hit.options == {"hang": 3}
    assert faults.listed()[0]["hang"] == 3


def test_an_unknown_fault_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown fault"):
        Faults().switch_on({"fault": "gremlins"})


@pytest.mark.parametrize(
    ("wanted", "found", "fits"),
    [
        ({}, {"a": 1}, True),
        ({"a": 1}, {"a": 1, "b": 2}, True),
        ({"a": {"b": 1}}, {"a": {"b": 1, "c": 2}}, True),
        ({"a": {"b": 2}}, {"a": [{"b": 1}, {"b": 2}]}, True),
        ({"a": [1]}, {"a": [2, 1]}, True),
        ({"a": 1}, {}, False),
        ({"a": {"b": 1}}, {"a": 1}, False),
    ],
)
def test_a_match_is_a_part_of_what_is_asked(wanted: object, found: object, fits: bool) -> None:
    assert covers(wanted, found) is fits
