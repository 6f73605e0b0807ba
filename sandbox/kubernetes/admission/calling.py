"""One call of one webhook: what it is sent, what its answer does to the object."""

import asyncio
import logging
import uuid

import msgspec

from sandbox.kubernetes import decoding, objects
from sandbox.kubernetes.admission import connections, places, review, trust
from sandbox.kubernetes.admission.attributes import Attributes, Denied
from sandbox.kubernetes.admission.matching import Hook
from sandbox.kubernetes.errors import BadRequest, InternalError, StatusError
from sandbox.kubernetes.kinds import Kind, Object
from sandbox.kubernetes.patch import json_patch
from sandbox.kubernetes.rules import defaults
from sandbox.kubernetes.seen import as_stored, seen_as, stored_kind
from sandbox.kubernetes.store import Store

log = logging.getLogger(__name__)

NO_DRY_RUN = ("Some", "Unknown")
# All writable clusters know every field the schema has.
_NEWEST_MINOR = 99


class CallFailed(Exception):
    """The webhook could not be asked or gave no valid answer: its failurePolicy decides."""


def internal(why: str) -> InternalError:
    """A 500 as apierrors.NewInternalError words it."""
    return InternalError(f"Internal error occurred: {why}", {"causes": [{"message": why}]})


async def call(store: Store, hook: Hook, asked: Attributes, kind: Kind) -> bool:
    """Ask, and let the patch change the object; True if it did. Denied when told no."""
    if asked.caller.dry_run and hook.webhook.get("sideEffects") in NO_DRY_RUN:
        raise BadRequest(f'admission webhook "{hook.name}" does not support dry run')
    try:
        response = await _asked(store, hook, asked, kind)
    except CallFailed as error:
        why = f'failed calling webhook "{hook.name}": {error}'
        if not hook.fails_open:
            raise internal(why) from error
        log.warning("%s: failing open: %s", store.cluster_id, why)
        return False
    asked.caller.warnings.extend(review.tellable(response.warnings))
    if not response.allowed:
        raise Denied(hook.name, msgspec.to_builtins(response.status))
    if not response.patch:
        return False
    return _patched(store, hook, asked, kind, response)


async def _asked(store: Store, hook: Hook, asked: Attributes, kind: Kind) -> review.Response:
    version = review.version_for(hook.webhook)
    if version is None:
        raise CallFailed(
            "could not create admission objects: webhook does not accept known AdmissionReview"
            " versions (v1, v1beta1)"
        )
    uid = str(uuid.uuid4())
    try:
        body = await _posted(store, hook, review.document(asked, kind, version, uid))
        response = review.answered(body, uid, version)
        if response.patch:
            review.patch_of(response)
    except review.NotDecoded as error:
        raise CallFailed(f"failed to call webhook: {error}") from error
    except review.NotAccepted as error:
        raise CallFailed(f"received invalid webhook response: {error}") from error
    if response.patch and response.patch_type != "JSONPatch":
        raise CallFailed(f'unsupported patch type "{response.patch_type}"')
    return response


async def _posted(store: Store, hook: Hook, body: bytes) -> bytes:
    """The body of a good answer. The time limit is in real seconds, it is the webhook's."""
    client, seconds = hook.webhook["clientConfig"], hook.webhook["timeoutSeconds"]
    url = places.url_of(client, seconds)
    try:
        async with asyncio.timeout(seconds):
            place = places.located(store, client, seconds)
            reply = await connections.post(place, client.get("caBundle", ""), body)
    except trust.NoRoots as error:
        raise CallFailed(f"could not get REST client: {error}") from error
    except TimeoutError as error:
        raise CallFailed(_posting(url, "context deadline exceeded")) from error
    except (connections.Failed, places.NoRoute) as error:
        raise CallFailed(_posting(url, str(error))) from error
    if not 200 <= reply.code <= 206:
        raise CallFailed(f"failed to call webhook: {_refusal(reply)}")
    return reply.body


def _posting(url: str, why: str) -> str:
    return f'failed to call webhook: Post "{url}": {why}'


# What client-go makes of an answer that is no success (apierrors.NewGenericServerResponse).
_WORDS = {
    400: "the server rejected our request for an unknown reason",
    401: "the server has asked for the client to provide credentials",
    404: "the server could not find the requested resource",
    405: "the server does not allow this method on the requested resource",
    409: "the server reported a conflict",
    422: "the server rejected our request due to an error in our request",
    429: "the server has received too many requests and has asked us to try again later",
    503: "the server is currently unable to handle the request",
    504: "the server was unable to return a response in the time allotted, but may still be "
    "processing the request",
}


def _refusal(reply: connections.Reply) -> str:
    """A Status in the body is preferred to what the code alone would say."""
    try:
        status = msgspec.json.decode(reply.body, type=dict[str, object])
    except (msgspec.MsgspecError, UnicodeDecodeError):
        status = {}
    if status.get("kind") == "Status" and status.get("status") == "Failure":
        return str(status.get("message", ""))
    is_text = reply.content_type.startswith("text/")
    said = reply.body.decode(errors="replace").strip() if is_text else "unknown"
    if reply.code in (403, 406, 415):
        return said
    if words := _WORDS.get(reply.code):
        return words
    if reply.code >= 500:
        quoted = msgspec.json.encode(said).decode()
        return f"an error on the server ({quoted}) has prevented the request from succeeding"
    return (
        f"the server responded with the status code {reply.code} but did not return more"
        " information"
    )


def _patched(
    store: Store, hook: Hook, asked: Attributes, kind: Kind, response: review.Response
) -> bool:
    """A patch that does not fit is an error of the request, whatever the failurePolicy says."""
    try:
        operations = review.operations_of(review.patch_of(response))
        if not operations:
            return False
        if asked.obj is None:
            raise ValueError(
                f'admission webhook "{hook.name}" attempted to modify the object, which is not'
                " supported for this operation"
            )
        document = objects.copy(seen_as(kind, asked.obj))
        new = _read(asked, kind, json_patch.apply(document, operations))
    # A patch may be any JSON at all, with numbers for paths and the like.
    except (ValueError, TypeError, AttributeError, json_patch.Misfit) as error:
        raise internal(str(error)) from error
    changed = new != asked.obj
    asked.obj = new
    return changed


def _read(asked: Attributes, kind: Kind, document: object) -> Object:
    """The patched document as the server's types hold it, with their defaults."""
    if not isinstance(document, dict) or not isinstance(document.get("metadata"), dict):
        raise ValueError("couldn't get version/kind; the patched document is no object")
    if asked.subresource == "scale":
        return document
    decoder = decoding.Decoder(stored_kind(asked.kind), _NEWEST_MINOR)
    try:
        new = decoder.decode(as_stored(kind, document))
    except StatusError as error:
        raise ValueError(error.message) from error
    fill(asked, new)
    return new


def fill(asked: Attributes, obj: Object) -> None:
    """Defaults, and what the plug-ins that come before the webhooks add to a Pod."""
    had = obj.get("status")
    defaults.fill(stored_kind(asked.kind), obj, asked.old)
    if asked.kind.kind == "Pod" and asked.old is None:
        # The phase and the quality of service are set when it is stored.
        obj["status"] = had or {}
