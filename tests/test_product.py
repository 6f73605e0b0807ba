"""A failing test shows what the product wrote meanwhile."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from tests import product

TRACEBACK = "Traceback (most recent call last):\n  File ...\nKeyError: 'x'\n"


@pytest.fixture
def web(tmp_path: Path) -> Path:
    (tmp_path / "logs").mkdir()
    return tmp_path / "logs" / "web.log"


def test_only_what_was_written_since_the_test_began_is_shown(web: Path, tmp_path: Path) -> None:
    web.write_text("before\n")
    (tmp_path / "logs" / "worker.log").write_text("nothing new\n")
    before = product.sizes(tmp_path)
    with web.open("a") as log:
        log.write("meanwhile\n")
    assert dict(product.written_since(tmp_path, before)) == {"web": "meanwhile"}


@pytest.mark.parametrize("trouble", [TRACEBACK, "Fatal Python error: Segmentation fault\n"])
def test_trouble_long_ago_is_shown_with_the_end_of_the_log(
    web: Path, tmp_path: Path, trouble: str
) -> None:
    web.write_text("GET /rollout/\n" + trouble + "".join(f"line {n}\n" for n in range(500)))
    ((_, text),) = product.written_since(tmp_path, {})
    assert "GET /rollout/\n" + trouble in text
    assert text.endswith("line 499")
    assert "line 300" not in text


def test_the_logs_are_found_whatever_the_test_runs_on(tmp_path: Path) -> None:
    one = SimpleNamespace(state=tmp_path)
    assert product.state_of({"world": one}) == tmp_path
    assert product.state_of({"product": one, "world": None}) == tmp_path
    assert product.state_of({"product": SimpleNamespace(product=one)}) == tmp_path
    assert product.state_of({"product": "a word"}) is None
    assert product.state_of({}) is None
