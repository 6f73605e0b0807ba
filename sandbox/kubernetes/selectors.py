"""Label and field selectors as query strings carry them."""

import re
from collections.abc import Callable
from typing import Any

from sandbox.kubernetes.errors import BadRequest
from sandbox.kubernetes.kinds import Kind, Object

Selector = Callable[[Object], bool]

# What may be selected by field besides metadata.name and .namespace; the real server's list.
FIELDS: dict[str, tuple[str, ...]] = {
    "Pod": (
        "spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName",
        "spec.hostNetwork", "status.phase", "status.podIP", "status.nominatedNodeName",
    ),
    "Event": (
        "involvedObject.kind", "involvedObject.namespace", "involvedObject.name",
        "involvedObject.uid", "involvedObject.apiVersion", "involvedObject.resourceVersion",
        "involvedObject.fieldPath", "reason", "reportingComponent", "source", "type",
    ),
    "Service": ("spec.clusterIP", "spec.type"),
    "Node": ("spec.unschedulable",),
    "Namespace": ("status.phase",),
    "Secret": ("type",),
    "ReplicaSet": ("status.replicas",),
}  # fmt: skip

_REQUIREMENT = re.compile(
    r"^\s*(?:(?P<absent>!)\s*(?P<gone>[^\s=!<>,]+)"
    r"|(?P<key>[^\s=!<>,()]+)\s*"
    r"(?:(?P<op>==|=|!=|>|<)\s*(?P<value>[^\s,]*)|\s(?P<set>in|notin)\s*\((?P<values>[^)]*)\))?)\s*$"
)


def labels(text: str) -> Selector:
    """The predicate of `app=web,tier in (a,b),!canary`."""
    tests = [_label_test(part) for part in re.split(r",(?![^(]*\))", text) if part.strip()]
    return lambda obj: all(test(obj["metadata"].get("labels") or {}) for test in tests)


def _label_test(part: str) -> Callable[[dict[str, str]], bool]:
    found = _REQUIREMENT.match(part)
    if not found:
        raise BadRequest(f"unable to parse requirement: found '{part}', expected: a selector")
    if found["absent"]:
        return lambda had, key=found["gone"]: key not in had  # type: ignore[misc]
    key, operator = found["key"], found["op"] or found["set"] or "exists"
    if found["set"]:
        values = {value.strip() for value in found["values"].split(",")}
    else:
        values = {found["value"] or ""}
    return _compare(key, operator, values)


def _compare(key: str, operator: str, values: set[str]) -> Callable[[dict[str, str]], bool]:
    match operator:
        case "exists":
            return lambda had: key in had
        case "=" | "==" | "in":
            return lambda had: had.get(key) in values
        case "!=" | "notin":
            return lambda had: had.get(key) not in values
    bound = int(next(iter(values)))
    sign = 1 if operator == ">" else -1
    return lambda had: had.get(key, "").isdigit() and sign * int(had[key]) > sign * bound


def fields(kind: Kind, text: str) -> Selector:
    """The predicate of `metadata.name=x,status.phase!=Running`."""
    tests = [_field_test(kind, part) for part in text.split(",") if part.strip()]
    return lambda obj: all(test(obj) for test in tests)


def _field_test(kind: Kind, part: str) -> Selector:
    found = re.match(r"^\s*([\w.]+)\s*(==|=|!=)\s*(.*?)\s*$", part)
    if not found:
        raise BadRequest(f"invalid selector: '{part}'; can't understand '{part}'")
    path, operator, wanted = found.groups()
    known = ("metadata.name", "metadata.namespace", *FIELDS.get(kind.kind, ()))
    if path not in known:
        raise BadRequest(f"field label not supported: {path}")
    return lambda obj: (field_value(obj, path) == wanted) == (operator != "!=")


def field_value(obj: Object, path: str) -> str:
    if path == "source":
        path = "source.component"
    value: Any = obj
    for step in path.split("."):
        value = value.get(step) if isinstance(value, dict) else None
    if isinstance(value, bool):
        return str(value).lower()
    if value is None:
        return "false" if path in ("spec.hostNetwork", "spec.unschedulable") else ""
    return str(value)


def both(kind: Kind, label_selector: str, field_selector: str) -> Selector | None:
    """One predicate for a request, or None when it selects nothing in particular."""
    tests: list[Selector] = []
    if label_selector:
        tests.append(labels(label_selector))
    if field_selector:
        tests.append(fields(kind, field_selector))
    if not tests:
        return None
    return lambda obj: all(test(obj) for test in tests)
