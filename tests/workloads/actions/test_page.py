"""Actions through their page, against the sandbox's API server."""

import re
from typing import Any

import pytest
from django.test import Client

from console import kube
from console.access import Role
from console.models import Activity, Cluster
from tests.console import pages
from tests.wait import until
from tests.world import World

pytestmark = pytest.mark.django_db
ROOT = "/clusters/cls-vpccni01/actions"
ON = "on=shop/storefront"


@pytest.fixture
def operator(cluster: Cluster) -> Client:
    return pages.visitor(Role.OPERATOR)


def read(cluster: Cluster, kind: str = "Deployment", name: str = "storefront") -> dict[str, Any]:
    return kube.connect(cluster).get(kube.path(kind, "shop", name))


def text(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def confirmed(client: Client, address: str) -> Any:
    """Press the button of a preview: exactly what its form holds is sent."""
    html = text(client, address)
    form = html[html.index('class="footerbar"') :]
    inputs = re.findall(r'name="([^"]+)" value="([^"]*)"', form)
    data: dict[str, list[str]] = {}
    for name, value in inputs:
        data.setdefault(name, []).append(value)
    return client.post(address.partition("?")[0], data)


def test_a_preview_is_a_dry_run_with_a_difference_and_writes_nothing(
    cluster: Cluster, operator: Client
) -> None:
    before = read(cluster)
    name = before["spec"]["template"]["spec"]["containers"][0]["name"]
    html = text(operator, f"{ROOT}/deployment/images/?{ON}&preview=1&image:{name}=web:2")
    assert "<ins>" in html
    assert "web:2" in html
    assert "dry run" in html
    assert read(cluster)["metadata"]["generation"] == before["metadata"]["generation"]
    assert not Activity.objects.filter(verb="update-image").exists()


def test_what_was_previewed_is_done_with_one_line_in_the_audit_trail(
    cluster: Cluster, operator: Client
) -> None:
    answer = confirmed(operator, f"{ROOT}/deployment/scale/?{ON}&preview=1&replicas=5")
    assert answer.status_code == 302
    assert answer.url.endswith("/workloads/deployment/shop/storefront/")
    assert read(cluster)["spec"]["replicas"] == 5
    line: Any = Activity.objects.get(verb="scale")
    assert (line.before["spec"]["replicas"], line.after["spec"]["replicas"]) == (3, 5)
    assert (line.username, line.ok, line.name) == ("carol", True, "storefront")
    assert len(line.kubernetes_request_ids) == 2


def test_an_object_changed_in_between_is_left_alone_and_shown_again(
    cluster: Cluster, operator: Client
) -> None:
    address = f"{ROOT}/deployment/scale/?{ON}&preview=1&replicas=5"
    html = text(operator, address)
    seen = re.search(r'name="seen" value="([^"]+)"', html)
    assert seen
    where = kube.path("Deployment", "shop", "storefront")
    kube.connect(cluster).patch(where, {"spec": {"replicas": 4}})
    data = {"on": "shop/storefront", "preview": "1", "replicas": "5", "seen": seen[1]}
    answer = operator.post(f"{ROOT}/deployment/scale/", data)
    assert "changed since you looked" in answer.content.decode()
    assert read(cluster)["spec"]["replicas"] == 4
    assert Activity.objects.get(verb="scale").ok is False
    # The page shows it as it is now, with what was wanted still in the form: once more does it.
    assert confirmed(operator, address).status_code == 302
    assert read(cluster)["spec"]["replicas"] == 5


def test_what_the_api_server_refuses_is_said_in_its_own_words(
    sandbox: World, operator: Client
) -> None:
    sandbox.fault("kubernetes", "forbidden", match={"verb": "patch", "kind": "Deployment"})
    html = text(operator, f"{ROOT}/deployment/restart/?{ON}")
    assert "Kubernetes refused." in html
    assert "the sandbox was told to refuse this" in html
    assert "data-does" not in html
    assert "There is nothing to do." not in html
    assert f'<a href="{ROOT}/deployment/restart/?{ON}">Try again</a>' in html
    sandbox.control("kubernetes", "DELETE", "faults")
    assert "data-does" in text(operator, f"{ROOT}/deployment/restart/?{ON}")


def test_a_workload_that_is_gone_does_not_stop_the_others(
    cluster: Cluster, operator: Client
) -> None:
    address = f"{ROOT}/deployment/restart/?{ON}&on=shop/no-such"
    assert "It does not exist any more." in text(operator, address)
    assert confirmed(operator, address).status_code == 302
    annotations = read(cluster)["spec"]["template"]["metadata"]["annotations"]
    assert "kubectl.kubernetes.io/restartedAt" in annotations


def test_a_deployment_goes_back_to_a_chosen_revision(cluster: Cluster, operator: Client) -> None:
    was = read(cluster)["spec"]["template"]["spec"]["containers"][0]
    assert (
        confirmed(
            operator, f"{ROOT}/deployment/images/?{ON}&preview=1&image:{was['name']}=web:2"
        ).status_code
        == 302
    )
    until(lambda: len(_revisions(operator)) == 2)
    html = text(operator, f"{ROOT}/deployment/rollback/?{ON}&to=1")
    assert f"<ins>        image: {was['image']}" in html or was["image"] in html
    assert confirmed(operator, f"{ROOT}/deployment/rollback/?{ON}&to=1").status_code == 302
    assert read(cluster)["spec"]["template"]["spec"]["containers"][0]["image"] == was["image"]
    # The same ReplicaSet, taken up again as the newest revision: no third one.
    until(lambda: [one.number for one in _revisions(operator)] == [3, 2])


def _revisions(client: Client) -> Any:
    address = "/clusters/cls-vpccni01/workloads/deployment/shop/storefront/revisions"
    return client.get(address).context["revisions"]


def test_a_stateful_set_is_held_by_its_partition_and_gets_it_back(
    cluster: Cluster, operator: Client, sandbox: World
) -> None:
    found = kube.connect(cluster).get(kube.path("StatefulSet"))["items"][0]["metadata"]
    on = f"on={found['namespace']}/{found['name']}"
    where = kube.path("StatefulSet", found["namespace"], found["name"])

    def strategy() -> Any:
        return kube.connect(cluster).get(where)["spec"]["updateStrategy"]["rollingUpdate"]

    wanted = kube.connect(cluster).get(where)["spec"]["replicas"]
    assert confirmed(operator, f"{ROOT}/statefulset/pause/?{on}").status_code == 302
    assert strategy()["partition"] == wanted
    assert "paused already" in text(operator, f"{ROOT}/statefulset/pause/?{on}")
    assert confirmed(operator, f"{ROOT}/statefulset/resume/?{on}").status_code == 302
    assert strategy()["partition"] == 0
    address = f"{ROOT}/statefulset/strategy/?{on}&preview=1&type=RollingUpdate&partition=1"
    assert confirmed(operator, address).status_code == 302
    assert strategy()["partition"] == 1


def test_a_stateful_set_goes_back_by_its_controller_revisions(
    cluster: Cluster, operator: Client
) -> None:
    found = kube.connect(cluster).get(kube.path("StatefulSet"))["items"][0]
    metadata, template = found["metadata"], found["spec"]["template"]
    one = template["spec"]["containers"][0]
    where = kube.path("StatefulSet", metadata["namespace"], metadata["name"])
    on = f"on={metadata['namespace']}/{metadata['name']}"
    address = f"{ROOT}/statefulset/images/?{on}&preview=1&image:{one['name']}=other:2"
    assert confirmed(operator, address).status_code == 302
    page = f"/clusters/cls-vpccni01/workloads/statefulset/{metadata['namespace']}/"
    page += f"{metadata['name']}/revisions"
    until(lambda: len(operator.get(page).context["revisions"]) == 2)
    assert confirmed(operator, f"{ROOT}/statefulset/rollback/?{on}&to=1").status_code == 302
    assert kube.connect(cluster).get(where)["spec"]["template"] == template


def test_a_form_with_mistakes_keeps_what_was_typed(operator: Client) -> None:
    query = f"{ON}&preview=1&type=RollingUpdate&maxSurge=lots&maxUnavailable=0"
    html = text(operator, f"{ROOT}/deployment/strategy/?{query}")
    assert "Give a number, or a percentage" in html
    assert 'value="lots"' in html
    html = text(operator, f"{ROOT}/deployment/scale/?{ON}&preview=1&replicas=-1")
    assert "greater than or equal to 0" in html


def test_actions_are_for_operators_and_for_what_exists(cluster: Cluster) -> None:
    viewer = pages.visitor(Role.VIEWER, "vera")
    assert viewer.get(f"{ROOT}/deployment/scale/?{ON}").status_code == 403
    assert viewer.post(f"{ROOT}/deployment/scale/", {"on": "shop/storefront"}).status_code == 403
    operator = pages.visitor(Role.OPERATOR)
    assert operator.get(f"{ROOT}/deployment/nonsense/?{ON}").status_code == 404
    assert operator.get(f"{ROOT}/cronjob/scale/?{ON}").status_code == 404
    assert operator.put(f"{ROOT}/deployment/scale/?{ON}").status_code == 405
    assert "No workload is chosen" in text(operator, f"{ROOT}/deployment/scale/?on=nonsense")
