"""Each cause provoked in the sandbox, found by `manage.py explain` and by the page's region."""

import io
import json
import zipfile
from html import unescape
from typing import Any

import pytest
from django.test import Client

from console import secrets, tencent
from console.kube import Kube, path
from console.models import Activity, Cluster
from services import facts
from services.models import Binding
from tests.services.binding.driver import create, drive, pods, service
from tests.services.diagnosis.world import SHOP, explained, index, run, shown, told
from tests.wait import until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.sandbox]

PROBE = {"httpGet": {"path": "/", "port": 8080}, "periodSeconds": 1, "failureThreshold": 1}
CAUSES: list[tuple[str, dict[str, Any], str]] = [
    ("Unschedulable", {"nodeSelector": {"disk": "gold"}}, "node affinity/selector"),
    (
        "Unschedulable",
        {"container": {"resources": {"requests": {"cpu": "900"}}}},
        "Insufficient cpu",
    ),
    ("ImagePull", {"container": {"image": "shop/web:missing"}}, "not found"),
    ("CrashLoop", {"annotations": {"crash-after": "0", "exit-code": "3"}}, "code 3 (Error)"),
    (
        "ReadinessProbe",
        {"container": {"readinessProbe": PROBE}, "annotations": {"fail-health": "true"}},
        "statuscode: 503",
    ),
]


def test_what_ails_a_pod_is_explained_and_on_its_page(
    cluster: Cluster, kube: Kube, client: Client
) -> None:
    """All at once in one world: none of them has anything to do with another."""
    taken = until(lambda: next((p.status.pod_ip for p in pods(kube) if p.status.pod_ip), ""))
    causes = [*CAUSES, ("NoIP", {"annotations": {"ip": taken}}, "in use by another Pod")]
    for number, (_, spec, _) in enumerate(causes):
        run(kube, f"sick-{number}", **spec)
    for number, (code, _, words) in enumerate(causes):
        found = until(told(f"pod shop/sick-{number}", code))
        assert words in found["sentence"]
        assert found["next_step"]
        assert found["evidence"]
    index(cluster, kube)
    for number, (code, _, words) in enumerate(causes):
        html = shown(client, f"pods/shop/sick-{number}/", code)
        assert words in unescape(html)


def test_a_node_that_is_silent_is_found_behind_its_pods(
    cluster: Cluster, kube: Kube, client: Client
) -> None:
    pod = pods(kube, "reviews")[0]
    note = {"metadata": {"annotations": {"sandbox.podgate.dev/node": "off"}}}
    kube.patch(path("Node", "", pod.spec.node_name), note, kind="merge")
    name = pod.metadata.name
    found = until(told(f"pod shop/{name}", "NodeNotReady"))
    assert "Kubelet stopped posting node status." in found["sentence"]
    index(cluster, kube)
    shown(client, f"pods/shop/{name}/", "NodeNotReady")


def test_a_budget_in_the_way_of_a_drain_is_found(
    cluster: Cluster, kube: Kube, client: Client
) -> None:
    budget = {
        "metadata": {"name": "reviews"},
        "spec": {"minAvailable": 2, "selector": {"matchLabels": {"app": "reviews"}}},
    }
    kube.create("/apis/policy/v1/namespaces/shop/poddisruptionbudgets", budget)
    where = "/apis/policy/v1/namespaces/shop/poddisruptionbudgets/reviews"
    until(lambda: kube.get(where).get("status", {}).get("currentHealthy") == 2)
    pod = pods(kube, "reviews")[0]
    cordon = {"spec": {"unschedulable": True}}
    kube.patch(path("Node", "", pod.spec.node_name), cordon, kind="merge")
    found = until(told("deployment shop/reviews", "PodDisruptionBudget"))
    assert "needs 2 healthy Pods and has 2" in found["sentence"]
    index(cluster, kube)
    shown(client, "workloads/deployment/shop/reviews/", "PodDisruptionBudget")
    shown(client, f"pods/shop/{pod.metadata.name}/", "PodDisruptionBudget")


def test_a_gated_pod_without_a_service_is_explained(
    cluster: Cluster, kube: Kube, client: Client
) -> None:
    until(lambda: len(pods(kube)) == 3)
    index(cluster, kube)
    name = pods(kube)[0].metadata.name
    until(told(f"pod shop/{name}", "NoService"))
    shown(client, f"pods/shop/{name}/", "NoService")
    found = until(told("deployment shop/storefront", "NoService"))
    assert found["sentence"].startswith("3 Pods: ")
    shown(client, "workloads/deployment/shop/storefront/", "NoService")


def test_paused_and_stuck_rollouts_are_explained(
    cluster: Cluster, kube: Kube, client: Client
) -> None:
    where = path("Deployment", "shop", "reviews")
    kube.patch(where, {"spec": {"paused": True}}, kind="merge")
    until(told("deployment shop/reviews", "Paused"))
    image = {"containers": [{"name": "reviews", "image": "shop/reviews:missing"}]}
    stuck = {"paused": False, "progressDeadlineSeconds": 2, "template": {"spec": image}}
    kube.patch(where, {"spec": stuck}, kind="strategic")
    until(told("deployment shop/reviews", "ProgressDeadlineExceeded"))
    until(told("deployment shop/reviews", "ImagePull"))
    assert told("deployment shop/reviews", "WaitingOnMaxUnavailable")()
    index(cluster, kube)
    shown(client, "workloads/deployment/shop/reviews/", "ProgressDeadlineExceeded")


@pytest.fixture
def bound(cluster: Cluster, kube: Kube) -> Binding:
    until(lambda: len(pods(kube)) == 3)
    binding = create(kube, cluster, service())
    index(cluster, kube)
    drive(binding, until=lambda: Binding.objects.get(pk=binding.pk).phase == "Ready")
    index(cluster, kube)
    return Binding.objects.get(pk=binding.pk)


