"""Field errors in the words of k8s.io/apimachinery, and the name rules they cite."""

import json
import re
from typing import Any

from sandbox.kubernetes.errors import Cause

LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
SERVICE_LABEL = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
QUALIFIED = re.compile(r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]")
PORT_NAME = re.compile(r"[-a-z0-9]+")
CONFIG_KEY = re.compile(r"[-._a-zA-Z0-9]+")

_LABEL_RULE = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must"
    " start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for"
    " validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
)
_SUBDOMAIN_RULE = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.',"
    " and must start and end with an alphanumeric character (e.g. 'example.com', regex used for"
    " validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
_SERVICE_RULE = (
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an"
    " alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123',"
    " regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')"
)
_QUALIFIED_RULE = (
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end"
    " with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for"
    " validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
)
_VALUE_RULE = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.',"
    " and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or"
    " '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
)


class Go(str):
    """A value already written the way Go's %#v writes it."""


def shown(value: Any) -> str:
    """A bad value as messages show it; maps of strings come out as Go prints them."""
    if isinstance(value, Go):
        return str(value)
    if isinstance(value, dict) and all(isinstance(each, str) for each in value.values()):
        pairs = ", ".join(f"{shown(key)}:{shown(each)}" for key, each in sorted(value.items()))
        return f"map[string]string{{{pairs}}}"
    return json.dumps(value, ensure_ascii=False)


def invalid(field: str, value: Any, why: str) -> Cause:
    return Cause("FieldValueInvalid", field, f"Invalid value: {shown(value)}: {why}")


def required(field: str, why: str = "") -> Cause:
    return Cause("FieldValueRequired", field, "Required value" + (f": {why}" if why else ""))


def duplicate(field: str, value: Any) -> Cause:
    return Cause("FieldValueDuplicate", field, f"Duplicate value: {shown(value)}")


def forbidden(field: str, why: str) -> Cause:
    return Cause("FieldValueForbidden", field, f"Forbidden: {why}")


def unsupported(field: str, value: Any, known: tuple[str, ...]) -> Cause:
    listed = ", ".join(f'"{each}"' for each in known)
    message = f"Unsupported value: {shown(value)}: supported values: {listed}"
    return Cause("FieldValueNotSupported", field, message)


def immutable(field: str, value: Any) -> Cause:
    return invalid(field, value, "field is immutable")


def at_most(field: str, value: str, length: int) -> list[Cause]:
    if len(value) <= length:
        return []
    return [invalid(field, value, f"must be no more than {length} characters")]


def dns_label(field: str, value: str) -> list[Cause]:
    return at_most(field, value, 63) + _matches(field, value, LABEL, _LABEL_RULE)


def dns_subdomain(field: str, value: str) -> list[Cause]:
    return at_most(field, value, 253) + _matches(field, value, SUBDOMAIN, _SUBDOMAIN_RULE)


def service_name(field: str, value: str) -> list[Cause]:
    return at_most(field, value, 63) + _matches(field, value, SERVICE_LABEL, _SERVICE_RULE)


def _matches(field: str, value: str, rule: re.Pattern[str], said: str) -> list[Cause]:
    return [] if rule.fullmatch(value) else [invalid(field, value, said)]


def qualified_name(field: str, value: str) -> list[Cause]:
    """`prefix/name`, as label and annotation keys, finalizers and condition types are."""
    prefix, slash, name = value.rpartition("/")
    found = []
    if slash and not SUBDOMAIN.fullmatch(prefix):
        found.append(invalid(field, value, f"prefix part {_SUBDOMAIN_RULE}"))
    if not name:
        found.append(invalid(field, value, "name part must be non-empty"))
    if len(name) > 63:
        found.append(invalid(field, value, "name part must be no more than 63 characters"))
    if not QUALIFIED.fullmatch(name):
        found.append(invalid(field, value, _QUALIFIED_RULE))
    return found


def label_value(field: str, value: str) -> list[Cause]:
    found = at_most(field, value, 63)
    if value and not QUALIFIED.fullmatch(value):
        found.append(invalid(field, value, _VALUE_RULE))
    return found


def labels(field: str, given: dict[str, str]) -> list[Cause]:
    return [
        cause
        for key, value in given.items()
        for cause in (*qualified_name(field, key), *label_value(field, value))
    ]


def port_number(field: str, value: Any) -> list[Cause]:
    if isinstance(value, int) and 1 <= value <= 65535:
        return []
    return [invalid(field, value, "must be between 1 and 65535, inclusive")]


def port_name(field: str, value: str) -> list[Cause]:
    """IANA_SVC_NAME: at most 15 characters, a letter among them."""
    if len(value) > 15:
        return [invalid(field, value, "must be no more than 15 characters")]
    if not PORT_NAME.fullmatch(value):
        why = "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)"
        return [invalid(field, value, why)]
    if not any(each.isalpha() for each in value):
        return [invalid(field, value, "must contain at least one letter (a-z)")]
    if "--" in value:
        return [invalid(field, value, "must not contain consecutive hyphens")]
    if value.startswith("-") or value.endswith("-"):
        return [invalid(field, value, "must not begin or end with a hyphen")]
    return []


def non_negative(field: str, value: Any) -> list[Cause]:
    if value is None or (isinstance(value, int) and value >= 0):
        return []
    return [invalid(field, value, "must be greater than or equal to 0")]
