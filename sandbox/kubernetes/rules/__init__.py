"""What a server adds to and demands of an object, in its order: defaults, checks, allocations."""

from sandbox.kubernetes.errors import Cause, Invalid
from sandbox.kubernetes.kinds import Kind, Object
from sandbox.kubernetes.rules import allocation, checks, defaults, retyping
from sandbox.kubernetes.store import Rules, Store
from sandbox.world import Cluster


def rules_of(cluster: Cluster) -> Rules:
    """The rules of one cluster's server, for its store."""
    allocator = allocation.Allocator(cluster.service_cidr)

    def apply(
        store: Store, kind: Kind, obj: Object, old: Object | None, *, subresource: str
    ) -> None:
        if subresource == "finalize":
            return
        if kind.kind == "Service" and old and not subresource:
            retyping.drop_left_overs(obj, old)
        if not subresource:
            defaults.fill(kind, obj, old)
        if kind.kind == "Service" and cluster.minor >= 30:
            defaults.service_status(obj)
        causes: list[Cause] = checks.problems(kind, obj, old, subresource=subresource)
        if causes:
            raise Invalid.of(kind, obj["metadata"].get("name", ""), causes)
        if kind.kind == "Service" and not subresource:
            allocator.allocate(store, obj, old)

    return apply
