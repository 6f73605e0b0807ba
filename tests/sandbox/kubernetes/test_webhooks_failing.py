"""What goes wrong between API server and webhook: Fail tells it, Ignore goes on."""

import base64
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.api import Document
from tests.conformance.place import service
from tests.sandbox.kubernetes.hooks import Gate
from tests.webhook import Authority, Raw, allowed, annotating, patched, serving

FAILED = 'Internal error occurred: failed calling webhook "one.podgate.dev": '


def _uid(review: Document) -> Document:
    answer = allowed(review)
    answer["response"]["uid"] = "someone-else"
    return answer


def _without(*path: str) -> Any:
    def answerer(review: Document) -> Document:
        answer = patched(review, {"op": "add", "path": "/metadata/labels/x", "value": "y"})
        inner = answer
        for step in path[:-1]:
            inner = inner[step]
        del inner[path[-1]]
        return answer

    return answerer


BAD_ANSWERS = {
    "wrong uid": (_uid, 'received invalid webhook response: expected response.uid="'),
    "no kind": (
        _without("kind"),
        "received invalid webhook response: expected webhook response of admission.k8s.io/v1, "
        "Kind=AdmissionReview, got admission.k8s.io/v1, Kind=",
    ),
    "another version": (
        lambda review: {**allowed(review), "apiVersion": "admission.k8s.io/v1beta1"},
        "received invalid webhook response: webhook response was absent",
    ),
    "another kind": (
        lambda review: {"apiVersion": "v1", "kind": "Pod"},
        'failed to call webhook: no kind "Pod" is registered for version "v1"',
    ),
    "no response": (
        _without("response"),
        "received invalid webhook response: webhook response was absent",
    ),
    "a patch without a type": (
        _without("response", "patchType"),
        "received invalid webhook response: webhook returned response.patch but not "
        "response.patchType",
    ),
    "a type without a patch": (
        _without("response", "patch"),
        "received invalid webhook response: webhook returned response.patchType but not "
        "response.patch",
    ),
    "a patch of an unknown type": (
        lambda review: patched(review, {"op": "test"}, patchType="MergePatch"),
        'unsupported patch type "MergePatch"',
    ),
    "garbage": (
        lambda review: Raw(body=b"<html>hello</html>"),
        "failed to call webhook: couldn't get version/kind; json parse error: "
        "invalid character '<' looking for beginning of value",
    ),
    "nothing": (lambda review: Raw(body=b""), "failed to call webhook: 0-length response"),
    "a wrong type": (
        lambda review: allowed(review, allowed="yes"),
        "failed to call webhook: json: cannot unmarshal",
    ),
    "an error 500": (
        lambda review: Raw(500, b"boom\n", "text/plain"),
        'failed to call webhook: an error on the server ("boom") has prevented the request from '
        "succeeding",
    ),
    "a 404": (
        lambda review: Raw(404, b"no", "text/plain"),
        "failed to call webhook: the server could not find the requested resource",
    ),
    "a closed connection": (lambda review: Raw(body=None), 'failed to call webhook: Post "'),
}


@pytest.mark.parametrize("bad", BAD_ANSWERS)
def test_an_answer_that_is_none_fails_the_request_where_the_policy_is_fail(
    gate: Gate, bad: str
) -> None:
    answerer, said = BAD_ANSWERS[bad]
    gate.ask(answerer)
    answer = gate.make()
    assert (answer.code, answer.reason) == (500, "InternalError")
    assert answer.message.startswith(FAILED + said)


@pytest.mark.parametrize("bad", ["wrong uid", "garbage", "an error 500", "a closed connection"])
def test_it_is_passed_over_where_the_policy_is_ignore(gate: Gate, bad: str) -> None:
    gate.ask(BAD_ANSWERS[bad][0], failurePolicy="Ignore")
    assert gate.make().code == 201


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "remove", "path": "/spec/nothing"},
        {"op": "test", "path": "/kind", "value": "Service"},
        {"op": "replace", "path": "/spec/containers", "value": "none"},
    ],
)
def test_a_patch_that_does_not_fit_is_an_error_even_where_failures_are_ignored(
    gate: Gate, operation: Document
) -> None:
    gate.ask(lambda review: patched(review, operation), failurePolicy="Ignore")
    answer = gate.make()
    assert (answer.code, answer.reason) == (500, "InternalError")
    assert "failed calling webhook" not in answer.message


