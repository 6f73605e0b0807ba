"""A column and the small words printers share."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sandbox.kubernetes import objects, scale
from sandbox.kubernetes.kinds import Object

NONE = "<none>"


@dataclass(frozen=True)
class Column:
    """Priority 1 columns show only in `-o wide`."""

    name: str
    cell: Callable[[Object], Any]
    type: str = "string"
    priority: int = 0

    def definition(self) -> Object:
        is_name = self.name == "Name"
        return {
            "name": self.name,
            "type": self.type,
            "format": "name" if is_name else "",
            "description": "",
            "priority": self.priority,
        }


def wide(name: str, cell: Callable[[Object], Any]) -> Column:
    return Column(name, cell, priority=1)


def at(*path: str, default: Any = NONE) -> Callable[[Object], Any]:
    """The value at a path, or the default."""

    def cell(obj: Object) -> Any:
        value: Any = obj
        for step in path:
            value = value.get(step) if isinstance(value, dict) else None
        return default if value in (None, "") else value

    return cell


def count(*path: str) -> Callable[[Object], int]:
    """How many entries a map or list has."""
    return lambda obj: len(at(*path, default=())(obj))


def duration(seconds: float) -> str:
    """kubectl's words for a duration (HumanDuration of k8s.io/apimachinery)."""
    total = int(seconds)
    if total < 120:
        return f"{max(total, 0)}s"
    minutes, hours, days = total // 60, total // 3600, total // 86400
    if minutes < 10:
        return f"{minutes}m{total % 60}s" if total % 60 else f"{minutes}m"
    if minutes < 180:
        return f"{minutes}m"
    if hours < 8:
        return f"{hours}h{minutes % 60}m" if minutes % 60 else f"{hours}h"
    if hours < 48:
        return f"{hours}h"
    if hours < 192:
        return f"{days}d{hours % 24}h" if hours % 24 else f"{days}d"
    return f"{days}d" if days < 730 else f"{days // 365}y{days % 365}d"


def since(stamp: str | None) -> str:
    if not stamp:
        return "<unknown>"
    return duration((datetime.now(UTC) - objects.parsed(stamp)).total_seconds())


def age(obj: Object) -> str:
    return since(obj["metadata"].get("creationTimestamp"))


def label_text(labels: dict[str, str] | None) -> str:
    return ",".join(f"{key}={value}" for key, value in sorted((labels or {}).items())) or NONE


def selector_text(selector: Object | None) -> str:
    """A LabelSelector as kubectl's SELECTOR column shows it."""
    return scale.selector_text(selector or {}) or NONE


def containers(obj: Object) -> list[Object]:
    found: list[Object] = obj["spec"].get("template", {}).get("spec", {}).get("containers", [])
    return found


NAME = Column("Name", at("metadata", "name"))
AGE = Column("Age", age)
CONTAINERS = wide("Containers", lambda obj: ",".join(each["name"] for each in containers(obj)))
IMAGES = wide("Images", lambda obj: ",".join(each.get("image", "") for each in containers(obj)))
SELECTOR = wide("Selector", lambda obj: selector_text(obj["spec"].get("selector")))
