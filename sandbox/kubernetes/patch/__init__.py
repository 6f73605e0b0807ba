"""The patches that need no bookkeeping: JSON (RFC 6902), merge (RFC 7386), strategic merge."""

from typing import Any

from sandbox.kubernetes import objects
from sandbox.kubernetes.errors import BadRequest, StatusError, UnsupportedMediaType
from sandbox.kubernetes.kinds import Kind, Object
from sandbox.kubernetes.patch import json_patch, strategic

JSON_PATCH = "application/json-patch+json"
MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
APPLY = "application/apply-patch+yaml"


class Unprocessable(StatusError):
    """A patch that does not fit the object, a failed test among them."""

    code, reason = 422, "Invalid"


def patched(kind: Kind, current: Object, patch: Any, media_type: str) -> Object:
    """A new object: the current one with the patch applied."""
    fresh = objects.copy(current)
    if media_type == JSON_PATCH:
        if not isinstance(patch, list):
            raise BadRequest(
                "error decoding patch: json: cannot unmarshal object into Go value of type"
                " jsonpatch.Patch"
            )
        try:
            result = json_patch.apply(fresh, patch)
        except json_patch.Misfit as error:
            raise Unprocessable(
                f"the server rejected our request due to an error in our request: {error}"
            ) from error
        if not isinstance(result, dict):
            raise BadRequest("the patched object is not an object")
        return result
    if not isinstance(patch, dict):
        raise BadRequest(
            "error decoding patch: cannot unmarshal array into Go value of type"
            " map[string]interface {}"
        )
    if media_type == MERGE:
        merged: Object = merge(fresh, patch)
        return merged
    if media_type == STRATEGIC and not (kind.is_custom or kind.kind == "Scale"):
        return strategic.merge(kind.kind, fresh, patch)
    accepted = ", ".join((JSON_PATCH, MERGE, APPLY))
    raise UnsupportedMediaType(
        "the body of the request was in an unknown format - accepted media types include: "
        + accepted
    )


def merge(current: Any, patch: Any) -> Any:
    """RFC 7386: null removes, objects merge, everything else replaces."""
    if not isinstance(patch, dict):
        return patch
    result = dict(current) if isinstance(current, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merge(result.get(key), value)
    return result
