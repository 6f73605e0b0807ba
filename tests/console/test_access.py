import re
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, Group, User
from django.core.exceptions import PermissionDenied
from django.core.management import call_command
from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, URLResolver, get_resolver

from console import activity
from console.access import Role, cluster_for, has_role, require_role, role_of
from console.doors import Call
from console.models import Account, Activity, Cluster
from tests.console.pages import visitor
from tests.services.test_pages import put_service

pytestmark = pytest.mark.django_db


def user(name: str, *roles: Role, **fields: Any) -> User:
    made = User.objects.create_user(name, **fields)
    made.groups.set(Group.objects.filter(name__in=roles))
    return made


def registered() -> Cluster:
    account = Account.objects.create(name="a", uin="1", region="r")
    return Cluster.objects.create(cluster_id="cls-1", account=account, server="https://x")


def test_migrating_makes_a_group_for_each_role() -> None:
    assert set(Group.objects.values_list("name", flat=True)) == set(Role)


def test_the_groups_are_back_after_the_tables_were_emptied(db: None) -> None:
    Group.objects.all().delete()
    call_command("migrate", verbosity=0)
    assert set(Group.objects.values_list("name", flat=True)) == set(Role)


@pytest.mark.parametrize("held", list(Role))
def test_a_role_may_what_the_ones_before_it_may(held: Role) -> None:
    someone = user("x", held)
    may = [role for role in Role if has_role(someone, role)]
    assert may == list(Role)[: list(Role).index(held) + 1]


def test_the_highest_of_several_roles_counts() -> None:
    assert role_of(user("x", Role.VIEWER, Role.ADMIN)) is Role.ADMIN


def test_nobody_without_a_role_may_anything() -> None:
    strangers: list[User | AnonymousUser] = [
        AnonymousUser(),
        user("none"),
        user("off", Role.ADMIN, is_active=False),
        user("off-root", is_superuser=True, is_active=False),
    ]
    for stranger in strangers:
        assert role_of(stranger) is None
        with pytest.raises(PermissionDenied):
            cluster_for(stranger, "cls-1")


def test_a_superuser_is_an_admin() -> None:
    assert role_of(user("root", is_superuser=True)) is Role.ADMIN


def test_a_role_that_was_taken_away_counts_no_more() -> None:
    someone = user("x", Role.OPERATOR)
    someone.groups.clear()
    assert role_of(User.objects.get(pk=someone.pk)) is None


def test_a_cluster_is_given_to_those_who_may() -> None:
    cluster = registered()
    assert cluster_for(user("v", Role.VIEWER), "cls-1") == cluster
    assert cluster_for(user("o", Role.OPERATOR), "cls-1", Role.OPERATOR) == cluster


def test_a_viewer_is_no_operator_even_of_a_cluster_that_does_not_exist() -> None:
    with pytest.raises(PermissionDenied):
        cluster_for(user("v", Role.VIEWER), "cls-nothing", Role.OPERATOR)


def test_a_cluster_that_is_not_there_is_not_found() -> None:
    with pytest.raises(Http404):
        cluster_for(user("v", Role.VIEWER), "cls-nothing")


def test_a_view_that_requires_a_role_refuses_the_others() -> None:
    @require_role(Role.OPERATOR)
    def page(request: HttpRequest, word: str) -> HttpResponse:
        return HttpResponse(word)

    request = HttpRequest()
    request.user = user("o", Role.OPERATOR)
    assert page(request, "yes").content == b"yes"
    request.user = user("v", Role.VIEWER)
    with pytest.raises(PermissionDenied):
        page(request, word="no")


def test_a_page_asks_for_the_role_once_and_the_next_one_anew() -> None:
    client = visitor(Role.VIEWER)
    with CaptureQueriesContext(connection) as queries:
        assert client.get("/").status_code == 200
    assert sum("auth_group" in query["sql"] for query in queries) == 1
    Group.objects.all().delete()
    assert client.get("/").status_code == 403


