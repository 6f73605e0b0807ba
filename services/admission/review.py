"""AdmissionReview in, answer out, of both versions; pure.

An answer the API server cannot use counts as a failed call: its failurePolicy decides then.
"""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import msgspec

from services.admission import injection
from services.admission.configuration import PROBE_NAMESPACE
from services.admission.injection import ClaimedService, Patch

# The API server takes objects of 3 MiB at most; a review carries one and a few words.
LARGEST = 4 * 1024 * 1024
VERSIONS = ("admission.k8s.io/v1", "admission.k8s.io/v1beta1")
_ENCODER = msgspec.json.Encoder()


class Outcome(StrEnum):
    INJECTED = "injected"
    SKIPPED = "skipped"
    FAILED = "failed"
    PROBED = "probed"


class _Kind(msgspec.Struct):
    group: str = ""
    kind: str = ""


class _Request(msgspec.Struct, rename="camel"):
    uid: str
    kind: _Kind
    operation: str = ""
    namespace: str = ""
    sub_resource: str = ""
    dry_run: bool = False
    object: dict[str, Any] | None = None


class _Review(msgspec.Struct, rename="camel"):
    api_version: str
    kind: str
    request: _Request


_DECODER = msgspec.json.Decoder(_Review)


@dataclass(frozen=True)
class Known:
    """What an answer depends on beside the review."""

    services: Mapping[str, Sequence[ClaimedService]]
    gate_type: str
    add_on: str = ""


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes
    outcome: Outcome

    @property
    def content_type(self) -> str:
        return "application/json" if self.status == 200 else "text/plain; charset=utf-8"


def answer(body: bytes, known: Known) -> Answer:
    """200 with a review, or 4xx with a sentence."""
    if len(body) > LARGEST:
        return refusal(413, f"An AdmissionReview has at most {LARGEST} bytes.")
    try:
        review = _DECODER.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return refusal(400, f"This is no AdmissionReview: {error}")
    if review.kind != "AdmissionReview" or review.api_version not in VERSIONS:
        got = f"{review.api_version} {review.kind}"
        return refusal(400, f"Send an AdmissionReview of {' or '.join(VERSIONS)}, not {got}.")
    if not review.request.uid:
        return refusal(400, "The request has no uid.")
    try:
        patch, outcome = _patch(review.request, known)
    except (msgspec.ValidationError, KeyError, TypeError, AttributeError) as error:
        return refusal(400, f"The object is no Pod: {error}")
    return Answer(200, _ENCODER.encode(_response(review, patch)), outcome)


def refusal(status: int, words: str) -> Answer:
    return Answer(status, f"{words}\n".encode(), Outcome.FAILED)


def _patch(request: _Request, known: Known) -> tuple[Patch | None, Outcome]:
    pod = request.object
    is_pod = (request.kind.group, request.kind.kind) == ("", "Pod") and not request.sub_resource
    if not is_pod or request.operation != "CREATE":
        return None, Outcome.SKIPPED
    if pod is None:
        raise KeyError("object")
    if request.namespace == PROBE_NAMESPACE:
        # Only ever a dry run: no Pod lives in that namespace.
        return injection.with_gate(pod, known.gate_type), Outcome.PROBED
    services = known.services.get(request.namespace, ())
    patch = injection.add_gate(pod, services, known.gate_type, add_on=known.add_on)
    return patch, Outcome.INJECTED if patch else Outcome.SKIPPED


def _response(review: _Review, patch: Patch | None) -> dict[str, Any]:
    response: dict[str, Any] = {"uid": review.request.uid, "allowed": True}
    if patch:
        response["patchType"] = "JSONPatch"
        response["patch"] = base64.b64encode(_ENCODER.encode(patch)).decode()
    return {"apiVersion": review.api_version, "kind": "AdmissionReview", "response": response}
