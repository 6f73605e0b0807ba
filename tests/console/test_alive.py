import pytest
from django.core.management import CommandError, call_command

from console import alive


def test_a_role_that_never_beat_is_down() -> None:
    with pytest.raises(CommandError, match="watcher was not seen"):
        call_command("alive", "watcher")


def test_a_role_that_beat_is_alive(capsys: pytest.CaptureFixture[str]) -> None:
    alive.beat("ticker")
    call_command("alive", "ticker")
    assert "ticker was seen" in capsys.readouterr().out