def patterns(found: list[URLPattern | URLResolver], prefix: str = "") -> list[tuple[str, Any]]:
    pages: list[tuple[str, Any]] = []
    for each in found:
        route = prefix + str(each.pattern)
        if isinstance(each, URLResolver):
            pages += patterns(each.url_patterns, route)
        else:
            pages.append((route, each.callback))
    return pages


def test_only_these_addresses_answer_strangers() -> None:
    public = {
        route
        for route, view in patterns(get_resolver().url_patterns)
        if not getattr(view, "login_required", True)
    }
    # metrics asks for a token or a role by itself.
    allowed = {"login/", "healthz", "metrics", "language/", "i18n/setlang/", "theme/"}
    assert public <= allowed, public


@pytest.fixture
def locked() -> Cluster:
    """A cluster whose stored credentials, and those of its account, no key decrypts any more."""
    account = Account.objects.create(
        name="lost", uin="1", region="ap-guangzhou", endpoint="http://127.0.0.1:1"
    )
    return Cluster.objects.create(
        cluster_id="cls-lost0001", account=account, server="https://127.0.0.1:1"
    )


def addresses(cluster: Cluster) -> list[str]:
    """Every address of the console, filled in with this cluster and a Service of it."""
    put_service(cluster)
    words = {"cluster_id": cluster.cluster_id, "namespace": "shop", "kind": "deployment"}
    return [
        "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda found: words.get(found[1], "bar"), route)
        for route, _view in patterns(get_resolver().url_patterns)
    ]


# What belongs to the person and to nobody else.
OWN = {"/login/", "/logout/", "/theme/", "/language/", "/i18n/setlang/"}


def test_a_viewer_changes_nothing_wherever_he_posts(locked: Cluster) -> None:
    client = visitor(Role.VIEWER)
    before = Activity.objects.count()
    for address in addresses(locked):
        refused = client.post(address).status_code in {403, 404, 405}
        # Facts are read anew, and which columns somebody sees is his own business.
        is_harmless = address.endswith(("/refresh/", "/pods/columns/"))
        assert refused or is_harmless or address in OWN, address
    assert Activity.objects.count() == before


def test_nobody_without_a_role_reads_or_writes_anywhere(locked: Cluster) -> None:
    client = visitor(None)
    for address in addresses(locked):
        for answer in (client.get(address), client.post(address)):
            is_open = address in OWN | {"/healthz"}
            assert answer.status_code in {401, 403, 404, 405} or is_open, address


def test_credentials_that_no_key_decrypts_are_an_error_on_the_page_and_not_of_it(
    locked: Cluster,
) -> None:
    client = visitor(Role.ADMIN)
    for address in addresses(locked):
        if address not in OWN:
            assert client.get(address).status_code != 500, address
            assert client.post(address).status_code != 500, address
    client.post(f"/clusters/{locked.cluster_id}/refresh/")
    page = client.get(f"/clusters/{locked.cluster_id}/").text
    assert "PODGATE_ENCRYPTION_KEYS lacks its key" in page


def test_an_activity_holds_request_ids_of_both_doors_and_no_secrets() -> None:
    calls = [
        Call("kubernetes", "POST /x", True, "audit-1", 0.1, True),
        Call("tencent", "CreateListener", True, "req-1", 0.1, True),
        Call("tencent", "DescribeX", False, "", 0.1, False, "NetworkError"),
    ]
    line = activity.record(
        user("ana"),
        "create",
        kind="Service",
        after={"spec": {"token": "hush"}},
        message="Bearer hush",
        calls=calls,
    )
    line.refresh_from_db()
    assert (line.username, line.kubernetes_request_ids, line.cloud_request_ids) == (
        "ana",
        ["audit-1"],
        ["req-1"],
    )
    assert "hush" not in f"{line.after} {line.message}"


def test_what_podgate_does_itself_is_told_as_such() -> None:
    assert activity.record(None, "bind").username == "podgate"
    assert activity.record(AnonymousUser(), "bind").username == "podgate"
    assert activity.record("command line", "register").username == "command line"
