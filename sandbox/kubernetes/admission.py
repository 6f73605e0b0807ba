"""The gate every creation passes, from whichever client or controller it comes.

Controllers create Pods through `create` here, so that webhooks see them as a real API server's
webhooks do. The call-out itself comes with the webhook issue.
"""

from sandbox.kubernetes.kinds import Kind, Object
from sandbox.kubernetes.store import Store


async def create(store: Store, kind: Kind, obj: Object, *, dry_run: bool = False) -> Object:
    """Store the object as the admission webhooks leave it."""
    return store.create(kind, obj, dry_run=dry_run)
