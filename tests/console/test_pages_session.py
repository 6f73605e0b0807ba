"""Login, logout, theme, language: the pages of a person."""

import pytest
from django.test import Client

from console.access import Role
from tests.console.pages import PASSWORD, person, visitor

pytestmark = pytest.mark.django_db


def sign_in(client: Client, **fields: str) -> int:
    known = {"username": "carol", "password": PASSWORD}
    return client.post("/login/", known | fields).status_code


def test_a_right_password_opens_the_first_page() -> None:
    person()
    client = Client()
    assert sign_in(client) == 302
    assert client.get("/").status_code == 200


def test_a_wrong_password_says_so_and_keeps_the_name() -> None:
    person()
    answer = Client().post("/login/", {"username": "carol", "password": "wrong"})
    assert answer.status_code == 200
    assert 'value="carol"' in answer.text
    assert 'role="alert"' in answer.text
    assert "wrong" not in answer.text


def test_login_leads_back_to_where_one_was_going_but_never_elsewhere() -> None:
    person()
    client = Client()
    answer = client.get("/activity/?q=x")
    assert answer.headers["Location"] == "/login/?next=/activity/%3Fq%3Dx"
    answer = client.post(
        "/login/", {"username": "carol", "password": PASSWORD, "next": "/activity/?q=x"}
    )
    assert answer.headers["Location"] == "/activity/?q=x"
    client.logout()
    answer = client.post(
        "/login/", {"username": "carol", "password": PASSWORD, "next": "https://evil.example/"}
    )
    assert answer.headers["Location"] == "/"


def test_logging_out_takes_a_post_and_ends_the_session() -> None:
    client = visitor()
    assert client.get("/logout/").status_code == 405
    assert client.post("/logout/").status_code == 302
    assert client.get("/").status_code == 302


def test_a_disabled_person_cannot_log_in() -> None:
    user = person()
    user.is_active = False
    user.save()
    assert sign_in(Client()) == 200


@pytest.mark.parametrize("path", ["/", "/activity/", "/accounts/", "/clusters/cls-x/", "/sandbox/"])
def test_nothing_is_shown_without_a_login(path: str) -> None:
    answer = Client().get(path)
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/login/")


@pytest.mark.parametrize("path", ["/", "/activity/", "/accounts/", "/clusters/cls-x/"])
def test_a_person_without_a_role_is_told_which_one_is_missing(path: str) -> None:
    answer = visitor(role=None).get(path)
    assert answer.status_code == 403
    assert "viewer" in answer.text


def test_the_theme_is_in_the_first_byte_so_nothing_flashes() -> None:
    client = visitor()
    assert "data-theme" not in client.get("/").text.split("<head>")[0]
    assert client.post("/theme/", {"theme": "dark", "next": "/accounts/"}).status_code == 302
    assert '<html lang="en" data-theme="dark">' in client.get("/").text
    client.post("/theme/", {"theme": "system"})
    assert "data-theme" not in client.get("/").text.split("<head>")[0]


def test_a_theme_nobody_made_is_refused() -> None:
    assert visitor().post("/theme/", {"theme": "<script>"}).status_code == 400
    assert visitor(name="dave").get("/theme/").status_code == 405


def test_the_language_changes_before_and_after_the_login() -> None:
    client = Client()
    client.post("/language/", {"language": "zh-hans", "next": "/login/"})
    assert '<html lang="zh-Hans">' in client.get("/login/").text
    client.force_login(person())
    assert "集群" in client.get("/").text


def test_the_role_is_shown_in_words() -> None:
    assert "Operator" in visitor(Role.OPERATOR).get("/").text


def test_healthz_needs_no_login_and_names_what_answers() -> None:
    answer = Client().get("/healthz")
    assert answer.status_code == 200
    assert answer.json() == {"database": True, "redis": True}
    assert Client().post("/healthz").status_code == 405


def test_healthz_answers_whatever_name_a_probe_calls_it_by() -> None:
    for host in ("10.0.3.7:8000", "podgate.internal"):
        assert Client().get("/healthz", headers={"host": host}).status_code == 200
        assert Client().get("/login/", headers={"host": host}).status_code == 400
