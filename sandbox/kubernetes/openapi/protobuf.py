"""An OpenAPI v2 document as protobuf (openapi.v2.Document of gnostic), the only form kubectl 1.20
reads. Field numbers are those of OpenAPIv2.proto; vendor extensions travel as YAML text.
"""

import json
from typing import Any

from sandbox.kubernetes.kinds import Object


def document(spec: Object) -> bytes:
    info = _text(1, spec["info"]["title"]) + _text(2, spec["info"]["version"])
    paths = [_named(path, _path(item)) for path, item in spec["paths"].items()]
    definitions = [_named(name, _schema(each)) for name, each in spec["definitions"].items()]
    return (
        _text(1, spec["swagger"])
        + _message(2, info)
        + _message(8, b"".join(_message(2, path) for path in paths))
        + _message(9, b"".join(_message(1, each) for each in definitions))
    )


def _varint(number: int) -> bytes:
    parts = []
    while number > 0x7F:
        parts.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*parts, number])


def _message(field: int, body: bytes) -> bytes:
    """A length-delimited field."""
    return _varint(field << 3 | 2) + _varint(len(body)) + body


def _text(field: int, value: str | None) -> bytes:
    return _message(field, value.encode()) if value else b""


def _named(name: str, value: bytes) -> bytes:
    """NamedSchema, NamedPathItem, NamedAny, ...: a map's entry."""
    return _text(1, name) + _message(2, value)


def _extensions(field: int, obj: Object) -> bytes:
    return b"".join(
        _message(field, _named(name, _text(2, json.dumps(value))))
        for name, value in obj.items()
        if name.startswith("x-")
    )


def _schema(schema: Object) -> bytes:
    parts = [_text(1, schema.get("$ref")), _text(2, schema.get("format"))]
    parts += [_text(19, name) for name in schema.get("required", ())]
    if "additionalProperties" in schema:
        parts.append(_message(21, _message(1, _schema(schema["additionalProperties"]))))
    if "type" in schema:
        parts.append(_message(22, _text(1, schema["type"])))
    if "items" in schema:
        parts.append(_message(23, _message(1, _schema(schema["items"]))))
    if properties := schema.get("properties"):
        named = [_message(1, _named(name, _schema(each))) for name, each in properties.items()]
        parts.append(_message(25, b"".join(named)))
    return b"".join(parts) + _extensions(31, schema)


_OPERATIONS = {"get": 2, "put": 3, "post": 4, "delete": 5, "patch": 8}


def _path(item: Object) -> bytes:
    return b"".join(_message(_OPERATIONS[verb], _operation(each)) for verb, each in item.items())


def _operation(operation: Object) -> bytes:
    responses = b"".join(
        _message(1, _named(code, _message(1, _text(1, each["description"]))))
        for code, each in operation["responses"].items()
    )
    parts = [_text(5, operation["operationId"])]
    parts += [_text(6, each) for each in operation["produces"]]
    parts += [_text(7, each) for each in operation["consumes"]]
    parts += [_message(8, _parameter(each)) for each in operation["parameters"]]
    return b"".join(parts) + _message(9, responses) + _extensions(13, operation)


def _parameter(parameter: dict[str, Any]) -> bytes:
    """ParametersItem > Parameter > NonBodyParameter > QueryParameterSubSchema."""
    query = _text(2, "query") + _text(4, parameter["name"]) + _text(6, parameter["type"])
    return _message(1, _message(2, _message(3, query)))
