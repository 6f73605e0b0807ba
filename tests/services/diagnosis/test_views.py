"""The region of findings and the evidence bundle as requests: who may, and what is refused."""

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from console import secrets
from console.access import Role
from console.live.render import source
from console.live.topics import ancestors
from console.models import Activity, Cluster
from tests.console import pages
from tests.workloads.index import listed, put_deployment, put_gated_pod
from workloads.models import Pod, Service, Workload

pytestmark = pytest.mark.django_db
ID = "cls-vpccni01"
POD = f"/clusters/{ID}/pods/shop/web-6f7c9d8b5-a"
REGIONS = [
    f"{POD}/findings",
    f"/clusters/{ID}/workloads/deployment/shop/web/findings",
    f"/clusters/{ID}/services/shop/web/findings",
]


@pytest.fixture
def cluster() -> Cluster:
    found = pages.cluster(ID, reachable=True, credentials=secrets.encrypt("{}"))
    listed(found)
    put_deployment(found)
    put_gated_pod(found, "web-6f7c9d8b5-a")
    return found


@pytest.mark.parametrize("url", REGIONS)
@pytest.mark.usefixtures("cluster")
def test_a_region_needs_a_role_and_answers_reads_only(url: str) -> None:
    assert Client().get(url).status_code == 302
    assert pages.visitor(None, "dave").get(url).status_code == 403
    viewer = pages.visitor()
    assert viewer.get(url).status_code == 200
    assert viewer.post(url).status_code == 405


@pytest.mark.parametrize("url", REGIONS)
def test_a_region_is_drawn_anew_when_the_clb_says_something_new_of_a_target(url: str) -> None:
    """Which is told as news of its Service: an open gate stays open, so its Pod does not change."""
    drawn = source(url).topics
    assert set(ancestors(f"{ID}/services/shop/web")) & set(drawn)


@pytest.mark.usefixtures("cluster")
def test_what_is_no_workload_has_no_findings() -> None:
    url = f"/clusters/{ID}/workloads/cronjob/shop/web/findings"
    assert pages.visitor().get(url).status_code == 404


@pytest.mark.usefixtures("cluster")
def test_only_who_may_act_is_offered_actions() -> None:
    offered = "/services/create/?namespace=shop&amp;workload=deployment%2Fweb"
    assert offered not in pages.visitor().get(REGIONS[1]).content.decode()
    html = pages.visitor(Role.OPERATOR, "olga").get(REGIONS[1]).content.decode()
    assert offered in html


def test_an_image_that_cannot_be_pulled_leads_to_the_dialog_that_changes_it(
    cluster: Cluster,
) -> None:
    found = Pod.objects.get()
    container = found.containers[0] | {"state": "Waiting", "reason": "ErrImagePull", "ready": False}
    found.containers, found.ready, found.containers_ready = [container], False, False
    found.status = "ErrImagePull"
    found.save()
    dialog = f"/clusters/{ID}/actions/deployment/images/?on=shop%2Fweb"
    assert dialog in pages.visitor(Role.OPERATOR, "olga").get(REGIONS[0]).text
    assert dialog not in pages.visitor().get(REGIONS[0]).text


@pytest.mark.usefixtures("cluster")
def test_a_bundle_needs_a_role_and_an_object() -> None:
    url = f"/clusters/{ID}/evidence/pod/shop/web-6f7c9d8b5-a/"
    assert Client().get(url).status_code == 302
    assert pages.visitor(None, "dave").get(url).status_code == 403
    viewer = pages.visitor()
    assert viewer.post(url).status_code == 405
    assert viewer.get(f"/clusters/{ID}/evidence/secret/shop/x/").status_code == 404
    assert viewer.get(f"/clusters/{ID}/evidence/pod/shop/nobody/").status_code == 404
    assert not Activity.objects.exists()


@pytest.mark.usefixtures("cluster")
def test_a_cluster_that_does_not_answer_still_gives_a_bundle() -> None:
    answer = pages.visitor().get(f"/clusters/{ID}/evidence/pod/shop/web-6f7c9d8b5-a/")
    assert answer.status_code == 200
    assert Activity.objects.get().verb == "bundle"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("cls-none", "pod", "shop/a"), "No cluster cls-none."),
        ((ID, "pod", "shop"), "namespace/name"),
        ((ID, "pod", "shop/nobody"), "No Pod shop/nobody."),
    ],
)
@pytest.mark.usefixtures("cluster")
def test_explain_says_what_it_cannot_find(arguments: tuple[str, ...], words: str) -> None:
    with pytest.raises(CommandError, match=words) as refused:
        call_command("explain", *arguments)
    assert refused.value.returncode == 2


@pytest.mark.parametrize("is_well", [True, False])
def test_explain_says_that_the_api_server_did_not_answer(
    cluster: Cluster, capsys: pytest.CaptureFixture[str], *, is_well: bool
) -> None:
    """Though the watcher, which may be down as well, still calls it reachable."""
    if is_well:
        Pod.objects.update(ready=True, gates=[])
    with pytest.raises(SystemExit) as ended:
        call_command("explain", ID, "pod", "shop/web-6f7c9d8b5-a")
    said = capsys.readouterr().out
    assert ended.value.code == 1
    assert f"ClusterUnreachable: The API server of {ID} is not reached" in said
    assert ("NoService" in said) is not is_well
    cluster.refresh_from_db()
    assert cluster.reachable


def test_a_service_whose_workload_is_scaled_to_nothing_names_it(cluster: Cluster) -> None:
    Pod.objects.all().delete()
    Workload.objects.update(replicas=0, template_labels={"app": "web"})
    Service.objects.create(
        cluster=cluster,
        uid="svc",
        namespace="shop",
        name="web",
        resource_version="1",
        created_at=timezone.now(),
        type="LoadBalancer",
        load_balancer_class="podgate.dev/clb",
        selector={"app": "web"},
        annotations={"service.cloud.tencent.com/direct-access": "true"},
    )
    html = pages.visitor().get(REGIONS[2]).content.decode()
    assert "No Pod is behind it: Deployment web is scaled to 0." in html


def test_what_many_pods_suffer_from_is_said_once_and_most_of_their_names_are_folded(
    cluster: Cluster,
) -> None:
    for letter in "bcde":
        put_gated_pod(cluster, f"web-6f7c9d8b5-{letter}")
    html = pages.visitor().get(REGIONS[1]).content.decode()
    assert html.count('data-code="NoService"') == 1
    assert 'id="finding-NoService-1"' in html
    assert "5 Pods: No claimed Service selects this Pod." in html
    assert "<summary>2 more Pods</summary>" in html
    assert all(html.count(f">web-6f7c9d8b5-{letter}</a>") == 1 for letter in "abcde")
