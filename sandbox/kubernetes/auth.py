"""Who asks and what they may do: bearer tokens of an administrator and of a reader."""

from dataclasses import dataclass

from sandbox.kubernetes.errors import Forbidden, Unauthorized
from sandbox.kubernetes.kinds import Kind
from sandbox.kubernetes.routes import Target

PUBLIC = ("/version", "/healthz", "/livez", "/readyz")
_READS = ("get", "list", "watch")
_REVIEWS = ("selfsubjectaccessreviews", "selfsubjectrulesreviews", "selfsubjectreviews")


@dataclass(frozen=True)
class User:
    name: str
    groups: tuple[str, ...]
    is_admin: bool = False

    def may(self, verb: str, group: str, resource: str) -> bool:
        """The administrator everything, the reader what the ClusterRole `view` and nodes allow."""
        if self.is_admin:
            return True
        if self.name == ANONYMOUS.name:
            return False
        if resource in _REVIEWS:
            return verb == "create"
        return verb in _READS and (group, resource) != ("", "secrets")


ADMIN = User("kubernetes-admin", ("system:masters", "system:authenticated"), is_admin=True)
READER = User("podgate-readonly", ("podgate:view", "system:authenticated"))
ANONYMOUS = User("system:anonymous", ("system:unauthenticated",))


def user_of(authorization: str, token: str, readonly_token: str) -> User:
    """The user of an Authorization header; without one the anonymous, with a wrong one a 401."""
    if not authorization:
        return ANONYMOUS
    scheme, _, given = authorization.partition(" ")
    known = {token: ADMIN, readonly_token: READER}
    if scheme.lower() != "bearer" or given not in known:
        raise Unauthorized
    return known[given]


def check(user: User, target: Target) -> None:
    """Forbidden, worded as RBAC words it, when the user may not do this."""
    resource = target.resource
    if user.may(target.verb, target.kind.group, target.kind.plural):
        return
    where = f'in the namespace "{target.namespace}"' if target.namespace else "at the cluster scope"
    raise Forbidden.of(
        target.kind if not target.subresource else _named(target.kind, resource),
        target.name,
        f'User "{user.name}" cannot {target.verb} resource "{resource}" '
        f'in API group "{target.kind.group}" {where}',
    )


def check_path(user: User, path: str, verb: str) -> None:
    """The same for paths that are not resources."""
    if user.name != ANONYMOUS.name or path.startswith(PUBLIC):
        return
    raise Forbidden(f'forbidden: User "{user.name}" cannot {verb} path "{path}"')


def _named(kind: Kind, resource: str) -> Kind:
    return Kind(kind.group, kind.version, kind.kind, resource, kind.namespaced)
