"""The audit trail's pages."""

import pytest
from django.contrib.auth.models import User

from console import activity
from console.models import Activity
from tests.console.pages import cluster, visitor

pytestmark = pytest.mark.django_db


def line(name: str = "storefront", **fields: object) -> Activity:
    known: dict[str, object] = {
        "cluster": "cls-vpccni01",
        "kind": "Service",
        "namespace": "shop",
        "name": name,
    }
    return activity.record(None, **({"verb": "create"} | known | fields))  # type: ignore[arg-type]


def test_a_line_says_who_did_what_with_before_and_after() -> None:
    line(verb="update", before={"port": 80, "kept": 1}, after={"port": 8080, "kept": 1})
    text = visitor().get("/activity/").text
    assert "Changed Service shop/storefront" in text
    assert "<del>port: 80</del>" in text
    assert "<ins>port: 8080</ins>" in text
    assert '<span class="same">kept: 1</span>' in text


def test_what_a_cluster_says_is_text_never_markup() -> None:
    line(name="<script>alert(1)</script>", message="<b>x</b>")
    text = visitor().get("/activity/").text
    assert "<script>alert" not in text
    assert "&lt;b&gt;x" in text


def test_filters_narrow_and_say_so_when_nothing_is_left() -> None:
    line("storefront")
    line("catalog", verb="delete", ok=False, message="Forbidden")
    client = visitor()
    text = client.get("/activity/", {"verb": "delete", "result": "failed"}).text
    assert "shop/catalog" in text
    assert "shop/storefront" not in text
    assert "shop/storefront" in client.get("/activity/", {"q": "shop/store"}).text
    assert "Nothing matches these filters" in client.get("/activity/", {"q": "nowhere"}).text


@pytest.mark.parametrize(
    "query",
    [{"page": "abc"}, {"page": "-3"}, {"page": "9999"}, {"result": "maybe"}, {"q": "x" * 999}],
)
def test_a_nonsense_filter_is_answered_calmly(query: dict[str, str]) -> None:
    line()
    assert visitor().get("/activity/", query).status_code == 200


def test_fifty_lines_make_a_page() -> None:
    for number in range(51):
        line(f"svc-{number}")
    client = visitor()
    first, second = (client.get("/activity/", {"page": page}).text for page in (1, 2))
    assert "shop/svc-50" in first
    assert "shop/svc-0<" not in first
    assert "shop/svc-0" in second


def test_a_cluster_shows_its_own_lines_only() -> None:
    cluster()
    line("ours")
    line("theirs", cluster="cls-router01")
    client = visitor()
    text = client.get("/clusters/cls-vpccni01/activity/").text
    assert "shop/ours" in text
    assert "shop/theirs" not in text
    sneaky = client.get("/clusters/cls-vpccni01/activity/", {"cluster": "cls-router01"}).text
    assert "shop/theirs" not in sneaky
    assert client.get("/clusters/cls-nowhere/activity/").status_code == 404


def test_the_trail_cannot_be_written_by_a_page() -> None:
    assert visitor().post("/activity/").status_code == 405


def test_a_line_outlives_its_author() -> None:
    user = User.objects.create_user("gone")
    activity.record(user, "create", kind="Service", name="x")
    user.delete()
    assert "gone" in visitor().get("/activity/").text
