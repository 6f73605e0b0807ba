"""kubectl as people use it, against the sandbox; older ones too if PODGATE_KUBECTLS names them."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.wait import PATIENCE, until
from tests.world import World

GATES = "[{conditionType: podgate.dev/clb-ready}]"
DEMO = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - {name: web, image: "nginx:1.25", ports: [{containerPort: 8080, name: http}]}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  type: LoadBalancer
  loadBalancerClass: podgate.dev/clb
  allocateLoadBalancerNodePorts: false
  selector: {app: web}
  ports: [{name: http, port: 80, targetPort: http}]
"""


BUDGET = """
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web}
spec: {minAvailable: 1, selector: {matchLabels: {app: web}}}
"""


def _binaries() -> list[str]:
    named = [each for each in os.environ.get("PODGATE_KUBECTLS", "").split(os.pathsep) if each]
    found = shutil.which("kubectl")
    return ([found] if found else []) + named


if not _binaries():
    if os.environ.get("CI") == "true":
        raise RuntimeError("kubectl is missing: apt-get install kubernetes-client")
    pytest.skip("kubectl is not installed", allow_module_level=True)


@dataclass(frozen=True)
class Kubectl:
    binary: str
    kubeconfig: str
    namespace: str
    home: Path

    @property
    def environment(self) -> dict[str, str]:
        return {"KUBECONFIG": self.kubeconfig, "HOME": str(self.home), "PATH": os.environ["PATH"]}

    def started(self, *arguments: str) -> subprocess.Popen[str]:
        command = [self.binary, "--namespace", self.namespace, *arguments]
        return subprocess.Popen(
            command, env=self.environment, stdout=subprocess.PIPE, text=True, bufsize=1
        )

    def run(self, *arguments: str, given: str | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.binary, "--namespace", self.namespace, *arguments],
            env=self.environment,
            input=given,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    def __call__(self, *arguments: str, given: str | None = None) -> str:
        done = self.run(*arguments, given=given)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def refusal(self, *arguments: str, given: str | None = None) -> str:
        done = self.run(*arguments, given=given)
        assert done.returncode != 0, done.stdout
        return done.stderr


@pytest.fixture(params=_binaries())
def kubectl(request: pytest.FixtureRequest, world: World, tmp_path: Path) -> Iterator[Kubectl]:
    world.heal()
    namespace = f"kubectl-{os.urandom(3).hex()}"
    made = Kubectl(request.param, world.cluster()["kubeconfig"], namespace, tmp_path)
    made("create", "namespace", namespace)
    yield made
    made("delete", "namespace", namespace, "--wait=false")


def test_applying_twice_says_unchanged(kubectl: Kubectl) -> None:
    first = kubectl("apply", "-f", "-", given=DEMO)
    assert first.splitlines() == ["deployment.apps/web created", "service/web created"]
    again = kubectl("apply", "-f", "-", given=DEMO)
    assert again.splitlines() == ["deployment.apps/web unchanged", "service/web unchanged"]


def test_applying_a_change_removes_what_is_no_longer_there(kubectl: Kubectl) -> None:
    two = DEMO.replace("targetPort: http}]", "targetPort: http}, {name: b, port: 81}]")
    kubectl("apply", "-f", "-", given=two)
    kubectl("apply", "-f", "-", given=DEMO)
    ports = kubectl("get", "service", "web", "-o", "jsonpath={.spec.ports[*].port}")
    assert ports == "80"


def test_a_typing_error_is_found_before_anything_is_written(kubectl: Kubectl) -> None:
    said = kubectl.refusal(
        "apply", "-f", "-", given=DEMO.replace("selector: {app", "selectr: {app")
    )
    assert "selectr" in said


def test_a_bad_service_is_refused_field_by_field(kubectl: Kubectl) -> None:
    bad = DEMO.replace("port: 80,", "port: 70000,").replace("type: LoadBalancer", "type: ClusterIP")
    said = kubectl.refusal("apply", "-f", "-", given=bad)
    assert 'The Service "web" is invalid' in said
    assert "spec.ports[0].port: Invalid value: 70000" in said
    assert "spec.loadBalancerClass: Forbidden: may only be used when" in said


def test_server_side_apply_reports_conflicts_and_can_be_forced(kubectl: Kubectl) -> None:
    kubectl("apply", "--server-side", "-f", "-", given=DEMO)
    kubectl("scale", "deployment/web", "--replicas=1")
    said = kubectl.refusal("apply", "--server-side", "-f", "-", given=DEMO)
    assert ".spec.replicas" in said
    kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", given=DEMO)
    assert kubectl("get", "deployment", "web", "-o", "jsonpath={.spec.replicas}") == "2"


def test_a_rollout_is_followed_undone_and_waited_for(kubectl: Kubectl) -> None:
    kubectl("apply", "-f", "-", given=DEMO)
    assert "successfully rolled out" in kubectl("rollout", "status", "deployment/web")
    kubectl("set", "image", "deployment/web", "web=nginx:1.26")
    kubectl("rollout", "status", "deployment/web")
    assert "rolled back" in kubectl("rollout", "undo", "deployment/web")
    kubectl("rollout", "status", "deployment/web")
    kubectl("wait", "--for=condition=Available", "deployment/web", "--timeout=170s")
    image = "jsonpath={.spec.template.spec.containers[0].image}"
    assert kubectl("get", "deployment", "web", "-o", image) == "nginx:1.25"


