"""RFC 6902."""

from typing import Any

from sandbox.kubernetes import objects


class Misfit(Exception):
    """An operation that does not fit the document."""


def apply(document: Any, operations: list[Any]) -> Any:
    for operation in operations:
        if not isinstance(operation, dict) or "op" not in operation or "path" not in operation:
            raise Misfit("operation without op or path")
        document = _apply_one(document, operation)
    return document


def _apply_one(document: Any, operation: dict[str, Any]) -> Any:
    path = _steps(operation["path"])
    match operation["op"]:
        case "add":
            return _add(document, path, _value(operation))
        case "remove":
            return _removed(document, path)[0]
        case "replace":
            document, _ = _removed(document, path)
            return _add(document, path, _value(operation))
        case "move":
            document, value = _removed(document, _steps(operation.get("from", "")))
            return _add(document, path, value)
        case "copy":
            value = _at(document, _steps(operation.get("from", "")))
            return _add(document, path, objects.copy({"": value})[""])
        case "test":
            if _at(document, path) != _value(operation):
                raise Misfit(f"testing value {operation['path']} failed: test failed")
            return document
    raise Misfit(f"unexpected kind: {operation['op']}")


def _value(operation: dict[str, Any]) -> Any:
    if "value" not in operation:
        raise Misfit("missing value")
    return operation["value"]


def _steps(pointer: str) -> list[str]:
    if pointer and not pointer.startswith("/"):
        raise Misfit(f"path must begin with a slash: {pointer}")
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]


def _index(found: list[Any], step: str, *, end: int) -> int:
    if not step.isdigit() or int(step) > end:
        raise Misfit(f"unable to access invalid index: {step}")
    return int(step)


def _at(document: Any, path: list[str]) -> Any:
    for step in path:
        if isinstance(document, list):
            document = document[_index(document, step, end=len(document) - 1)]
        elif isinstance(document, dict) and step in document:
            document = document[step]
        else:
            raise Misfit(f"the path does not exist: {step}: missing path")
    return document


def _add(document: Any, path: list[str], value: Any) -> Any:
    if not path:
        return value
    parent = _at(document, path[:-1])
    if isinstance(parent, list):
        last = path[-1]
        parent.insert(len(parent) if last == "-" else _index(parent, last, end=len(parent)), value)
    elif isinstance(parent, dict):
        parent[path[-1]] = value
    else:
        raise Misfit(f"the parent of {path[-1]} is not a container: missing path")
    return document


def _removed(document: Any, path: list[str]) -> tuple[Any, Any]:
    value = _at(document, path)
    if not path:
        return None, value
    parent = _at(document, path[:-1])
    if isinstance(parent, list):
        parent.pop(_index(parent, path[-1], end=len(parent) - 1))
    else:
        del parent[path[-1]]
    return document, value
