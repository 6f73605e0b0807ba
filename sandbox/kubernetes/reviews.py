"""`kubectl auth can-i` and `auth whoami`: questions about oneself."""

from typing import Any

from sandbox.kubernetes.auth import User
from sandbox.kubernetes.errors import BadRequest
from sandbox.kubernetes.kinds import KINDS, Kind, Object

_EVERY = ["*"]


def answer(kind: Kind, user: User, body: Any) -> Object:
    """The review with its status filled in."""
    if not isinstance(body, dict):
        raise BadRequest("the object provided is unrecognized (must be of type object)")
    statuses = {
        "SelfSubjectAccessReview": _access,
        "SelfSubjectRulesReview": _rules,
        "SelfSubjectReview": _self,
    }
    status = statuses[kind.kind](user, body.get("spec") or {})
    return {
        "kind": kind.kind,
        "apiVersion": kind.api_version,
        "metadata": {"creationTimestamp": None},
        "spec": body.get("spec") or {},
        "status": status,
    }


def _access(user: User, spec: Object) -> Object:
    asked = spec.get("resourceAttributes")
    if asked is None and "nonResourceAttributes" not in spec:
        raise BadRequest("spec.resourceAttributes or spec.nonResourceAttributes is required")
    if asked is None:
        verb = spec["nonResourceAttributes"].get("verb", "")
        allowed = user.is_admin or verb == "get"
    else:
        allowed = user.may(asked.get("verb", ""), asked.get("group", ""), asked.get("resource", ""))
    why = {"reason": "RBAC: allowed by the sandbox's fixed roles"} if allowed else {}
    return {"allowed": allowed, **why}


def _rules(user: User, spec: Object) -> Object:
    if user.is_admin:
        rules = [{"verbs": _EVERY, "apiGroups": _EVERY, "resources": _EVERY}]
        paths = [{"verbs": _EVERY, "nonResourceURLs": _EVERY}]
        return {"resourceRules": rules, "nonResourceRules": paths, "incomplete": False}
    by_group: dict[str, list[str]] = {}
    for kind in KINDS.values():
        if user.may("get", kind.group, kind.plural):
            by_group.setdefault(kind.group, []).append(kind.plural)
    rules = [
        {"verbs": ["get", "list", "watch"], "apiGroups": [group], "resources": plurals}
        for group, plurals in by_group.items()
    ]
    paths = [{"verbs": ["get"], "nonResourceURLs": ["/version", "/healthz", "/livez", "/readyz"]}]
    return {"resourceRules": rules, "nonResourceRules": paths, "incomplete": False}


def _self(user: User, spec: Object) -> Object:
    return {"userInfo": {"username": user.name, "groups": list(user.groups)}}
