"""The stages to Ready: how long each took, and what a rollout later does not make longer."""

from datetime import UTC, datetime, timedelta
from typing import Any

from services.models import Binding
from services.printed.progress import stages

MADE = datetime(2026, 1, 1, 12, tzinfo=UTC)


def entered(seconds: float, times: int = 1) -> dict[str, Any]:
    return {"at": (MADE + timedelta(seconds=seconds)).isoformat(), "note": "", "times": times}


def lines(passed: dict[str, Any]) -> dict[str, str]:
    binding = Binding(phase="Ready", phase_since=MADE, created_at=MADE, passed=passed)
    return {stage.name: " ".join(stage.lines) for stage in stages(binding, MADE)}


FIRST = {
    "Provisioning": entered(1),
    "Registering": entered(13),
    "Checking": entered(15),
    "Ready": entered(30),
}


def test_each_stage_tells_how_long_it_took() -> None:
    told = lines(FIRST)
    assert told["Provisioning"].endswith("12.0 s")
    assert told["Checking"].endswith("15.0 s")


def test_a_later_rollout_does_not_make_the_creation_longer() -> None:
    again = {"Registering": entered(90, 2), "Checking": entered(92, 2), "Ready": entered(110, 2)}
    told = lines(FIRST | again)
    assert " s" not in told["Provisioning"]
    assert told["Registering"].endswith("2.0 s")
    assert told["Checking"].endswith("18.0 s")
