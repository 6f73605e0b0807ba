"""The access layer's page, from rows alone."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from console import secrets
from console.access import Role
from console.models import Activity, Cluster
from services.admission import certificates, layers
from services.admission.coverage import coverage
from services.admission.gate_type import OWN_GATE
from services.models import AccessLayer, Binding, Phase, Repair
from tests.console import pages
from tests.services.test_pages import put_service
from tests.workloads.index import listed, put_deployment, put_gated_pod, put_pod
from workloads.models import Pod, Rollout, Service
from workloads.views.rows import TKE_GATE

pytestmark = pytest.mark.django_db
ID = "cls-vpccni01"
ROOT = f"/clusters/{ID}/access-layer"
READS = [f"{ROOT}/", f"{ROOT}/health", f"{ROOT}/coverage", f"{ROOT}/repairs"]


@pytest.fixture
def cluster() -> Cluster:
    found = pages.cluster(ID, reachable=True, credentials=secrets.encrypt("{}"))
    listed(found)
    return found


@pytest.fixture
def layer(cluster: Cluster) -> AccessLayer:
    now = timezone.now()
    ca = certificates.authority(ID, now=now)
    pair = certificates.serving(ca, "10.20.0.30", now=now)
    return AccessLayer.objects.create(
        cluster=cluster,
        port=9443,
        ca_certificate=ca.certificate,
        ca_key=secrets.encrypt(ca.key),
        certificate=pair.certificate,
        key=secrets.encrypt(pair.key),
        secret=secrets.encrypt("s3cret"),
        alive_at=now,
        registered_at=now,
        checked_at=now,
        probe_ok=True,
        probe_at=now,
        injected=60,
    )


def text(client: Client, address: str = READS[0]) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize("address", READS)
def test_every_region_answers_with_and_without_a_webhook(cluster: Cluster, address: str) -> None:
    assert pages.visitor().get(address).status_code == 200


@pytest.mark.parametrize("address", READS)
def test_strangers_are_sent_to_sign_in(cluster: Cluster, address: str) -> None:
    assert Client().get(address).status_code == 302


def test_a_healthy_layer_says_what_it_did(layer: AccessLayer) -> None:
    page = text(pages.visitor())
    assert "Healthy" in page
    assert "10.20.0.30:9443" in page
    assert "of 90 days left" in page
    assert "PRIVATE KEY" not in page
    assert "s3cret" not in page


def test_the_api_servers_own_words_are_shown(layer: AccessLayer) -> None:
    layer.probe_ok, layer.probe_message = False, 'failed calling webhook "probe.podgate.dev"'
    layer.save()
    page = text(pages.visitor())
    assert "Not reached" in page
    assert "failed calling webhook" in page


def test_a_process_not_seen_lately_is_said_so(layer: AccessLayer) -> None:
    layer.alive_at = timezone.now() - timedelta(minutes=5)
    layer.save()
    page = text(pages.visitor())
    assert "Not running" in page
    # What it proved while it ran is nothing that holds now.
    assert "Not now" in page
    assert "The API server reaches" not in page


def test_a_repair_shows_its_writer_and_its_difference(layer: AccessLayer) -> None:
    Repair.objects.create(
        cluster=layer.cluster,
        at=timezone.now(),
        what="CaBundleReplaced",
        field="pods.podgate.dev.clientConfig.caBundle",
        manager="kubectl-edit",
        found_by="Watch",
        took=0.4,
        before=[{"caBundle": "Ym9ndXM="}],
        after=[{"caBundle": "LS0t"}],
    )
    page = text(pages.visitor())
    assert "caBundle of the webhook was replaced" in page
    assert "kubectl-edit" in page
    assert "<del>" in page


def bind(cluster: Cluster) -> None:
    service = put_service(cluster)
    Binding.objects.create(
        cluster=cluster,
        service_uid=service.uid,
        namespace=service.namespace,
        name=service.name,
        phase=Phase.READY,
        phase_since=timezone.now(),
    )


def test_pods_without_the_gate_are_named(layer: AccessLayer) -> None:
    bind(layer.cluster)
    put_gated_pod(layer.cluster, "web-1")
    put_pod(layer.cluster, "web-0", spec={"containers": [{"name": "web", "image": "web:1"}]})
    rows = coverage(layer.cluster)
    assert [name for row in rows for name in row.without] == ["web-0"]
    assert sum(row.total for row in rows) == 2
    assert "web-0" in text(pages.visitor(), f"{ROOT}/coverage")


def test_only_ready_pods_without_a_gate_are_called_ready(layer: AccessLayer) -> None:
    bind(layer.cluster)
    bare = {"containers": [{"name": "web", "image": "web:1"}]}
    put_pod(layer.cluster, "web-0", spec=bare)
    starting = {"conditions": [{"type": "Ready", "status": "False"}]}
    put_pod(layer.cluster, "web-1", spec=bare, status=starting)
    page = text(pages.visitor(), f"{ROOT}/coverage")
    assert "1 Pod is Ready without the CLB’s word." in page
    assert "web-1" in page


def test_a_row_says_why_its_pods_have_no_gate(layer: AccessLayer) -> None:
    bind(layer.cluster)
    pod = put_pod(layer.cluster, "web-0", spec={"containers": [{"name": "web", "image": "web:1"}]})
    service = Service.objects.get()
    Service.objects.update(created_at=pod.created_at + timedelta(minutes=1))
    visitor = pages.visitor()
    page = text(visitor, f"{ROOT}/coverage")
    assert f"Service {service.name} came later." in page
    Service.objects.update(created_at=pod.created_at)
    page = text(visitor, f"{ROOT}/coverage")
    assert f"It was created in the same second as Service {service.name}" in page
    Service.objects.update(created_at=pod.created_at - timedelta(minutes=1))
    AccessLayer.objects.update(registered_at=pod.created_at - timedelta(minutes=1))
    Repair.objects.create(
        cluster=layer.cluster,
        at=pod.created_at + timedelta(seconds=2),
        what="ConfigurationDeleted",
        found_by="Watch",
    )
    page = text(visitor, f"{ROOT}/coverage")
    assert "Its registration was damaged at that moment: The webhook configuration was" in page


def test_a_failed_repair_says_what_the_api_server_said(layer: AccessLayer) -> None:
    Repair.objects.create(
        cluster=layer.cluster,
        at=timezone.now(),
        what="SecretDeleted",
        found_by="Watch",
        ok=False,
        message="secrets is forbidden",
    )
    page = text(pages.visitor(), f"{ROOT}/repairs")
    assert "secrets is forbidden" in page
    assert "Failed" in page


def test_figures_are_of_the_last_hour(layer: AccessLayer) -> None:
    now = timezone.now()
    layers.counted(layer.cluster.pk, ID, {"injected": 3, "skipped": 2, "failed": 0}, {})
    visitor = pages.visitor()
    page = text(visitor, f"{ROOT}/health")
    layer.refresh_from_db()
    assert layer.injected == 63
    assert "<dd>3</dd>" in page
    assert "63 in all" in page
    assert "of 5 admissions in the last hour" in page
    AccessLayer.objects.update(lately=[[int(now.timestamp() // 60) - 61, 9, 9, 9]])
    assert "of 0 admissions in the last hour" in text(visitor, f"{ROOT}/health")


def test_all_are_rolled_after_a_question(layer: AccessLayer) -> None:
    bind(layer.cluster)
    operator = pages.visitor(Role.OPERATOR, "oscar")
    assert pages.visitor().get(f"{ROOT}/roll/").status_code == 403
    assert "Every Pod behind a claimed Service carries the gate" in text(operator, f"{ROOT}/roll/")
    put_pod(layer.cluster, "web-1-a", spec={"containers": [{"name": "web", "image": "web:1"}]})
    Pod.objects.update(workload_kind="Deployment", workload_name="web")
    page = text(operator, f"{ROOT}/roll/")
    assert "Deployment web" in page
    assert "add up" in page
    answer = operator.post(f"{ROOT}/roll/")
    # Its API server does not answer: said per workload, and nothing is claimed to have happened.
    assert answer.status_code == 200
    assert "Kubernetes refused to roll web." in answer.text
    assert Activity.objects.filter(verb="restart", ok=False).count() == 1


def test_what_is_being_rolled_is_said_so_and_not_begun_again(layer: AccessLayer) -> None:
    bind(layer.cluster)
    put_pod(layer.cluster, "web-1-a", spec={"containers": [{"name": "web", "image": "web:1"}]})
    Pod.objects.update(workload_kind="Deployment", workload_name="web")
    put_deployment(layer.cluster, updatedReplicas=3, availableReplicas=3)
    operator = pages.visitor(Role.OPERATOR, "oscar")
    assert "Roll to inject" in text(operator, f"{ROOT}/coverage")
    put_deployment(layer.cluster, updatedReplicas=1, availableReplicas=3)
    page = text(operator, f"{ROOT}/coverage")
    assert "Being rolled" in page
    assert f"/clusters/{ID}/workloads/deployment/shop/web/rollout/" in page
    assert "Roll to inject" not in page
    findings = f"/clusters/{ID}/workloads/deployment/shop/web/findings"
    assert "Roll to inject" in text(operator, findings)
    Rollout.objects.create(
        cluster=layer.cluster,
        kind="Deployment",
        namespace="shop",
        name="web",
        started_at=timezone.now(),
    )
    page = text(operator, findings)
    assert "the rollout under way replaces what has no gate" in page
    assert "Roll to inject" not in page
    Rollout.objects.update(started_at=Pod.objects.get().created_at - timedelta(minutes=1))
    assert "Roll to inject" in text(operator, findings)
    assert "<form" not in text(operator, f"{ROOT}/roll/").partition("<main")[2]


def test_only_check_is_for_operators(layer: AccessLayer) -> None:
    operator = pages.visitor(Role.OPERATOR, "oscar")
    assert pages.visitor().post(f"{ROOT}/check").status_code == 403
    assert operator.get(f"{ROOT}/check").status_code == 405
    assert operator.post(f"{ROOT}/check", {"do": "rotate"}).status_code == 403
    assert operator.post(f"{ROOT}/check", {"do": "nonsense"}).status_code == 404
    assert operator.post(f"{ROOT}/check", {"do": "check"}).status_code == 302
    layer.refresh_from_db()
    assert layer.check_wanted_at
    assert not layer.next_ca_certificate


def test_an_administrator_rotates_the_ca(layer: AccessLayer) -> None:
    pages.visitor(Role.ADMIN).post(f"{ROOT}/check", {"do": "rotate"})
    layer.refresh_from_db()
    assert layer.next_ca_certificate
    assert layer.next_ca_certificate != layer.ca_certificate
    assert Activity.objects.filter(verb="rotate").exists()


def test_settings_are_for_administrators_and_leave_a_line(layer: AccessLayer) -> None:
    assert pages.visitor(Role.OPERATOR, "oscar").get(f"{ROOT}/settings/").status_code == 403
    admin = pages.visitor(Role.ADMIN)
    good = {
        "failure_policy": "Fail",
        "gate_type": OWN_GATE,
        "url": "https://hook.example.com:9443",
        "service": "",
    }
    assert admin.post(f"{ROOT}/settings/", good).status_code == 302
    layer.refresh_from_db()
    assert (layer.failure_policy, layer.url) == ("Fail", "https://hook.example.com:9443")
    assert Activity.objects.filter(kind="AccessLayer", verb="change").exists()


@pytest.mark.parametrize(
    "bad",
    [
        {"url": "http://hook.example.com"},
        {"url": "https://hook.example.com/path"},
        {"url": "https://user@hook.example.com"},
        {"url": "https://hook.example.com:99999"},
        {"service": "no-namespace"},
        {"service": "a/b", "url": "https://hook.example.com"},
        {"client_ca": "no PEM"},
        {"failure_policy": "Maybe"},
        {"gate_type": "example.com/other"},
        # Its API server does not answer: nobody can say who writes it.
        {"gate_type": TKE_GATE},
    ],
    ids=str,
)
def test_bad_settings_come_back_with_a_message(layer: AccessLayer, bad: dict[str, str]) -> None:
    usual = {
        "failure_policy": "Ignore",
        "gate_type": OWN_GATE,
        "url": "",
        "service": "",
        "client_ca": "",
    }
    answer = pages.visitor(Role.ADMIN).post(f"{ROOT}/settings/", usual | bad)
    assert answer.status_code == 200
    assert 'class="error"' in answer.content.decode()
    layer.refresh_from_db()
    assert (layer.url, layer.service, layer.failure_policy) == ("", "", "Ignore")
