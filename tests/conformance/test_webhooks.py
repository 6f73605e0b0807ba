"""Webhooks, gates and rollouts, as any API server has them.

The webhook runs in the test. Against a real cluster its API server must be able to reach this
host: PODGATE_CONFORMANCE_HOST is the address it does so by; without it those tests are skipped.
Rollouts need a node that runs Pods: PODGATE_CONFORMANCE_IMAGE is an image that stays up there.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.conformance.api import Api, Document
from tests.conformance.place import Place, pod
from tests.wait import until
from tests.webhook import Answerer, Authority, Webhook, allowed, annotating, patched, serving

PATH = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations"
DEPLOYMENTS = "apps/v1/deployments"
GATE = "podgate.dev/clb-ready"
IS_REAL = bool(os.environ.get("PODGATE_CONFORMANCE_KUBECONFIG"))
HOST = os.environ.get("PODGATE_CONFORMANCE_HOST", "" if IS_REAL else "127.0.0.1")
IMAGE = os.environ.get("PODGATE_CONFORMANCE_IMAGE", "registry.k8s.io/pause:3.9")


@dataclass
class Hooks:
    """Webhooks at this host, asked about one namespace's Pods."""

    place: Place
    webhook: Webhook
    bundle: str
    registered: list[str] = field(default_factory=list)

    def register(self, name: str, *paths: str, **details: Any) -> None:
        """One configuration with a webhook for every path, in this order."""
        name = f"{self.place.namespace}-{name}"
        entries = [self._entry(path, details) for path in paths]
        body = {"metadata": {"name": name}, "webhooks": entries}
        made = self.place.api.create(PATH, body)
        assert made.code == 201, made.body
        self.registered.append(name)

    def _entry(self, path: str, details: Document) -> Document:
        own = {"kubernetes.io/metadata.name": self.place.namespace}
        rule = {"operations": ["CREATE"], "apiGroups": [""], "apiVersions": ["v1"],
                "resources": ["pods"]}  # fmt: skip
        return {
            "name": f"{path.strip('/')}.podgate.dev",
            "clientConfig": {"url": self.webhook.url + path, "caBundle": self.bundle},
            "rules": [rule],
            "sideEffects": "None",
            "admissionReviewVersions": ["v1"],
            "failurePolicy": "Fail",
            "timeoutSeconds": 5,
            "namespaceSelector": {"matchLabels": own},
            **details,
        }

    def settled(self, tried: Callable[[Document], bool]) -> Document:
        """A Pod's dry run, once every API server has heard of what was registered."""

        def look() -> Document | None:
            answer = self.place.make("pods", pod(), dryRun="All")
            return answer.body if answer.code == 201 and tried(answer.body) else None

        found = until(look, every=0.3)
        assert found is not None
        return found


@pytest.fixture
def hooks(place: Place, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hooks]:
    if not HOST:
        pytest.skip("PODGATE_CONFORMANCE_HOST: where does the API server reach this host?")
    authority = Authority()
    pair = authority.issue(tmp_path_factory.mktemp("webhook"), HOST)
    with ExitStack() as stack:
        listen = HOST if HOST.startswith("127.") else "0.0.0.0"
        webhook = stack.enter_context(serving(pair, host=listen))
        webhook.host = HOST
        hooks = Hooks(place, webhook, authority.bundle)
        try:
            yield hooks
        finally:
            for name in hooks.registered:
                place.api.delete(f"{PATH}/{name}")


def _appending(letter: str) -> Answerer:
    def answerer(review: Document) -> Document:
        had = review["request"]["object"]["metadata"].get("annotations") or {}
        value = {**had, "order": had.get("order", "") + letter}
        return patched(review, {"op": "add", "path": "/metadata/annotations", "value": value})

    return answerer


def _order(made: Document) -> str:
    return str(made["metadata"].get("annotations", {}).get("order", ""))


def test_webhooks_are_called_in_the_order_of_their_configurations_names(hooks: Hooks) -> None:
    for letter in "abc":
        hooks.webhook.on(f"/{letter}", _appending(letter))
    hooks.register("2", "/a")
    hooks.register("1", "/c", "/b")
    made = hooks.settled(lambda made: len(_order(made)) == 3)
    assert _order(made) == "cba"


def _labels(made: Document) -> set[str]:
    return set(made["metadata"].get("annotations", {}))


def test_a_namespace_selector_is_honoured(hooks: Hooks) -> None:
    for name in ("in", "out", "all"):
        hooks.webhook.on(f"/{name}", annotating(name))
    key, own = "kubernetes.io/metadata.name", hooks.place.namespace
    here = {"key": key, "operator": "In", "values": [own, "another"]}
    elsewhere = {"key": key, "operator": "NotIn", "values": [own]}
    hooks.register("1", "/in", namespaceSelector={"matchExpressions": [here]})
    only_marked = {"matchLabels": {"conformance": "marked"}}
    hooks.register("2", "/out", namespaceSelector={"matchExpressions": [elsewhere]},
                   objectSelector=only_marked)  # fmt: skip
    hooks.register("3", "/all")
    made = hooks.settled(lambda made: {"in", "all"} <= _labels(made))
    assert _labels(made) == {"in", "all"}


