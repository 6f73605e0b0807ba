"""The stages to Ready: when each was gone through last, and how long that took."""

from datetime import UTC, datetime, timedelta

from services.binding.run import gone_through
from services.models import Binding
from services.printed.progress import stages

MADE = datetime(2026, 1, 1, 12, tzinfo=UTC)
CREATION = [(1, "Provisioning"), (13, "Registering"), (15, "Checking"), (30, "Ready")]


def told(*phases: tuple[float, str]) -> dict[str, str]:
    """The lines of each stage, after these phases were entered so many seconds after the start."""
    binding = Binding(phase="Pending", phase_since=MADE, created_at=MADE)
    for seconds, phase in phases:
        now = MADE + timedelta(seconds=seconds)
        binding.passed = gone_through(binding, phase, "", now)
        binding.phase, binding.phase_since = phase, now
    return {stage.name: " ".join(stage.lines) for stage in stages(binding, binding.phase_since)}


def test_each_stage_tells_how_long_it_took() -> None:
    assert told(*CREATION) == {
        "Pending": "12:00:00, 1.0 s",
        "Provisioning": "12:00:01, 12.0 s",
        "Registering": "12:00:13, 2.0 s",
        "Checking": "12:00:15, 15.0 s",
        "Ready": "12:00:30",
    }


def test_a_later_rollout_does_not_make_the_creation_longer() -> None:
    lines = told(*CREATION, (90, "Registering"), (92, "Checking"), (110, "Ready"))
    assert lines["Provisioning"] == "12:00:01, 12.0 s"
    assert lines["Registering"] == "12:01:30, 2.0 s"
    assert lines["Checking"] == "12:01:32, 18.0 s"


def test_neither_scaling_to_nothing_nor_trouble_makes_a_stage_longer() -> None:
    back = [(200, "Pending"), (300, "Registering"), (302, "Checking"), (317, "Degraded")]
    lines = told(*CREATION, *back, (400, "Ready"))
    assert lines["Pending"] == "12:03:20, 100.0 s"
    assert lines["Provisioning"] == "12:00:01, 12.0 s"
    assert lines["Checking"] == "12:05:02, 15.0 s"


def test_a_load_balancer_without_pods_is_expected_to_do_nothing() -> None:
    binding = Binding(phase="Pending", phase_since=MADE, created_at=MADE)
    later = MADE + timedelta(seconds=17)
    assert stages(binding, later)[0].lines[0] == "17 s so far, expected within 5 s"
    binding.lb_id = "lb-1"
    stage = stages(binding, later)[0]
    assert (stage.lines[0], stage.tone) == ("for 17 s", "")
