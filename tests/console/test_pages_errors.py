"""Errors come in the console's look and say what can be done."""

import pytest
from django.test import Client, RequestFactory

from console.views import errors
from tests.console.pages import PASSWORD, cluster, person, visitor

pytestmark = pytest.mark.django_db


def test_an_unknown_address_is_a_page_with_a_way_home() -> None:
    answer = visitor().get("/nowhere/")
    assert answer.status_code == 404
    assert "Not found" in answer.text
    assert 'href="/"' in answer.text
    # The addresses of the console are nobody's business.
    assert "healthz" not in answer.text


def test_an_unknown_cluster_is_named() -> None:
    answer = visitor().get("/clusters/cls-nowhere/activity/")
    assert answer.status_code == 404
    assert "cls-nowhere" in answer.text


def test_what_is_gone_leads_to_its_list_and_to_a_search() -> None:
    cluster("cls-1")
    client = visitor()
    page = client.get("/clusters/cls-1/pods/shop/web-1/").text
    assert 'href="/clusters/cls-1/pods/">Pods of cls-1<' in page
    assert 'href="/search/?q=web-1"' in page
    page = client.get("/clusters/cls-1/workloads/statefulset/shop/web/").text
    assert 'href="/clusters/cls-1/workloads/statefulset/">StatefulSet of cls-1<' in page
    page = client.get("/clusters/cls-1/workloads/cronjob/").text
    assert 'href="/clusters/cls-1/">Basic Information of cls-1<' in page
    # Where the cluster is not there either, only the way home is left.
    assert "of cls-2<" not in client.get("/clusters/cls-2/pods/shop/web-1/").text
    assert 'href="/clusters/cls-1/services/"' in client.get("/clusters/cls-1/services/create/").text


def test_a_form_without_its_token_is_refused_with_a_reason() -> None:
    person()
    client = Client(enforce_csrf_checks=True)
    answer = client.post("/login/", {"username": "carol", "password": PASSWORD})
    assert answer.status_code == 403
    assert "Nothing was written" in answer.text


def test_a_failure_needs_no_database_to_be_told(rf: RequestFactory) -> None:
    answer = errors.failed(rf.get("/"))
    assert answer.status_code == 500
    assert "podgate failed on this page" in answer.content.decode()


def test_a_bad_request_says_so(rf: RequestFactory) -> None:
    assert errors.bad_request(rf.get("/"), ValueError()).status_code == 400


def test_every_page_forbids_inline_scripts_and_styles() -> None:
    policy = visitor().get("/").headers["Content-Security-Policy"]
    assert "unsafe-inline" not in policy
    assert "'nonce-" in policy
