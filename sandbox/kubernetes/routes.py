"""From a method and a path to the resource and verb that are meant."""

from dataclasses import dataclass

from sandbox.kubernetes.errors import MethodNotAllowed, NoSuchPath
from sandbox.kubernetes.kinds import EVENTS_V1, KINDS, Kind

REVIEWS = tuple(
    Kind(group, "v1", kind, kind.lower() + "s", False, verbs=("create",), since_minor=since)
    for group, kind, since in (
        ("authorization.k8s.io", "SelfSubjectAccessReview", 6),
        ("authorization.k8s.io", "SelfSubjectRulesReview", 8),
        ("authentication.k8s.io", "SelfSubjectReview", 28),
    )
)


# Subresources that are posted to, and those that take one verb only.
_POSTED = {("POST", "eviction"): "create"}
_ONLY = {"eviction": ("create",), "finalize": ("update",), "log": ("get",)}


@dataclass(frozen=True)
class Target:
    """What a request is about. `name` is empty for collections."""

    verb: str
    kind: Kind
    namespace: str = ""
    name: str = ""
    subresource: str = ""

    @property
    def place(self) -> tuple[str, str, str]:
        return self.name, self.namespace, self.subresource

    @property
    def resource(self) -> str:
        """`pods/status`, as rules and messages name it."""
        return f"{self.kind.plural}/{self.subresource}" if self.subresource else self.kind.plural


def served(minor: int) -> tuple[Kind, ...]:
    """The kinds a server of version 1.<minor> offers."""
    every = (*KINDS.values(), EVENTS_V1, *REVIEWS)
    return tuple(kind for kind in every if kind.since_minor <= minor)


class Router:
    """The paths of one server."""

    def __init__(self, minor: int) -> None:
        self.kinds = served(minor)
        self._kinds = {(kind.group, kind.version, kind.plural): kind for kind in self.kinds}

    def target(self, method: str, path: str, *, watch: bool) -> Target:
        """NoSuchPath or MethodNotAllowed when the server does not serve that."""
        group, version, rest = _split(path)
        namespace = ""
        if rest[:1] == ["namespaces"] and len(rest) > 2 and rest[2] not in ("status", "finalize"):
            namespace, rest = rest[1], rest[2:]
        kind = self._kinds.get((group, version, rest[0])) if rest else None
        if kind is None or len(rest) > 3 or (bool(namespace) and not kind.namespaced):
            raise NoSuchPath
        name = rest[1] if len(rest) > 1 else ""
        subresource = rest[2] if len(rest) > 2 else ""
        if kind.namespaced and not namespace and name:
            raise NoSuchPath
        if subresource and subresource not in kind.subresources:
            raise NoSuchPath
        verb = _POSTED.get((method, subresource)) or _verb(method, name, subresource, watch=watch)
        if verb not in _ONLY.get(subresource, kind.verbs):
            raise MethodNotAllowed
        if verb == "create" and kind.namespaced and not namespace:
            raise MethodNotAllowed
        return Target(verb, kind, namespace, name, subresource)


def _split(path: str) -> tuple[str, str, list[str]]:
    parts = [part for part in path.split("/") if part]
    match parts:
        case ["api", version, *rest]:
            return "", version, rest
        case ["apis", group, version, *rest]:
            return group, version, rest
    raise NoSuchPath


def _verb(method: str, name: str, subresource: str, *, watch: bool) -> str:
    match method, bool(name):
        case "GET" | "HEAD", True:
            return "watch" if watch and not subresource else "get"
        case "GET" | "HEAD", False:
            return "watch" if watch else "list"
        case "POST", False:
            return "create"
        case "PUT", True:
            return "update"
        case "PATCH", True:
            return "patch"
        case "DELETE", True if not subresource:
            return "delete"
        case "DELETE", False:
            return "deletecollection"
    raise MethodNotAllowed
