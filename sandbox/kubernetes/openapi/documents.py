"""The two OpenAPI documents: definitions from the schema, paths with the parameters of writes."""

from typing import Any

from sandbox.kubernetes.kinds import EVENTS_V1, Kind, Object
from sandbox.kubernetes.routes import REVIEWS
from sandbox.kubernetes.schema import Field, Struct, Type, types

_SCALARS: dict[str, Object] = {
    "string": {"type": "string"},
    "integer": {"type": "integer", "format": "int32"},
    "number": {"type": "number", "format": "double"},
    "boolean": {"type": "boolean"},
    "time": {"type": "string", "format": "date-time"},
    "bytes": {"type": "string", "format": "byte"},
    "quantity": {"type": "string"},
    "int-or-string": {"type": "string", "format": "int-or-string"},
}
_META = (
    "ObjectMeta", "OwnerReference", "ManagedFieldsEntry", "LabelSelector",
    "LabelSelectorRequirement", "Condition",
)  # fmt: skip
_PATCHES = (
    "application/json-patch+json", "application/merge-patch+json",
    "application/strategic-merge-patch+json", "application/apply-patch+yaml",
)  # fmt: skip
_QUERY = ("dryRun", "fieldManager", "fieldValidation")


def version_2(kinds: tuple[Kind, ...], version: str, minor: int) -> Object:
    return {
        "swagger": "2.0",
        "info": {"title": "Kubernetes", "version": version},
        "paths": _paths(kinds, v3=False),
        "definitions": _definitions(kinds, "#/definitions/", minor),
    }


def version_3(kinds: tuple[Kind, ...], version: str, minor: int) -> Object:
    return {
        "openapi": "3.0.0",
        "info": {"title": "Kubernetes", "version": version},
        "paths": _paths(kinds, v3=True),
        "components": {"schemas": _definitions(kinds, "#/components/schemas/", minor)},
    }


def _definitions(kinds: tuple[Kind, ...], root: str, minor: int) -> Object:
    """The kinds and everything they are made of."""
    described = tuple(kind for kind in kinds if kind is not EVENTS_V1 and kind not in REVIEWS)
    reached: dict[str, Struct] = {}
    waiting = [kind.kind for kind in described]
    while waiting:
        name = waiting.pop()
        if name in reached:
            continue
        reached[name] = types()[name]
        waiting += [
            inner for field in types()[name].fields.values() for inner in _structs(field.type)
        ]
    found = {_full(name): _definition(struct, root, minor) for name, struct in reached.items()}
    for kind in described:
        definition = found[_full(kind.kind)]
        definition["properties"] |= {"apiVersion": {"type": "string"}, "kind": {"type": "string"}}
        definition["x-kubernetes-group-version-kind"] = [_gvk(kind)]
    return found


def _structs(of: Type) -> list[str]:
    if of.item:
        return _structs(of.item)
    return [of.name] if of.form == "struct" else []


def _full(name: str) -> str:
    """A definition's public name; tools find kinds by group, version and kind instead."""
    package = "apimachinery.pkg.apis.meta.v1" if name in _META else "api.core.v1"
    return f"io.k8s.{package}.{name}"


def _gvk(kind: Kind) -> Object:
    return {"group": kind.group, "version": kind.version, "kind": kind.kind}


def _definition(struct: Struct, root: str, minor: int) -> Object:
    fields = [field for field in struct.fields.values() if field.since <= minor]
    required = [field.name for field in fields if field.required]
    return {
        "type": "object",
        "properties": {field.name: _property(field, root) for field in fields},
        **({"required": required} if required else {}),
        **({"x-kubernetes-map-type": "atomic"} if struct.atomic else {}),
    }


def _property(field: Field, root: str) -> Object:
    shown = _shape(field.type, root)
    if field.keys:
        strategy = "merge,retainKeys" if field.retain else "merge"
        shown |= {
            "x-kubernetes-patch-merge-key": field.keys[0],
            "x-kubernetes-patch-strategy": strategy,
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": list(field.keys),
        }
    elif field.is_set:
        shown |= {"x-kubernetes-patch-strategy": "merge", "x-kubernetes-list-type": "set"}
    elif field.type.form == "list":
        shown |= {"x-kubernetes-list-type": "atomic"}
    elif field.retain:
        shown |= {"x-kubernetes-patch-strategy": "retainKeys"}
    if field.atomic:
        shown |= {"x-kubernetes-map-type": "atomic"}
    return shown


def _shape(of: Type, root: str) -> Object:
    match of.form, of.item:
        case "struct", _:
            return {"$ref": root + _full(of.name)}
        case "list", Type() as item:
            return {"type": "array", "items": _shape(item, root)}
        case "map", Type() as item:
            return {"type": "object", "additionalProperties": _shape(item, root)}
        case "any", _:
            return {"type": "object"}
    return dict(_SCALARS[of.name])


def _paths(kinds: tuple[Kind, ...], *, v3: bool) -> Object:
    """One path per kind and write: what a client asks the document is whether a query parameter
    (dryRun, fieldValidation) is known."""
    found: Object = {}
    for kind in kinds:
        collection, single = kind.path("{namespace}"), kind.path("{namespace}", "{name}")
        found[collection] = {"post": _operation(kind, "post", v3=v3)}
        if "patch" in kind.verbs:
            writes = {verb: _operation(kind, verb, v3=v3) for verb in ("put", "patch", "delete")}
            found[single] = writes
    return found


def _operation(kind: Kind, verb: str, *, v3: bool) -> Object:
    action = {"post": "create", "put": "update", "patch": "patch", "delete": "delete"}[verb]
    known = _QUERY[:1] if verb == "delete" else _QUERY
    consumes = _patches(kind) if verb == "patch" else ["*/*"]
    parameters: list[Object] = [_parameter(name, v3=v3) for name in known]
    operation: Object = {
        "operationId": f"{action}{kind.version.upper()}{kind.group}{kind.kind}",
        "parameters": parameters,
        "responses": {"200": {"description": "OK"}, "401": {"description": "Unauthorized"}},
        "x-kubernetes-action": action,
        "x-kubernetes-group-version-kind": _gvk(kind),
    }
    if v3:
        body: dict[str, Any] = {
            media_type: {"schema": {"type": "object"}} for media_type in consumes
        }
        return operation | {"requestBody": {"content": body}}
    return operation | {"consumes": consumes, "produces": ["application/json"]}


def _patches(kind: Kind) -> list[str]:
    """kubectl chooses its patch by this list."""
    return [each for each in _PATCHES if not (kind.is_custom and "strategic" in each)]


def _parameter(name: str, *, v3: bool) -> Object:
    plain: Object = {"name": name, "in": "query"}
    return plain | ({"schema": {"type": "string"}} if v3 else {"type": "string"})