def test_pods_are_printed_with_their_gates(kubectl: Kubectl) -> None:
    gated = DEMO.replace(
        "    spec:\n      containers",
        f"    spec:\n      readinessGates: {GATES}\n      containers",
    )
    kubectl("apply", "-f", "-", given=gated)
    kubectl("wait", "--for=condition=ContainersReady", "pod", "-l", "app=web", "--timeout=170s")
    head, *rows = kubectl("get", "pods", "-o", "wide").splitlines()
    assert head.endswith("READINESS GATES")
    assert len(rows) == 2
    assert all(row.rstrip().endswith("0/1") for row in rows)


def test_objects_are_described(kubectl: Kubectl) -> None:
    kubectl("apply", "-f", "-", given=DEMO)
    kubectl("rollout", "status", "deployment/web")
    assert "nginx:1.25" in kubectl("describe", "deployment", "web")
    assert "Selector:" in kubectl("describe", "service", "web")
    assert "Conditions:" in kubectl("describe", "pods")
    assert "Addresses:" in kubectl("describe", "nodes")


@pytest.mark.parametrize(
    ("kind", "patch"),
    [
        ("strategic", '{"metadata": {"labels": {"tier": "front"}}}'),
        ("merge", '{"metadata": {"labels": {"tier": "front"}}}'),
        ("json", '[{"op": "add", "path": "/metadata/labels", "value": {"tier": "front"}}]'),
    ],
)
def test_patches_of_every_kind(kubectl: Kubectl, kind: str, patch: str) -> None:
    kubectl("apply", "-f", "-", given=DEMO)
    kubectl("patch", "service", "web", "--type", kind, "-p", patch)
    assert kubectl("get", "service", "-l", "tier=front", "-o", "name").strip() == "service/web"


def test_scaling_moves_the_pods(kubectl: Kubectl) -> None:
    kubectl("apply", "-f", "-", given=DEMO)
    kubectl("scale", "deployment/web", "--replicas=3")
    kubectl("rollout", "status", "deployment/web")
    assert len(kubectl("get", "pods", "-o", "name").splitlines()) == 3


def test_a_watch_prints_changes(kubectl: Kubectl) -> None:
    kubectl("create", "configmap", "settings", "--from-literal=a=1")
    with kubectl.started("get", "configmaps", "settings", "-w", "-o", "name") as watching:
        assert watching.stdout is not None
        assert watching.stdout.readline() == "configmap/settings\n"
        kubectl("label", "configmap", "settings", "seen=yes")
        assert watching.stdout.readline() == "configmap/settings\n"
        watching.kill()


def test_a_server_dry_run_changes_nothing(kubectl: Kubectl) -> None:
    said = kubectl("apply", "--dry-run=server", "-f", "-", given=DEMO)
    assert "created (server dry run)" in said
    assert "NotFound" in kubectl.refusal("get", "deployment", "web")


def test_deleting_waits_until_it_is_gone(kubectl: Kubectl) -> None:
    kubectl("apply", "-f", "-", given=DEMO)
    kubectl("delete", "deployment,service", "web")
    assert "NotFound" in kubectl.refusal("get", "deployment", "web")


def test_resources_are_listed_by_their_short_names(kubectl: Kubectl) -> None:
    listed = kubectl("api-resources")
    for word in ("deployments", "tkeserviceconfigs", "endpointslices", "svc"):
        assert word in listed


def test_can_i(kubectl: Kubectl, world: World) -> None:
    assert kubectl("auth", "can-i", "create", "deployments").strip() == "yes"
    reader = Kubectl(
        kubectl.binary, world.cluster()["readonly_kubeconfig"], kubectl.namespace, kubectl.home
    )
    assert reader.run("auth", "can-i", "create", "deployments").stdout.strip() == "no"
    assert "cannot delete resource" in reader.refusal("delete", "pods", "--all", "-n", "shop")


def test_a_custom_resource_is_applied(kubectl: Kubectl) -> None:
    config = """
apiVersion: cloud.tencent.com/v1alpha1
kind: TkeServiceConfig
metadata: {name: web-config}
spec:
  loadBalancer:
    l4Listeners:
    - {protocol: TCP, port: 80, healthCheck: {enable: true, intervalTime: 5, timeout: 2}}
"""
    assert "created" in kubectl("apply", "-f", "-", given=config)
    changed = config.replace("intervalTime: 5", "intervalTime: 10")
    assert "configured" in kubectl("apply", "-f", "-", given=changed)
    wrong = config.replace("intervalTime: 5", "intervalTime: 1")
    said = kubectl.refusal("apply", "-f", "-", given=wrong)
    assert "should be greater than or equal to 5" in said


def test_a_budget_is_shown_and_asked_before_an_eviction(kubectl: Kubectl) -> None:
    """`kubectl drain` posts to pods/eviction; a budget without spare Pods answers 429."""
    one = DEMO.replace("replicas: 2", "replicas: 1")
    kubectl("apply", "-f", "-", given=one)
    kubectl("wait", "--for=condition=Available", "deployment/web", "--timeout=170s")
    # Debian's kubectl 1.20 would create a policy/v1beta1 one, and cannot wait for a JSON path.
    kubectl("apply", "-f", "-", given=BUDGET)
    counted = ("get", "pdb", "web", "-o", "jsonpath={.status.currentHealthy}")
    until(lambda: kubectl(*counted) == "1", every=0.3)
    cells = kubectl("get", "pdb", "web", "--no-headers").split()
    assert cells[:4] == ["web", "1", "N/A", "0"]
    pod = kubectl("get", "pods", "-o", "jsonpath={.items[0].metadata.name}")
    eviction = f'{{"apiVersion":"policy/v1","kind":"Eviction","metadata":{{"name":"{pod}"}}}}'
    path = f"/api/v1/namespaces/{kubectl.namespace}/pods/{pod}/eviction"
    said = kubectl.refusal("create", "--raw", path, "-f", "-", given=eviction)
    assert "Cannot evict pod as it would violate the pod's disruption budget." in said
