"""What a body says, read strictly through the schema as Go's decoder reads it.

Unknown fields are dropped and reported, wrong types refused, nulls and empty collections left out.
"""

import base64
import binascii
import re
from typing import Any

from sandbox.kubernetes.errors import BadRequest
from sandbox.kubernetes.kinds import Kind, Object
from sandbox.kubernetes.schema import Field, Type, types

_GO = {"integer": "int32", "boolean": "bool", "number": "float64", "bytes": "[]uint8"}
_PYTHON: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "time": (str,),
    "bytes": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "quantity": (str, int, float),
    "int-or-string": (str, int),
}


class Decoder:
    """Reads one object; `unknown` lists the paths of fields the server does not know."""

    def __init__(self, kind: Kind, minor: int) -> None:
        self._kind = kind
        self._minor = minor
        self.unknown: list[str] = []

    def decode(self, obj: Object) -> Object:
        body = {name: each for name, each in obj.items() if name not in ("apiVersion", "kind")}
        decoded: Object = self._struct(types()[self._kind.kind].name, body, ())
        return {"apiVersion": self._kind.api_version, "kind": self._kind.kind, **decoded}

    def _struct(self, name: str, given: Any, path: tuple[str, ...]) -> Object:
        if not isinstance(given, dict):
            raise self._wrong(given, path, name)
        fields = types()[name].fields
        result: Object = {}
        for key, value in given.items():
            known = fields.get(key)
            if known is None or known.since > self._minor:
                self.unknown.append(".".join((*path, key)))
            elif value is not None:
                read = self._value(known.type, value, (*path, key))
                if not _is_omitted(known, read):
                    result[key] = read
        return result

    def _value(self, wanted: Type, given: Any, path: tuple[str, ...]) -> Any:
        match wanted.form, wanted.item:
            case "any", _:
                return given
            case "struct", _:
                return self._struct(wanted.name, given, path)
            case "list", Type() as item:
                return self._list(item, given, path)
            case "map", Type() as item:
                return self._map(item, given, path)
            case _:
                return self._scalar(wanted.name, given, path)

    def _list(self, item: Type, given: Any, path: tuple[str, ...]) -> list[Any]:
        if not isinstance(given, list):
            raise self._wrong(given, path, f"[]{item}")
        last = path[-1]
        return [
            self._value(item, each, (*path[:-1], f"{last}[{index}]"))
            for index, each in enumerate(given)
            if each is not None
        ]

    def _map(self, item: Type, given: Any, path: tuple[str, ...]) -> Object:
        if not isinstance(given, dict):
            raise self._wrong(given, path, f"map[string]{item}")
        return {
            key: self._value(item, each, (*path, key))
            for key, each in given.items()
            if each is not None
        }

    def _scalar(self, name: str, given: Any, path: tuple[str, ...]) -> Any:
        # bool is an int to Python, not to JSON.
        if not isinstance(given, _PYTHON[name]) or (isinstance(given, bool) and name != "boolean"):
            raise self._wrong(given, path, _GO.get(name, "string"))
        if name == "bytes":
            self._check_base64(str(given))
        return str(given) if name == "quantity" else given

    def _check_base64(self, given: str) -> None:
        try:
            base64.b64decode(given, validate=True)
        except binascii.Error:
            stray = re.search(r"[^A-Za-z0-9+/]", given.rstrip("="))
            at = stray.start() if stray else len(given) // 4 * 4
            raise BadRequest(
                f'{self._kind.kind} in version "{self._kind.version}" cannot be handled as a '
                f"{self._kind.kind}: illegal base64 data at input byte {at}"
            ) from None

    def _wrong(self, given: Any, path: tuple[str, ...], wanted: str) -> BadRequest:
        found = {str: "string", bool: "bool", dict: "object", list: "array"}.get(
            type(given), "number"
        )
        where = ".".join(step.split("[")[0] for step in path)
        return BadRequest(
            f'{self._kind.kind} in version "{self._kind.version}" cannot be handled as a '
            f"{self._kind.kind}: json: cannot unmarshal {found} into Go struct field "
            f"{self._kind.kind}.{where} of type {wanted}"
        )


def _is_omitted(known: Field, value: Any) -> bool:
    return value in ({}, []) and known.type.form in ("list", "map") and not known.required
