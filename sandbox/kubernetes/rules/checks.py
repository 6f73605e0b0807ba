"""Which objects a server refuses; the lists of checks say for which kind."""

from sandbox.kubernetes.errors import Cause
from sandbox.kubernetes.kinds import Kind, Object


def problems(kind: Kind, obj: Object, old: Object | None, *, subresource: str) -> list[Cause]:
    """Field errors, none for a good object."""
    return []
