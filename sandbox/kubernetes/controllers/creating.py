"""Making many Pods: one, then two, then four at a time, until one is refused (slowStartBatch)."""

import asyncio
from collections.abc import Awaitable, Callable

from sandbox.kubernetes.controllers.plane import Plane
from sandbox.kubernetes.errors import StatusError
from sandbox.kubernetes.kinds import Object

# Sockets are not for nothing: no more than this many creations are under way at once.
_WIDEST = 64


async def slowly(count: int, make: Callable[[int], Awaitable[None]]) -> None:
    """Call `make` with 0, 1, 2...; the first refusal is raised after its batch is through."""
    made, width = 0, 1
    while made < count:
        batch = range(made, min(made + width, count))
        if len(batch) == 1:
            await make(made)
        else:
            results = await asyncio.gather(*map(make, batch), return_exceptions=True)
            for result in results:
                if isinstance(result, BaseException):
                    raise result
        made, width = batch.stop, min(width * 2, _WIDEST)
        # The API gets a turn after every batch.
        await asyncio.sleep(0)


def note_refusal(plane: Plane, owner: Object, error: StatusError, *, source: str) -> None:
    """The Event that tells why there are fewer Pods than wanted."""
    message = f"Error creating: {error.message}"
    plane.events.warning(owner, "FailedCreate", message, source=source)
