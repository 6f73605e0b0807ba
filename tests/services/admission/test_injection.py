"""Which Pods get the gate at their creation, and how the API server is told."""

import base64
import json
from typing import Any

import pytest

from services.admission import review
from services.admission.injection import INJECTED_FOR, ClaimedService, add_gate
from services.admission.review import LARGEST, Known, Outcome, answer
from services.admission.server import Desk

GATE = "podgate.dev/clb-ready"
WEB = ClaimedService("uid-1", "shop", "web", {"app": "web"})
KNOWN = Known({"shop": [WEB]}, GATE)


def pod(**spec: Any) -> dict[str, Any]:
    return {
        "metadata": {"generateName": "web-", "labels": {"app": "web", "tier": "front"}},
        "spec": {"containers": [{"name": "web", "image": "web:1"}], **spec},
    }


def applied(target: dict[str, Any], patch: list[dict[str, Any]] | None) -> dict[str, Any]:
    """Only what a JSON patch of ours uses: add, at a key or at the end of a list."""
    result = json.loads(json.dumps(target))
    for step in patch or []:
        assert step["op"] == "add"
        *parents, last = [
            part.replace("~1", "/").replace("~0", "~") for part in step["path"].split("/")[1:]
        ]
        at = result
        for part in parents:
            at = at[part]
        if last == "-":
            at.append(step["value"])
        else:
            at[last] = step["value"]
    return dict(result)


def test_a_pod_of_a_claimed_service_gets_the_gate_and_a_note_for_whom() -> None:
    gated = applied(pod(), add_gate(pod(), [WEB], GATE))
    assert gated["spec"]["readinessGates"] == [{"conditionType": GATE}]
    assert gated["metadata"]["annotations"] == {INJECTED_FOR: "uid-1"}


def test_other_gates_and_annotations_stay() -> None:
    original = pod(readinessGates=[{"conditionType": "example.com/other"}])
    original["metadata"]["annotations"] = {"a/b": "c"}
    gated = applied(original, add_gate(original, [WEB], GATE))
    assert [gate["conditionType"] for gate in gated["spec"]["readinessGates"]] == [
        "example.com/other",
        GATE,
    ]
    assert gated["metadata"]["annotations"] == {"a/b": "c", INJECTED_FOR: "uid-1"}


def test_twice_is_once() -> None:
    gated = applied(pod(), add_gate(pod(), [WEB], GATE))
    assert add_gate(gated, [WEB], GATE) is None


@pytest.mark.parametrize(
    "services",
    [
        [],
        [ClaimedService("uid-2", "shop", "other", {"app": "other"})],
        [ClaimedService("uid-3", "shop", "by-hand", {})],
    ],
)
def test_a_pod_nobody_selects_is_left_alone(services: list[ClaimedService]) -> None:
    assert add_gate(pod(), services, GATE) is None


def test_a_pod_in_the_hosts_network_never_gets_the_gate() -> None:
    assert add_gate(pod(hostNetwork=True), [WEB], GATE) is None


def test_a_pod_that_cannot_be_a_target_never_gets_the_gate() -> None:
    assert add_gate(pod(), [WEB], GATE, add_on="CILIUM_OVERLAY") is None


def asked(**request: Any) -> dict[str, Any]:
    usual = {
        "uid": "u-1",
        "kind": {"group": "", "version": "v1", "kind": "Pod"},
        "operation": "CREATE",
        "namespace": "shop",
        "object": pod(),
        "options": {"kind": "CreateOptions"},
    }
    return {
        "apiVersion": "admission.k8s.io/v1",
        "kind": "AdmissionReview",
        "request": usual | request,
    }


def response(found: review.Answer) -> dict[str, Any]:
    assert found.status == 200, found.body
    body = json.loads(found.body)
    assert body["kind"] == "AdmissionReview"
    return dict(body["response"], version=body["apiVersion"])


@pytest.mark.parametrize("version", ["admission.k8s.io/v1", "admission.k8s.io/v1beta1"])
def test_a_review_is_answered_in_its_own_version(version: str) -> None:
    found = answer(json.dumps(asked() | {"apiVersion": version}).encode(), KNOWN)
    said = response(found)
    assert (said["uid"], said["allowed"], said["version"]) == ("u-1", True, version)
    assert said["patchType"] == "JSONPatch"
    patch = json.loads(base64.b64decode(said["patch"]))
    assert applied(pod(), patch)["spec"]["readinessGates"] == [{"conditionType": GATE}]
    assert found.outcome is Outcome.INJECTED


def test_a_dry_run_is_answered_the_same() -> None:
    plain = answer(json.dumps(asked()).encode(), KNOWN)
    assert answer(json.dumps(asked(dryRun=True)).encode(), KNOWN) == plain


@pytest.mark.parametrize(
    "request_",
    [
        {"namespace": "other"},
        {"operation": "UPDATE"},
        {"kind": {"group": "apps", "version": "v1", "kind": "Deployment"}},
        {"subResource": "status"},
    ],
)
def test_what_is_none_of_ours_is_allowed_as_it_is(request_: dict[str, Any]) -> None:
    found = answer(json.dumps(asked(**request_)).encode(), KNOWN)
    assert "patch" not in response(found)
    assert found.outcome is Outcome.SKIPPED


def test_the_probe_gets_the_gate_though_nobody_selects_it() -> None:
    found = answer(json.dumps(asked(namespace="podgate-probe")).encode(), Known({}, GATE))
    assert "patch" in response(found)
    assert found.outcome is Outcome.PROBED


def test_the_probe_is_no_admission_of_anybodys_pod() -> None:
    desk = Desk("/", Known({}, GATE))
    desk.answer(json.dumps(asked(namespace="podgate-probe")).encode())
    assert (desk.counts.total(), desk.last_at, desk.last_injected_at) == (0, None, None)
    desk.answer(json.dumps(asked()).encode())
    assert desk.counts == {Outcome.SKIPPED: 1}
    assert desk.last_at


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b"[]",
        b"\xff\xfe",
        b"{}",
        json.dumps(asked() | {"apiVersion": "admission.k8s.io/v9"}).encode(),
        json.dumps(asked() | {"kind": "Pod"}).encode(),
        json.dumps(asked(uid="")).encode(),
        json.dumps(asked(object=None)).encode(),
        json.dumps(asked(object={"metadata": []})).encode(),
        json.dumps(asked(object={"spec": {"containers": "none"}})).encode(),
        b"[" * 100_000,
    ],
)
def test_a_malformed_body_is_told_so(body: bytes) -> None:
    found = answer(body, KNOWN)
    assert found.status == 400
    assert found.body.decode().strip().endswith((".", "`", ")", "'")) or found.body
    assert found.outcome is Outcome.FAILED


def test_an_oversized_body_is_told_so() -> None:
    assert answer(b" " * (LARGEST + 1), KNOWN).status == 413