def test_what_a_webhook_makes_of_a_pod_is_validated(gate: Gate) -> None:
    gates = [{"conditionType": "not a name"}]
    operation = {"op": "add", "path": "/spec/readinessGates", "value": gates}
    gate.ask(lambda review: patched(review, operation))
    answer = gate.make()
    assert (answer.code, answer.causes) == (422, ["spec.readinessGates[0].conditionType"])


def _hanging(review: Document) -> Document:
    time.sleep(3)
    return allowed(review)


def test_a_webhook_that_takes_too_long_is_waited_for_as_told(gate: Gate) -> None:
    gate.ask(_hanging, timeoutSeconds=1)
    began = time.monotonic()
    answer = gate.make()
    assert 1 <= time.monotonic() - began < 3
    url = f"{gate.webhook.url}/?timeout=1s"
    said = f'failed to call webhook: Post "{url}": context deadline exceeded'
    assert answer.message == FAILED + said


def test_only_the_creations_a_hung_webhook_is_asked_about_wait(gate: Gate) -> None:
    gate.ask(_hanging, timeoutSeconds=2, objectSelector={"matchLabels": {"app": "slow"}})
    began = time.monotonic()
    assert gate.make("web").code == 201
    assert time.monotonic() - began < 2
    assert gate.webhook.asked == []


@pytest.fixture
def closed_port() -> Iterator[int]:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


def test_a_refused_connection_is_told(gate: Gate, closed_port: int) -> None:
    url = f"https://127.0.0.1:{closed_port}/mutate"
    gate.register("one", gate.entry("one.podgate.dev", gate.client(url=url)))
    said = (
        f'failed to call webhook: Post "{url}?timeout=10s": dial tcp 127.0.0.1:{closed_port}: '
        "connect: connection refused"
    )
    assert gate.make().message == FAILED + said


def test_a_plain_http_server_is_told(gate: Gate) -> None:
    with serving(None) as plain:
        url = plain.url + "/"
        client = gate.client(url=url)
        gate.register("one", gate.entry("one.podgate.dev", client, timeoutSeconds=3))
        answer = gate.make()
    assert answer.code == 500
    assert answer.message.startswith(FAILED + "failed to call webhook: Post")


# Certificates: exactly the caBundle is believed, names are the SANs.


def _message(gate: Gate, pair: tuple[Path, Path], **client: Any) -> str:
    with serving(pair) as webhook:
        url = webhook.url.replace("127.0.0.1", client.pop("host", "127.0.0.1"))
        details = gate.client(url=url, **client)
        gate.register("one", gate.entry("one.podgate.dev", details))
        answer = gate.make()
    return answer.message if answer.code != 201 else ""


X509 = "tls: failed to verify certificate: x509: "


def test_a_certificate_of_another_authority_is_not_believed(gate: Gate, tmp_path: Path) -> None:
    said = _message(gate, Authority().issue(tmp_path, "127.0.0.1"))
    assert said.endswith(X509 + "certificate signed by unknown authority")


def test_a_certificate_for_another_address_is_not_believed(gate: Gate, tmp_path: Path) -> None:
    said = _message(gate, gate.authority.issue(tmp_path, "127.0.0.9"))
    assert said.endswith(X509 + "certificate is valid for 127.0.0.9, not 127.0.0.1")


def test_a_certificate_without_an_address_is_none_for_an_address(
    gate: Gate, tmp_path: Path
) -> None:
    said = _message(gate, gate.authority.issue(tmp_path, "webhook.example.com"))
    why = "cannot validate certificate for 127.0.0.1 because it doesn't contain any IP SANs"
    assert said.endswith(X509 + why)


def test_a_certificate_for_another_name_is_not_believed(gate: Gate, tmp_path: Path) -> None:
    pair = gate.authority.issue(tmp_path, "webhook.example.com")
    said = _message(gate, pair, host="localhost")
    assert said.endswith(X509 + "certificate is valid for webhook.example.com, not localhost")


