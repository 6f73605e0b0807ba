"""ConfigMaps, Secrets, endpoints, Events, budgets, and TKE's own TkeServiceConfig."""

import base64
import binascii
from ipaddress import ip_address
from typing import Any

from sandbox.kubernetes.errors import Cause
from sandbox.kubernetes.kinds import KINDS, Object
from sandbox.kubernetes.rules.checks import words

_MOST_BYTES = 1024 * 1024
_CONFIG_KEY_RULE = (
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name', "
    " or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"
)


def keyed_problems(obj: Object, old: Object | None) -> list[Cause]:
    """ConfigMap and Secret."""
    found: list[Cause] = []
    size = 0
    for part in ("data", "binaryData"):
        for key, value in (obj.get(part) or {}).items():
            size += len(value)
            found += words.at_most(f"{part}[{key}]", key, 253)
            if not words.CONFIG_KEY.fullmatch(key):
                found.append(words.invalid(f"{part}[{key}]", key, _CONFIG_KEY_RULE))
            if (obj["kind"], part) != ("ConfigMap", "data") and not _is_base64(value):
                found.append(words.invalid(f"{part}[{key}]", "<secret>", "illegal base64 data"))
    if size > _MOST_BYTES:
        message = f"Too long: must have at most {_MOST_BYTES} bytes"
        found.append(Cause("FieldValueTooLong", "data" if obj["kind"] == "Secret" else "", message))
    return found + _kept(obj, old)


def _is_base64(value: str) -> bool:
    try:
        base64.b64decode(value, validate=True)
    except binascii.Error:
        return False
    return True


def _kept(obj: Object, old: Object | None) -> list[Cause]:
    if old is None:
        return []
    if obj["kind"] == "Secret" and obj.get("type") != old.get("type"):
        return [words.immutable("type", obj.get("type"))]
    if old.get("immutable"):
        if not obj.get("immutable"):
            return [words.forbidden("immutable", "field is immutable when `immutable` is set")]
        if any(obj.get(part) != old.get(part) for part in ("data", "binaryData")):
            return [words.forbidden("data", "field is immutable when `immutable` is set")]
    return []


def _address(field: str, value: str) -> list[Cause]:
    try:
        ip_address(value)
    except ValueError:
        why = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"
        return [words.invalid(field, value, why)]
    return []


def endpoints_problems(obj: Object, old: Object | None) -> list[Cause]:
    return [
        cause
        for index, subset in enumerate(obj.get("subsets") or ())
        for at, address in enumerate(subset.get("addresses") or ())
        for cause in _address(f"subsets[{index}].addresses[{at}].ip", address["ip"])
    ]


def slice_problems(obj: Object, old: Object | None) -> list[Cause]:
    known = ("FQDN", "IPv4", "IPv6")
    kind = obj.get("addressType")
    if not kind:
        return [words.required("addressType")]
    if kind not in known:
        return [words.unsupported("addressType", kind, known)]
    if old is not None and kind != old["addressType"]:
        return [words.immutable("addressType", kind)]
    return [
        cause
        for index, endpoint in enumerate(obj.get("endpoints") or ())
        for at, value in enumerate(endpoint.get("addresses") or ())
        for cause in _address(f"endpoints[{index}].addresses[{at}]", value)
    ]


def event_problems(obj: Object, old: Object | None) -> list[Cause]:
    """An Event lives in the namespace of what it is about."""
    about = obj.get("involvedObject", {}).get("namespace", "")
    where = obj["metadata"].get("namespace", "")
    if where != (about or "default"):
        why = "does not match event.namespace"
        return [words.invalid("involvedObject.namespace", about, why)]
    return []


def budget_problems(obj: Object, old: Object | None) -> list[Cause]:
    spec = obj.get("spec", {})
    if "minAvailable" in spec and "maxUnavailable" in spec:
        why = "minAvailable and maxUnavailable cannot be both set"
        return [words.invalid("spec", spec, why)]
    return []


def definition_problems(obj: Object, old: Object | None) -> list[Cause]:
    spec = obj["spec"]
    wanted = f"{spec['names'].get('plural')}.{spec.get('group')}"
    if obj["metadata"]["name"] != wanted:
        why = 'must be spec.names.plural+"."+spec.group'
        return [words.invalid("metadata.name", obj["metadata"]["name"], why)]
    if wanted != KINDS["TkeServiceConfig"].resource:
        # A definition without its resource being served would be a wrong success.
        return [words.forbidden("spec", "the sandbox serves no other custom resources")]
    return []


# Ranges of the TkeServiceConfig's schema.
_RANGES = {
    "intervalTime": (5, 300), "healthNum": (2, 10), "unHealthNum": (2, 10), "timeout": (2, 60),
    "sessionExpireTime": (30, 3600),
}  # fmt: skip


def tke_service_config_problems(obj: Object, old: Object | None) -> list[Cause]:
    found: list[Cause] = []
    balancer = (obj.get("spec") or {}).get("loadBalancer") or {}
    for index, listener in enumerate(balancer.get("l4Listeners") or ()):
        field = f"spec.loadBalancer.l4Listeners[{index}]"
        if listener.get("protocol") not in ("TCP", "UDP"):
            known = ("TCP", "UDP")
            found.append(words.unsupported(f"{field}.protocol", listener.get("protocol"), known))
        found += words.port_number(f"{field}.port", listener.get("port"))
        for part in ("healthCheck", "session"):
            found += _in_ranges(f"{field}.{part}", listener.get(part) or {})
    return found


def _in_ranges(field: str, given: dict[str, Any]) -> list[Cause]:
    found = []
    for name, (least, most) in _RANGES.items():
        value = given.get(name)
        if value is None or least <= value <= most:
            continue
        bound, side = (least, "greater") if value < least else (most, "less")
        why = f"{field}.{name} in body should be {side} than or equal to {bound}"
        found.append(words.invalid(f"{field}.{name}", value, why))
    return found
