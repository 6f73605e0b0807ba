"""Pods of controllers pass webhooks too; a refusal is an Event of the workload, tried again."""

import threading
from typing import Any

from tests.conformance.api import Document
from tests.conformance.place import Place, deployment
from tests.sandbox.kubernetes.hooks import Gate
from tests.wait import PATIENCE, until
from tests.webhook import allowed, patched

DEPLOYMENTS, STATEFULSETS = "apps/v1/deployments", "apps/v1/statefulsets"
GATE = "podgate.dev/clb-ready"


def _gating(review: Document) -> Document:
    gates = [{"conditionType": GATE}]
    return patched(review, {"op": "add", "path": "/spec/readinessGates", "value": gates})


def _refusing(review: Document) -> Document:
    return allowed(review, allowed=False, status={"message": "not now"})


def _pods(place: Place) -> list[Document]:
    items: list[Document] = place.api.get(place.path("pods")).body["items"]
    return items


def _event(place: Place, reason: str, kind: str) -> Document | None:
    events = place.api.get(place.path("events")).body["items"]
    found = (e for e in events if (e["reason"], e["involvedObject"]["kind"]) == (reason, kind))
    return next(found, None)


def test_the_pods_of_a_deployment_are_mutated(gate: Gate) -> None:
    gate.ask(_gating)
    gate.place.made(DEPLOYMENTS, deployment(replicas=3))
    pods = until(lambda: found if len(found := _pods(gate.place)) == 3 else None)
    assert pods is not None
    assert all(pod["spec"]["readinessGates"] == [{"conditionType": GATE}] for pod in pods)
    request = gate.webhook.asked[0]["request"]
    assert request["userInfo"]["username"] == (
        "system:serviceaccount:kube-system:replicaset-controller"
    )
    assert request["object"]["metadata"]["generateName"].startswith("web-")
    assert "name" not in request


def test_a_refused_pod_is_an_event_of_its_replicaset_and_is_tried_again(gate: Gate) -> None:
    gate.ask(_refusing)
    gate.place.made(DEPLOYMENTS, deployment(replicas=2))
    event = until(lambda: _event(gate.place, "FailedCreate", "ReplicaSet"))
    assert event is not None
    said = 'Error creating: admission webhook "one.podgate.dev" denied the request: not now'
    assert (event["type"], event["message"]) == ("Warning", said)
    assert _pods(gate.place) == []
    gate.webhook.on("/", allowed)
    until(lambda: len(_pods(gate.place)) == 2)


def test_a_refusal_shows_as_replica_failure(gate: Gate) -> None:
    gate.ask(_refusing)
    gate.place.made(DEPLOYMENTS, deployment(replicas=1))
    path = gate.place.path(DEPLOYMENTS, "web")

    def failure() -> Document | None:
        conditions = gate.place.api.get(path).body.get("status", {}).get("conditions", [])
        return next((each for each in conditions if each["type"] == "ReplicaFailure"), None)

    found = until(failure)
    assert found is not None
    assert (found["status"], found["reason"]) == ("True", "FailedCreate")
    assert found["message"].endswith("denied the request: not now")
    gate.webhook.on("/", allowed)
    until(lambda: failure() is None)


def test_a_refused_pod_of_a_statefulset_is_told_in_its_own_words(gate: Gate) -> None:
    gate.ask(_refusing)
    body = deployment(replicas=1, serviceName="web")
    gate.place.made(STATEFULSETS, body)
    event = until(lambda: _event(gate.place, "FailedCreate", "StatefulSet"))
    assert event is not None
    assert event["message"] == (
        "create Pod web-0 in StatefulSet web failed error: "
        'admission webhook "one.podgate.dev" denied the request: not now'
    )


def test_workloads_elsewhere_do_not_wait_for_a_hung_webhook(gate: Gate, api: Any) -> None:
    may_answer = threading.Event()

    def hanging(review: Document) -> Document:
        may_answer.wait(PATIENCE)
        return allowed(review)

    gate.ask(hanging, timeoutSeconds=30, failurePolicy="Fail")
    gate.place.made(DEPLOYMENTS, deployment(replicas=1))
    until(lambda: gate.webhook.asked)
    made = api.create("/api/v1/namespaces", {"metadata": {"generateName": "elsewhere-"}}).body
    elsewhere = Place(api, made["metadata"]["name"])
    elsewhere.made(DEPLOYMENTS, deployment(replicas=1))
    until(lambda: _pods(elsewhere))
    assert _pods(gate.place) == []
    api.delete(f"/api/v1/namespaces/{elsewhere.namespace}")
    may_answer.set()
    until(lambda: len(_pods(gate.place)) == 1)
