"""What every control loop works with: the store, the events, and emulated time."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime

from sandbox.kubernetes.controllers.events import Events
from sandbox.kubernetes.objects import parsed
from sandbox.kubernetes.store import Store
from sandbox.world import Cluster


@dataclass(frozen=True)
class Clock:
    """Emulated seconds: real ones times the sandbox's time scale."""

    scale: float = 1.0

    def real(self, seconds: float) -> float:
        return seconds * self.scale

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds * self.scale)

    def since(self, stamp: str) -> float:
        """Emulated seconds since an RFC 3339 stamp."""
        return (datetime.now(UTC) - parsed(stamp)).total_seconds() / self.scale


@dataclass(frozen=True)
class Plane:
    """The control plane of one cluster, as its loops see it."""

    store: Store
    cluster: Cluster
    events: Events
    clock: Clock
    headless: bool = False
