"""The sandbox's page against the real sandbox: faults on and off, and what was called."""

from typing import Any

import pytest

from console import sandbox_control
from console.access import Role
from console.models import Activity
from tests.console.pages import visitor
from tests.world import World

pytestmark = [pytest.mark.django_db, pytest.mark.sandbox]


@pytest.fixture
def beside(sandbox: World, settings: Any) -> World:
    control = sandbox.facts["control"]
    settings.SANDBOX_CONTROL = [f"{half}={url}" for half, url in control.items()]
    return sandbox


def faults_of(half: str) -> list[str]:
    return [fault["fault"] for fault in sandbox_control.ask(half, "GET", "faults")]


def test_a_fault_is_switched_on_shown_and_switched_off_again(beside: World) -> None:
    client = visitor(Role.OPERATOR)
    asked = {"half": "tencent", "fault": "busy", "action": "BatchRegisterTargets", "times": "5"}
    assert client.post("/sandbox/faults/on/", asked).status_code == 302
    assert faults_of("tencent") == ["busy"]
    page = client.get("/sandbox/").text
    assert "BatchRegisterTargets, 5 left, struck 0 times" in page
    client.post("/sandbox/faults/off/", {"half": "tencent", "fault": "busy"})
    assert faults_of("tencent") == []
    verbs = list(Activity.objects.order_by("id").values_list("verb", flat=True))
    assert verbs[-2:] == ["fault_on", "fault_off"]


def test_all_faults_of_a_half_go_at_once(beside: World) -> None:
    client = visitor(Role.OPERATOR)
    for fault in ("conflict", "gone_410"):
        client.post("/sandbox/faults/on/", {"half": "kubernetes", "fault": fault})
    client.post("/sandbox/faults/off/", {"half": "kubernetes"})
    assert faults_of("kubernetes") == []


def test_calls_are_listed_with_their_request_ids(beside: World) -> None:
    page = visitor().get("/sandbox/", {"calls": "all"})
    assert page.status_code == 200
    assert "Last calls to Tencent Cloud" in page.text
    assert "TOTAL_TARGET_BIND_QUOTA" in page.text


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"half": "tencent", "fault": "<script>"},
        {"half": "tencent", "fault": "busy", "times": "0"},
        {"half": "tencent", "fault": "busy", "seconds": "soon"},
    ],
)
def test_a_nonsense_fault_is_refused_here(beside: World, asked: dict[str, str]) -> None:
    client = visitor(Role.OPERATOR)
    answer = client.post("/sandbox/faults/on/", asked, follow=True)
    assert "cannot be switched on" in answer.text
    assert faults_of("tencent") == []


def test_a_fault_nobody_knows_is_refused_by_the_sandbox(beside: World) -> None:
    client = visitor(Role.OPERATOR)
    asked = {"half": "tencent", "fault": "earthquake"}
    answer = client.post("/sandbox/faults/on/", asked, follow=True)
    assert 'data-tone="error"' in answer.text
    assert not Activity.objects.filter(verb="fault_on").exists()


def test_a_half_that_is_down_is_said_to_be_down(settings: Any) -> None:
    settings.SANDBOX_CONTROL = ["tencent=http://127.0.0.1:1"]
    assert "This half does not answer." in visitor().get("/sandbox/").text


def test_viewers_look_and_operators_switch(settings: Any) -> None:
    settings.SANDBOX_CONTROL = ["tencent=http://127.0.0.1:1"]
    client = visitor()
    assert client.get("/sandbox/").status_code == 200
    for path in ("/sandbox/faults/on/", "/sandbox/faults/off/"):
        assert client.post(path, {"half": "tencent", "fault": "busy"}).status_code == 403
        assert client.get(path).status_code == 405


def test_without_a_sandbox_there_is_no_page_and_no_link(settings: Any) -> None:
    settings.SANDBOX_CONTROL = []
    client = visitor(Role.ADMIN)
    assert client.get("/sandbox/").status_code == 404
    assert client.post("/sandbox/faults/on/", {"half": "tencent"}).status_code == 404
    assert "/sandbox/" not in client.get("/").text


def test_the_account_is_changed_as_tencent_cloud_would(beside: World) -> None:
    client = visitor(Role.OPERATOR)
    for setting, value, shown in (
        ("account_type", "LEGACY", ("account_type", "LEGACY")),
        ("arrears", "on", ("arrears", True)),
        ("tke_ccn", "off", ("tke_ccn", False)),
    ):
        asked = {"setting": setting, "value": value}
        assert client.post("/sandbox/account/", asked).status_code == 302
        name, wanted = shown
        assert sandbox_control.ask("tencent", "GET", "account")[name] == wanted
    page = client.get("/sandbox/").text
    assert "Make it STANDARD (bill-by-IP)" in page
    quota = {"setting": "quota", "quota": "TOTAL_TARGET_BIND_QUOTA", "value": "10"}
    client.post("/sandbox/account/", quota)
    assert sandbox_control.ask("tencent", "GET", "quota")["TOTAL_TARGET_BIND_QUOTA"] == 10


@pytest.mark.parametrize(
    "asked", [{}, {"setting": "lb", "value": "x"}, {"setting": "quota", "value": "many"}]
)
def test_what_is_no_setting_of_the_account_changes_nothing(
    beside: World, asked: dict[str, str]
) -> None:
    before = sandbox_control.ask("tencent", "GET", "account")
    assert visitor(Role.OPERATOR).post("/sandbox/account/", asked).status_code == 302
    assert sandbox_control.ask("tencent", "GET", "account") == before
    assert visitor(Role.VIEWER, "vera").post("/sandbox/account/", asked).status_code == 403