def test_a_namespaces_labels_count_as_they_are_now(hooks: Hooks) -> None:
    hooks.webhook.on("/seen", annotating("seen"))
    hooks.register("1", "/seen", namespaceSelector={"matchLabels": {"gated": "yes"}})
    assert hooks.place.make("pods", pod(), dryRun="All").code == 201
    assert hooks.webhook.asked == []
    namespace = f"/api/v1/namespaces/{hooks.place.namespace}"
    hooks.place.api.patch(namespace, {"metadata": {"labels": {"gated": "yes"}}})
    hooks.settled(lambda made: "seen" in _labels(made))


def test_a_refusal_is_passed_on(hooks: Hooks) -> None:
    status = {"code": 403, "message": "not here"}
    hooks.webhook.on("/no", lambda review: allowed(review, allowed=False, status=status))
    hooks.register("1", "/no")
    denied = until(lambda: _denied(hooks.place), every=0.3)
    assert denied == 'admission webhook "no.podgate.dev" denied the request: not here'


def _denied(place: Place) -> str:
    answer = place.make("pods", pod(), dryRun="All")
    return answer.message if answer.code == 403 else ""


def test_a_wrong_uid_is_no_answer(hooks: Hooks) -> None:
    def answerer(review: Document) -> Document:
        answer = allowed(review)
        answer["response"]["uid"] = "another"
        return answer

    hooks.webhook.on("/uid", answerer)
    hooks.register("1", "/uid")
    said = until(lambda: _failed(hooks.place), every=0.3)
    assert 'failed calling webhook "uid.podgate.dev"' in said
    assert "expected response.uid=" in said


def _failed(place: Place) -> str:
    answer = place.make("pods", pod(), dryRun="All")
    return answer.message if answer.code == 500 else ""


# Gates and rollouts: the kubelet's and the controllers' side of it.


def _running_pod(*, gated: bool) -> Document:
    body = pod("web")
    body["spec"] = {"containers": [{"name": "web", "image": IMAGE}]}
    if gated:
        body["spec"]["readinessGates"] = [{"conditionType": GATE}]
    return body


def _condition(body: Document, kind: str) -> str | None:
    conditions = body.get("status", {}).get("conditions", [])
    return next((each["status"] for each in conditions if each["type"] == kind), None)


@pytest.fixture
def nodes(api: Api) -> int:
    """How many nodes run Pods; none: nothing to see."""
    items = api.get("/api/v1/nodes").body["items"]
    found = sum(_condition(node, "Ready") == "True" for node in items)
    if not found:
        pytest.skip("this cluster has no node that is ready to run Pods")
    return found


def _set_gate(place: Place, name: str, status: str) -> None:
    patch = {"status": {"conditions": [{"type": GATE, "status": status}]}}
    answer = place.api.patch(place.path("pods", name, "status"), patch, "strategic")
    assert answer.code == 200, answer.body


def test_a_pod_whose_gate_is_absent_or_false_is_not_ready(place: Place, nodes: int) -> None:
    place.made("pods", _running_pod(gated=True))
    path = place.path("pods", "web")

    def running() -> Document | None:
        found: Document = place.api.get(path).body
        is_settled = _condition(found, "Ready") is not None
        return found if _condition(found, "ContainersReady") == "True" and is_settled else None

    seen = until(running)
    assert seen is not None
    assert (_condition(seen, GATE), _condition(seen, "Ready")) == (None, "False")
    _set_gate(place, "web", "False")
    _stays(lambda: _condition(place.api.get(path).body, "Ready") == "False")
    _set_gate(place, "web", "True")
    until(lambda: _condition(place.api.get(path).body, "Ready") == "True")


def _stays(holds: Callable[[], bool], *, looks: int = 10) -> None:
    """True at every one of several looks in a row."""
    seen: list[bool] = []

    def look() -> bool:
        seen.append(holds())
        return len(seen) == looks or not seen[-1]

    until(look, every=0.2)
    assert all(seen)


def _rolling() -> Document:
    labels = {"app": "web"}
    template = {"metadata": {"labels": labels}, "spec": _running_pod(gated=False)["spec"]}
    return {
        "metadata": {"name": "web"},
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": labels},
            "strategy": {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
            "template": template,
        },
    }


def _pods(place: Place) -> list[Document]:
    items: list[Document] = place.api.get(place.path("pods")).body["items"]
    return [each for each in items if "deletionTimestamp" not in each["metadata"]]


def _gates(pods: list[Document]) -> list[Document]:
    return [each for each in pods if each["spec"].get("readinessGates")]


def test_a_rollout_does_not_proceed_past_an_unset_gate(place: Place, nodes: int) -> None:
    place.made(DEPLOYMENTS, _rolling())
    path = place.path(DEPLOYMENTS, "web")

    def is_available() -> bool:
        status = place.api.get(path).body.get("status", {})
        return bool(status.get("availableReplicas") == 2)

    until(is_available)
    gates = {"spec": {"template": {"spec": {"readinessGates": [{"conditionType": GATE}]}}}}
    assert place.api.patch(path, gates).code == 200

    def waiting() -> Document | None:
        found = _gates(_pods(place))
        return found[0] if found and _condition(found[0], "ContainersReady") == "True" else None

    until(waiting)
    # One new Pod beside both old ones, and it stays so: maxUnavailable is 0.
    _stays(lambda: (len(_pods(place)), len(_gates(_pods(place)))) == (3, 1))

    def finished() -> bool:
        for each in _gates(_pods(place)):
            if _condition(each, GATE) != "True":
                _set_gate(place, each["metadata"]["name"], "True")
        status = place.api.get(path).body["status"]
        return bool(
            status.get("updatedReplicas") == status.get("availableReplicas") == 2
            and status.get("replicas") == 2
        )

    until(finished, every=0.3)