def test_a_service_that_is_well_is_not_talked_about(
    bound: Binding, cluster: Cluster, kube: Kube, client: Client
) -> None:
    until(lambda: explained("service shop/bar") == _down())
    # Which is the binder that is down: it is found by both, and said by whom it was not seen.
    assert any("worker" in one["sentence"] and "seen" in one["sentence"] for one in _down())
    assert "worker" in shown(client, "services/shop/bar/", "BinderDown")
    assert explained("pod shop/" + pods(kube)[0].metadata.name) == []


def _down() -> list[dict[str, Any]]:
    """No process of podgate runs beside tests, and that is all that is said."""
    return [one for one in explained("service shop/bar") if one["code"] == "BinderDown"]


def test_a_closed_security_group_explains_its_dead_targets(
    bound: Binding, cluster: Cluster, kube: Kube, client: Client
) -> None:
    close = {"Protocol": "TCP", "Port": "8080", "CidrBlock": "0.0.0.0/0", "Action": "DROP"}
    tencent.call(
        cluster.account,
        "vpc",
        "CreateSecurityGroupPolicies",
        {
            "SecurityGroupId": "sg-nodes001",
            "SecurityGroupPolicySet": {"Ingress": [{"PolicyIndex": 0, **close}]},
        },
    )
    drive(bound, until=lambda: bound.registrations.filter(health="Dead").count() == 3)
    index(cluster, kube)
    found = until(told("service shop/bar", "SecurityGroup"))
    assert "8080" in found["sentence"]
    assert found["remedy"]["name"] == "open-security-group"
    name = pods(kube)[0].metadata.name

    def said() -> list[str]:
        found = [one["code"] for one in explained(f"pod shop/{name}")]
        return [code for code in found if code != "BinderDown"]

    # What is read of the groups may come late.
    until(lambda: "SecurityGroup" in said())
    assert said() == ["SecurityGroup", "DeadLater"]
    facts.forget()
    assert client.get(f"{SHOP}/services/shop/bar/").status_code == 200
    html = shown(client, "services/shop/bar/", "SecurityGroup")
    assert "remedies/open-security-group/" in html


def test_a_clb_changed_by_hand_is_told_until_it_is_put_back(
    bound: Binding, cluster: Cluster, client: Client
) -> None:
    row = bound.registrations.first()
    assert row is not None
    changed = {
        "LoadBalancerId": bound.lb_id,
        "ListenerId": row.listener_id,
        "Targets": [{"EniIp": row.ip, "Port": row.port, "Weight": 3}],
        "Weight": 3,
    }
    tencent.call(cluster.account, "clb", "ModifyTargetWeight", changed)
    found = until(told("service shop/bar", "ClbChanged"))
    assert f"the weight of {row.ip}:{row.port} on TCP:8080 is 3" in found["sentence"]
    shown(client, "services/shop/bar/", "ClbChanged")
    drive(bound, until=lambda: not told("service shop/bar", "ClbChanged")())


def test_a_clb_that_was_deleted_is_told_though_another_one_is_there(
    bound: Binding, cluster: Cluster, client: Client
) -> None:
    gone = bound.lb_id
    tencent.call(cluster.account, "clb", "DeleteLoadBalancer", {"LoadBalancerIds": [gone]})

    def replaced() -> bool:
        row = Binding.objects.get(pk=bound.pk)
        return row.phase == "Ready" and row.lb_id not in {"", gone}

    drive(bound, until=replaced)
    found = told("service shop/bar", "ClbGone")()
    assert "was deleted outside podgate" in found["sentence"]
    shown(client, "services/shop/bar/", "ClbGone")


def test_a_bundle_holds_everything_and_no_secret(
    bound: Binding, cluster: Cluster, kube: Kube, client: Client
) -> None:
    env = [{"name": "DB_PASSWORD", "value": "tulip-7"}]
    run(kube, "sick", container={"image": "shop/web:missing", "env": env})
    until(told("pod shop/sick", "ImagePull"))
    answer = client.get(f"{SHOP}/evidence/pod/shop/sick/")
    assert answer["Content-Type"] == "application/zip"
    assert "attachment" in answer["Content-Disposition"]
    parts = _unpacked(answer.content)
    assert {"README.txt", "diagnosis.txt", "events.json", "timeline.json"} <= set(parts)
    assert "ImagePull" in parts["diagnosis.txt"]
    assert "Failed" in parts["events.json"]
    everything = "".join(parts.values())
    assert "tulip-7" not in everything
    assert "DB_PASSWORD" in parts["manifests/pod-shop-sick.yaml"]
    row = Activity.objects.get(verb="bundle")
    assert (row.kind, row.name, row.username) == ("Pod", "sick", "carol")

    parts = _unpacked(client.get(f"{SHOP}/evidence/service/shop/bar/").content)
    steps = json.loads(parts["services/shop-bar/steps.json"])
    assert {"BatchRegisterTargets"} <= {step["api_call"] for step in steps}
    assert all(step["request_id"] for step in steps if step["api_call"].startswith("Batch"))
    clb = json.loads(parts["services/shop-bar/clb.json"])
    assert [one["said"] for one in clb["health"]] == ["Alive"] * 3
    everything = "".join(parts.values())
    for secret in _secrets(cluster):
        assert secret not in everything


def _secrets(cluster: Cluster) -> list[str]:
    account = cluster.account
    held = [cluster.credentials, account.secret_id, account.secret_key]
    plain = [secrets.decrypt(one) for one in held if one.startswith("gAAAA")]
    return [one for one in [*held, *plain] if len(one) > 6]


def _unpacked(content: bytes) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}
