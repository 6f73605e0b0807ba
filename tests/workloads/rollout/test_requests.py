"""The rollout's pages as requests: who may, and what is not found."""

import pytest
from django.test import Client

from console.access import Role
from console.models import Cluster
from tests.console import pages
from tests.workloads.rollout.world import ADDRESSES, ID, ROOT, under_way

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("address", ADDRESSES)
def test_every_page_and_region_answers(viewer: Client, cluster: Cluster, address: str) -> None:
    assert viewer.get(address).status_code == 200
    under_way(cluster)
    assert viewer.get(address).status_code == 200


@pytest.mark.parametrize("address", ADDRESSES)
def test_nothing_but_get_is_allowed(viewer: Client, address: str) -> None:
    assert viewer.post(address).status_code == 405


@pytest.mark.parametrize("address", ADDRESSES)
def test_it_is_for_who_is_logged_in_and_has_a_role(cluster: Cluster, address: str) -> None:
    assert Client().get(address).status_code == 302
    assert pages.visitor(role=None, name="nobody").get(address).status_code == 403


@pytest.mark.parametrize("address", ADDRESSES)
def test_what_is_not_there_is_not_found(viewer: Client, address: str) -> None:
    assert viewer.get(address.replace(ID, "cls-other")).status_code == 404
    if "/services/" in address:
        assert viewer.get(address.replace("shop/web", "shop/none")).status_code == 404
    else:
        assert viewer.get(address.replace("deployment", "job")).status_code == 404


def test_a_workload_nobody_knows_has_no_rollout_page(viewer: Client) -> None:
    assert viewer.get(f"{ROOT}x/rollout/").status_code == 404
    assert viewer.get(f"{ROOT}/rollouts/99/").status_code == 404


def test_unknown_views_and_waves_are_the_usual_page(viewer: Client, cluster: Cluster) -> None:
    under_way(cluster)
    for query in ("view=x", "wave=x", "view=pods&page=99", "past=99", "window=century"):
        assert viewer.get(f"{ROOT}/rollout/?{query}").status_code == 200


def test_only_operators_are_offered_actions(viewer: Client, cluster: Cluster) -> None:
    under_way(cluster)
    operator = pages.visitor(role=Role.OPERATOR, name="otto")
    assert "/actions/deployment/restart/" in operator.get(f"{ROOT}/rollout/").content.decode()
    assert "/actions/deployment/restart/" not in viewer.get(f"{ROOT}/rollout/").content.decode()
