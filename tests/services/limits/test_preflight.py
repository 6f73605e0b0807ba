"""`manage.py preflight`: the demo clusters, manifests, exit codes."""

import json
from contextlib import suppress
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from console.models import Account, Cluster
from services import facts
from services.limits import Mode, readiness
from tests.services.limits.live import registered, running
from tests.services.test_pages import put_binding
from tests.world import World

pytestmark = [pytest.mark.django_db, pytest.mark.sandbox]


def preflight(*arguments: str) -> tuple[int, dict[str, Any]]:
    out, code = StringIO(), 0
    try:
        call_command("preflight", *arguments, "--json", stdout=out)
    except CommandError as error:
        code = error.returncode
    return code, json.loads(out.getvalue())


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    path = tmp_path / "service.yaml"
    path.write_text(
        """
apiVersion: v1
kind: Service
metadata: {name: bar, namespace: shop, annotations: {podgate.dev/claim: clb}}
spec:
  type: ClusterIP
  selector: {app: storefront}
  ports: [{port: 80, targetPort: 8080}]
"""
    )
    return path


def test_preflight_judges_the_four_demo_clusters_as_the_page_does(
    sandbox: World, account: Account
) -> None:
    for cluster_id, code in (
        ("cls-vpccni01", 0),
        ("cls-router01", 1),
        ("cls-cilium01", 1),
        ("cls-oldk8s01", 1),
    ):
        cluster = registered(sandbox, cluster_id)
        got, answer = preflight(cluster_id)
        assert got == code, answer
        facts.forget()
        cluster.kubernetes_version = facts.inside.live_version(cluster)
        shown = facts.of_cluster(cluster, seconds=facts.LIVE_SECONDS)
        for mode in Mode:
            on_page = {problem.code for problem in readiness(shown, mode).problems}
            printed = {problem["code"] for problem in answer["modes"][mode]["problems"]}
            assert on_page == printed


def test_preflight_of_a_manifest(
    sandbox: World, vpccni: Cluster, manifest: Path, router: Cluster
) -> None:
    running(vpccni)
    code, answer = preflight("cls-vpccni01", "-f", str(manifest))
    assert (code, answer["service"], answer["problems"]) == (0, "shop/bar", [])
    code, answer = preflight("cls-router01", "-f", str(manifest))
    assert code == 1, answer
    assert any(one["severity"] == "blocks" and one["evidence"] for one in answer["problems"])


def test_preflight_of_a_service_that_is_bound_asks_for_no_second_load_balancer(
    sandbox: World, vpccni: Cluster, manifest: Path
) -> None:
    running(vpccni)
    sandbox.control("tencent", "POST", "quota", {"TOTAL_OPEN_CLB_QUOTA": 0})
    code, answer = preflight("cls-vpccni01", "-f", str(manifest))
    assert (code, [one["code"] for one in answer["problems"]]) == (1, ["BalancerQuota"])
    lb = sandbox.control("tencent", "POST", "lb", {"vpc": "vpc-vpccni01"})["id"]
    put_binding(vpccni, lb_id=lb)
    code, answer = preflight("cls-vpccni01", "-f", str(manifest))
    assert (code, answer["problems"]) == (0, [])


def test_preflight_refuses_the_annotations_that_the_binding_would_refuse(
    vpccni: Cluster, manifest: Path
) -> None:
    share = "service.kubernetes.io/tke-existed-lbid: lb-1"
    manifest.write_text(
        manifest.read_text().replace("podgate.dev/claim: clb", f"podgate.dev/claim: clb, {share}")
    )
    code, answer = preflight("cls-vpccni01", "-f", str(manifest))
    assert code == 1
    assert answer["problems"][0]["code"] == "UnsupportedAnnotation"
    assert "tke-existed-lbid" in answer["problems"][0]["message"]


def test_preflight_for_people_says_what_to_do(router: Cluster) -> None:
    out = StringIO()
    with suppress(CommandError):
        call_command("preflight", "cls-router01", stdout=out)
    assert "GlobalRouter: blocked" in out.getvalue()
    assert "seen: vpc DescribeCcn" in out.getvalue()


def test_preflight_names_what_it_cannot_read(vpccni: Cluster, tmp_path: Path) -> None:
    with pytest.raises(CommandError) as caught:
        call_command("preflight", "cls-nowhere")
    assert caught.value.returncode == 2
    (tmp_path / "x.yaml").write_text("kind: Deployment")
    with pytest.raises(CommandError, match="0 Services in it") as caught:
        call_command("preflight", "cls-vpccni01", "-f", str(tmp_path / "x.yaml"))
    assert caught.value.returncode == 2