def test_the_common_name_does_not_count(gate: Gate, tmp_path: Path) -> None:
    said = _message(gate, gate.authority.issue(tmp_path), host="localhost")
    why = "certificate relies on legacy Common Name field, use SANs instead"
    assert said.endswith(X509 + why)


def test_an_expired_certificate_is_told_with_its_dates(gate: Gate, tmp_path: Path) -> None:
    said = _message(gate, gate.authority.issue(tmp_path, "127.0.0.1", expired=True))
    assert X509 + "certificate has expired or is not yet valid: current time " in said
    assert " is after " in said


def test_a_bundle_may_hold_an_old_and_a_new_authority_of_one_name(
    gate: Gate, tmp_path: Path
) -> None:
    both = base64.b64encode(Authority().pem + gate.authority.pem).decode()
    assert _message(gate, gate.authority.issue(tmp_path, "127.0.0.1"), caBundle=both) == ""


def test_a_bundle_that_is_no_pem_is_stored_and_fails_the_calls(gate: Gate, tmp_path: Path) -> None:
    said = _message(gate, gate.authority.issue(tmp_path, "127.0.0.1"), caBundle="Ym9ndXM=")
    why = "unable to load root certificates: unable to parse bytes as PEM block"
    assert said == f"{FAILED}could not get REST client: {why}"


def test_without_a_bundle_the_machines_authorities_count(gate: Gate, tmp_path: Path) -> None:
    said = _message(gate, gate.authority.issue(tmp_path, "127.0.0.1"), caBundle="")
    assert said.endswith(X509 + "certificate signed by unknown authority")


# Services: the API server asks an endpoint behind it, under the Service's name.


def _service_client(gate: Gate, **details: Any) -> Document:
    reference = {"name": "hook", "namespace": gate.place.namespace, "path": "/mutate", **details}
    return {"service": reference, "caBundle": gate.authority.bundle}


def test_a_service_is_asked_under_its_name(gate: Gate, tmp_path: Path) -> None:
    namespace = gate.place.namespace
    pair = gate.authority.issue(tmp_path, f"hook.{namespace}.svc")
    with serving(pair) as webhook:
        webhook.on("/mutate", annotating("seen"))
        body = service("hook", ports=[{"port": 443, "targetPort": webhook.port}])
        del body["spec"]["selector"]
        gate.place.made("services", body)
        subset = {"addresses": [{"ip": "127.0.0.1"}], "ports": [{"port": webhook.port}]}
        gate.place.make("endpoints", {"metadata": {"name": "hook"}, "subsets": [subset]})
        gate.register("one", gate.entry("one.podgate.dev", _service_client(gate)))
        made = gate.make()
    assert made.body["metadata"]["annotations"] == {"seen": "yes"}, made.body
    assert webhook.paths == ["/mutate?timeout=10s"]


def test_a_service_that_is_not_there_is_told(gate: Gate) -> None:
    gate.register("one", gate.entry("one.podgate.dev", _service_client(gate)))
    url = f"https://hook.{gate.place.namespace}.svc:443/mutate?timeout=10s"
    said = f'failed to call webhook: Post "{url}": service "hook" not found'
    assert gate.make().message == FAILED + said


def test_a_service_without_endpoints_is_told(gate: Gate) -> None:
    gate.place.made("services", service("hook", ports=[{"port": 443}]))
    gate.register("one", gate.entry("one.podgate.dev", _service_client(gate)))
    assert gate.make().message.endswith(': no endpoints available for service "hook"')


@pytest.mark.parametrize(
    "patch",
    [
        {"op": "add", "path": "/metadata/namespace", "value": "default"},
        {"op": "add", "path": 7, "value": "x"},
        {"op": "copy", "path": "/metadata/labels/a"},
        {"op": "replace", "path": "/metadata", "value": None},
        {"op": "replace", "path": "", "value": []},
    ],
)
def test_a_patch_cannot_move_or_break_an_object(gate: Gate, patch: Document) -> None:
    gate.ask(lambda review: patched(review, patch))
    assert gate.make().code in (400, 500)
    assert gate.place.api.get("/api/v1/namespaces/default/pods/web").code == 404
    gate.webhook.on("/", allowed)
    assert gate.make().code == 201
