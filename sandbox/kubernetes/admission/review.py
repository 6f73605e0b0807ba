"""The AdmissionReview that goes out and what is demanded of the one that comes back."""

import base64
import binascii
from typing import Any

import msgspec

from sandbox.kubernetes.admission.attributes import SCALE, Attributes
from sandbox.kubernetes.kinds import Kind, Object
from sandbox.kubernetes.seen import seen_as

VERSIONS = ("v1", "v1beta1")
_GROUP = "admission.k8s.io"


class Status(msgspec.Struct, omit_defaults=True):
    """Why a webhook says no."""

    code: int = 0
    message: str = ""
    reason: str = ""
    status: str = ""
    details: Object | None = None


class Response(msgspec.Struct, rename="camel"):
    """The part of an AdmissionResponse the API server reads."""

    uid: str = ""
    allowed: bool = False
    patch: str | None = None
    patch_type: str | None = None
    status: Status | None = None
    warnings: list[str] | None = None


class Answer(msgspec.Struct, rename="camel"):
    api_version: str = ""
    kind: str = ""
    response: Response | None = None


class NotDecoded(Exception):
    """The body is no AdmissionReview."""


class NotAccepted(Exception):
    """An AdmissionReview the API server does not take as an answer."""


def version_for(webhook: Object) -> str | None:
    """The first version the webhook lists that the server speaks too."""
    listed = webhook.get("admissionReviewVersions") or ()
    return next((version for version in listed if version in VERSIONS), None)


def document(asked: Attributes, kind: Kind, version: str, uid: str) -> bytes:
    return msgspec.json.encode(
        {
            "kind": "AdmissionReview",
            "apiVersion": f"{_GROUP}/{version}",
            "request": request_of(asked, kind, uid),
        }
    )


def request_of(asked: Attributes, kind: Kind, uid: str) -> Object:
    """`kind` is the one the webhook registered for, the request's own goes along beside it."""
    scaled = SCALE if asked.subresource == "scale" else None
    found: Object = {
        "uid": uid,
        "kind": _kind(scaled or kind),
        "resource": _resource(kind),
        "requestKind": _kind(scaled or asked.kind),
        "requestResource": _resource(asked.kind),
        "operation": asked.operation,
        "userInfo": _user(asked),
        "object": _seen(asked.obj, scaled or kind),
        "oldObject": _seen(asked.old, scaled or kind),
        "dryRun": asked.caller.dry_run,
        "options": asked.caller.options or None,
    }
    optional = {
        "subResource": asked.subresource,
        "requestSubResource": asked.subresource,
        "name": asked.name,
        "namespace": asked.place,
    }
    return found | {name: value for name, value in optional.items() if value}


def _kind(kind: Kind) -> Object:
    return {"group": kind.group, "version": kind.version, "kind": kind.kind}


def _resource(kind: Kind) -> Object:
    return {"group": kind.group, "version": kind.version, "resource": kind.plural}


def _user(asked: Attributes) -> Object:
    user = asked.caller.user
    return {"username": user.name, "groups": list(user.groups)}


def _seen(obj: Object | None, kind: Kind) -> Object | None:
    if obj is None:
        return None
    shown = seen_as(kind, obj)
    stamp = {"creationTimestamp": shown["metadata"].get("creationTimestamp")}
    return {**shown, "metadata": {**shown["metadata"], **stamp}}


def answered(body: bytes, uid: str, version: str) -> Response:
    """The response, once it has passed every check Kubernetes makes of that version's."""
    answer = _decoded(body)
    wanted = f"{_GROUP}/{version}"
    # Without a kind of its own a body is read as what was expected; the v1 check comes after.
    if answer.kind not in ("", "AdmissionReview") or not _is_known(answer.api_version):
        raise NotDecoded(
            f'no kind "{answer.kind}" is registered for version "{answer.api_version}" in scheme '
            '"pkg/runtime/scheme.go:100"'
        )
    response = answer.response
    if response is None or answer.api_version not in ("", wanted):
        raise NotAccepted("webhook response was absent")
    if version == "v1":
        _check_v1(answer, response, uid)
    elif response.patch:
        # v1beta1 never looked at the type, only JSON patches existed.
        response.patch_type = "JSONPatch"
    return response


def _is_known(api_version: str) -> bool:
    return api_version in ("", *(f"{_GROUP}/{version}" for version in VERSIONS))


def _decoded(body: bytes) -> Answer:
    if not body:
        raise NotDecoded("0-length response with status code: 200 and content type: ")
    try:
        return msgspec.json.decode(body, type=Answer)
    except msgspec.ValidationError as error:
        raise NotDecoded(f"json: cannot unmarshal into Go value: {error}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise NotDecoded(
            f"couldn't get version/kind; json parse error: {_go_words(body, error)}"
        ) from error


def _go_words(body: bytes, error: Exception) -> str:
    first = body.lstrip()[:1].decode("latin-1")
    if first and first not in '{["-0123456789tfn':
        return f"invalid character '{first}' looking for beginning of value"
    return "unexpected end of JSON input" if "truncated" in str(error) else str(error)


def _check_v1(answer: Answer, response: Response, uid: str) -> None:
    if response.uid != uid:
        raise NotAccepted(f'expected response.uid="{uid}", got "{response.uid}"')
    if (answer.api_version, answer.kind) != (f"{_GROUP}/v1", "AdmissionReview"):
        got = f"{answer.api_version or '/'}, Kind={answer.kind}"
        raise NotAccepted(
            f"expected webhook response of {_GROUP}/v1, Kind=AdmissionReview, got {got}"
        )
    if response.patch and response.patch_type is None:
        raise NotAccepted("webhook returned response.patch but not response.patchType")
    if not response.patch and response.patch_type is not None:
        raise NotAccepted("webhook returned response.patchType but not response.patch")
    if response.patch and response.patch_type == "":
        raise NotAccepted('webhook returned invalid response.patchType of ""')


def patch_of(response: Response) -> bytes:
    """The patch's own bytes; NotDecoded when they are not base64."""
    try:
        return base64.b64decode(response.patch or "", validate=True)
    except binascii.Error as error:
        raise NotDecoded("illegal base64 data at input byte 0") from error


def operations_of(patch: bytes) -> list[Any]:
    """The operations of a JSON patch; ValueError in Go's words when it is none."""
    try:
        operations = msgspec.json.decode(patch)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ValueError(_go_words(patch, error)) from error
    if not isinstance(operations, list):
        raise ValueError("json: cannot unmarshal object into Go value of type jsonpatch.Patch")
    return operations


def tellable(warnings: list[str] | None) -> list[str]:
    """Warnings a header can carry; those with control characters are dropped."""
    return [each for each in warnings or () if each and each.isprintable()]
