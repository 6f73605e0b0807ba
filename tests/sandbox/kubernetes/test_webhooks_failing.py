"""What goes wrong between API server and webhook: Fail tells it, Ignore goes on."""

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.kubernetes.admission import Attributes, Caller, calling
from sandbox.kubernetes.admission.matching import Hook
from sandbox.kubernetes.auth import ADMIN
from sandbox.kubernetes.errors import BadRequest
from sandbox.kubernetes.kinds import KINDS
from sandbox.kubernetes.store import Store
from tests.conformance.api import Document
from tests.sandbox.kubernetes.hooks import FAILED, Gate
from tests.wait import PATIENCE
from tests.webhook import Raw, allowed, patched, serving

type Answer = Callable[[Document], Document]


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


@pytest.fixture
def hanging() -> Iterator[Answer]:
    """A webhook that says nothing until the test is over."""
    is_over = threading.Event()

    def answer(review: Document) -> Document:
        is_over.wait(PATIENCE)
        return allowed(review)

    yield answer
    is_over.set()


def test_a_webhook_that_takes_too_long_is_waited_for_as_told(gate: Gate, hanging: Answer) -> None:
    gate.ask(hanging, timeoutSeconds=1)
    began = time.monotonic()
    answer = gate.make()
    assert time.monotonic() - began >= 1
    url = f"{gate.webhook.url}/?timeout=1s"
    said = f'failed to call webhook: Post "{url}": context deadline exceeded'
    assert answer.message == FAILED + said


def test_only_the_creations_a_hung_webhook_is_asked_about_wait(gate: Gate, hanging: Answer) -> None:
    gate.ask(hanging, timeoutSeconds=30, objectSelector={"matchLabels": {"app": "slow"}})
    assert gate.make("web").code == 201
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


def test_a_name_nobody_listens_at_is_told_too(gate: Gate, closed_port: int) -> None:
    client = gate.client(url=f"https://localhost:{closed_port}/")
    gate.register("one", gate.entry("one.podgate.dev", client))
    assert gate.make().message.endswith("connect: connection refused")


def test_a_name_that_is_not_there_is_told(gate: Gate) -> None:
    client = gate.client(url="https://nowhere.invalid/")
    gate.register("one", gate.entry("one.podgate.dev", client))
    assert gate.make().message.endswith("dial tcp: lookup nowhere.invalid: no such host")


def test_a_webhook_that_wants_a_client_certificate_gets_none(gate: Gate, tmp_path: Path) -> None:
    """Managed control planes give no access to --admission-control-config-file."""
    pair = gate.authority.issue(tmp_path, "127.0.0.1")
    with serving(pair, asks_who=True) as webhook:
        client = gate.client(url=webhook.url)
        gate.register("one", gate.entry("one.podgate.dev", client))
        answer = gate.make()
    assert answer.message.startswith(FAILED + "failed to call webhook: Post")
    assert webhook.asked == []


def test_webhooks_with_side_effects_are_not_asked_in_a_dry_run() -> None:
    """v1 lets nobody register one; a server may hold some from v1beta1."""
    hook = Hook("old", 0, {"name": "old.podgate.dev", "sideEffects": "Some"})
    caller = Caller(ADMIN, dry_run=True)
    asked = Attributes("CREATE", KINDS["Pod"], {"metadata": {}}, None, caller)
    with pytest.raises(BadRequest) as refusal:
        asyncio.run(calling.call(Store("cls"), hook, asked, asked.kind))
    said = 'admission webhook "old.podgate.dev" does not support dry run'
    assert refusal.value.message == said


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
