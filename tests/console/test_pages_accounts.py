"""The accounts' page: what is registered, and never a key."""

import pytest

from tests.console.pages import account, cluster, visitor

pytestmark = pytest.mark.django_db


def test_an_account_is_shown_with_its_clusters_and_without_its_keys() -> None:
    account(secret_id="AKIDsecret", secret_key="topsecret")
    cluster()
    text = visitor().get("/accounts/").text
    assert "100012345678" in text
    assert "cls-vpccni01" in text
    assert "AKIDsecret" not in text
    assert "topsecret" not in text


def test_without_accounts_the_page_says_how_to_add_one() -> None:
    assert "add_account" in visitor().get("/accounts/").text


def test_accounts_are_not_written_here() -> None:
    assert visitor().post("/accounts/").status_code == 405
